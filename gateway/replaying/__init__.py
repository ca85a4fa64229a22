"""Replaying recorded calls against two servers, before anybody depends on the new one."""
