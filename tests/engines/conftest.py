"""Fixtures of the engine suites."""

from tests.engines.databases import cluster, database, database_url, migrated_file, open_catalogue

__all__ = ["cluster", "database", "database_url", "migrated_file", "open_catalogue"]
