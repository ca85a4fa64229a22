"""Comparing two servers' answers to one call: what a caller would notice, and nothing else."""
