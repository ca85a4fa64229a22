"""What a verb works with: the settings, and what they name, opened when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from catalogue.archive import Archive
from catalogue.database import (
    CatalogueError,
    Database,
    DatabaseUnavailableError,
    open_database,
)
from catalogue.migrating import migrate, schema_is_current
from catalogue.rekeying import keep_site
from catalogue.search.engine import SearchEngine
from catalogue.search.engines import open_index
from catalogue.unit_table import UnitTable
from catalogue.units.register import load_register
from gateway.settings.sites import SiteSettings
from gateway.settings.whole import Settings, SettingsError, load_settings


class Workplace:
    """The settings file of one command, and the catalogue it names."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._settings: Settings | None = None

    @property
    def settings(self) -> Settings:
        """The settings, read once. Raises SettingsError."""
        if self._settings is None:
            self._settings = load_settings(self.path)
        return self._settings

    def sites(self, names: list[str]) -> list[SiteSettings]:
        """Return the named sites, or all. Raises SettingsError for a name nobody has."""
        known = {one.name: one for one in self.settings.site}
        if not known:
            raise SettingsError([f"{self.path}: no [[site]] to work on"])
        for name in names:
            if name not in known:
                raise SettingsError(
                    [f"{self.path}: no site is called {name!r}; known: {', '.join(known)}"]
                )
        return [known[name] for name in names] if names else list(known.values())

    @contextmanager
    def database(self, *, read_only: bool = False) -> Iterator[Database]:
        """Open the catalogue. Raises CatalogueError where its schema is not today's."""
        database = open_database(self.settings.database_url, read_only=read_only)
        try:
            self._require_schema(database)
            yield database
        finally:
            database.close()

    def _require_schema(self, database: Database) -> None:
        hint = "run `hopnhat migrate`"
        try:
            current = schema_is_current(database)
        except DatabaseUnavailableError as error:
            raise CatalogueError(f"{error}; where it was never set up, {hint}") from error
        if not current:
            raise CatalogueError(f"the catalogue's schema is not today's: {hint}")

    def migrate(self) -> None:
        """Bring the catalogue's schema up to date and write down the sites."""
        self.settings.data.mkdir(parents=True, exist_ok=True)
        migrate(self.settings.database_url)
        with self.database() as database, database.writing() as connection:
            for site in self.settings.sites():
                keep_site(connection, site, now=now())
            if not UnitTable(connection).count():
                UnitTable(connection).load(load_register())

    def archive(self) -> Archive:
        """Where captures are kept."""
        return Archive(self.settings.archive_directory)

    @contextmanager
    def search_engine(self) -> Iterator[SearchEngine]:
        """Open the search index, made where it is missing."""
        engine = open_index(self.settings.search.engine, self.settings.index_directory)
        try:
            yield engine
        finally:
            engine.close()


def now() -> datetime:
    """Return this moment in UTC: the clock of every verb."""
    return datetime.now(UTC)
