"""Migrating: bring a database's tables to the shape this version of the program knows."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from catalogue.database import CatalogueError, Database, open_database, shown


def migrate(url: str) -> None:
    """Create or raise the tables, in one transaction; a no-op where they are current.

    Makes the directory of a SQLite file. Raises CatalogueError for a database written by a newer
    version of the program.
    """
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    database = open_database(url)
    try:
        with database.writing() as connection:
            config = _config()
            found = set(MigrationContext.configure(connection).get_current_heads())
            known = {script.revision for script in _scripts(config).walk_revisions()}
            if found - known:
                raise CatalogueError(
                    f"{shown(url)}: its tables are newer than this program ({', '.join(found)})"
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.close()


def schema_is_current(database: Database) -> bool:
    """Say whether the tables are the ones this version of the program knows."""
    with database.reading() as connection:
        found = MigrationContext.configure(connection).get_current_heads()
    return set(found) == set(_scripts(_config()).get_heads())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "catalogue:migrations")
    config.set_main_option("path_separator", "os")
    return config


def _scripts(config: Config) -> ScriptDirectory:
    return ScriptDirectory.from_config(config)
