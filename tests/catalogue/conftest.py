"""Fixtures of the catalogue: every test that asks for `database` runs on SQLite and on PostgreSQL."""

from tests.engines.databases import cluster, database, database_url, migrated_file, open_catalogue

__all__ = ["cluster", "database", "database_url", "migrated_file", "open_catalogue"]
