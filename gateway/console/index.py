"""The console's hand on the search index: opened when first needed, made where there is none."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from catalogue.database import Database
from catalogue.indexing import bring_up_to_date
from catalogue.search.engine import SearchEngine
from catalogue.search.engines import EngineName, open_index

ENTRIES_AT_ONCE = 500
"""Documents a round brings into the index; a bulk decision takes some rounds, none for long."""


class Index:
    """One index directory. Opening is tried again at each call until it succeeds."""

    def __init__(self, engine: EngineName, directory: Path) -> None:
        self._name = engine
        self._directory = directory
        self._engine: SearchEngine | None = None
        self._lock = Lock()

    def engine(self) -> SearchEngine:
        """The open engine. Raises SearchError while the index cannot be opened."""
        with self._lock:
            if self._engine is None:
                self._engine = open_index(self._name, self._directory)
            return self._engine

    def bring_up_to_date(self, database: Database) -> int:
        """Put what is due into the index; return how many documents that were."""
        return bring_up_to_date(database, self.engine(), limit=ENTRIES_AT_ONCE)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None
