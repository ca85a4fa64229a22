"""Counting visits of any number of addresses in little memory: a bounded counter over a file.

A log of 10 GB names millions of addresses; what does not fit in memory is added up in a temporary
SQLite file, which is gone when the counting ends.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

from redirects.mapping import CanonicalUrl

HELD = 20_000
"""Addresses held in memory before they are added up on disk: some 5 MB."""

_ADD = (
    "INSERT INTO tally (key, month, visits) VALUES (?, ?, ?) "
    "ON CONFLICT (key, month) DO UPDATE SET visits = visits + excluded.visits"
)


@dataclass(frozen=True, slots=True)
class MonthOfVisits:
    """How often one address was asked for in one month; `month` is its first day."""

    key: CanonicalUrl
    month: date
    visits: int


class Tally:
    """Adds visits up, each address and month once. Use it in a `with`."""

    def __init__(self, held: int = HELD) -> None:
        self.visits = 0
        self._held = held
        self._counts: Counter[tuple[CanonicalUrl, date]] = Counter()
        self._folder = tempfile.TemporaryDirectory(prefix="hopnhat-tally-")
        self._file = sqlite3.connect(
            Path(self._folder.name) / "tally.db", isolation_level=None, check_same_thread=False
        )
        # Lost with the process on purpose: nothing in it is worth a sync.
        self._file.execute("PRAGMA synchronous = OFF")
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute(
            "CREATE TABLE tally (key TEXT, month TEXT, visits INTEGER, PRIMARY KEY (key, month)) "
            "WITHOUT ROWID"
        )

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the file."""
        self._file.close()
        with suppress(OSError):
            self._folder.cleanup()

    def add(self, key: CanonicalUrl, on: date, visits: int = 1) -> None:
        """Count visits of an address in the month of a day."""
        self.visits += visits
        self._counts[key, on.replace(day=1)] += visits
        if len(self._counts) >= self._held:
            self._spill()

    def clear(self) -> None:
        """Forget everything counted so far."""
        self.visits = 0
        self._counts.clear()
        self._file.execute("DELETE FROM tally")

    def months(self) -> Iterator[MonthOfVisits]:
        """Give every address and month, in order of the address."""
        self._spill()
        rows = self._file.execute("SELECT key, month, visits FROM tally ORDER BY key, month")
        for key, month, visits in rows:
            yield MonthOfVisits(CanonicalUrl(key), date.fromisoformat(month), visits)

    def addresses(self) -> Iterator[tuple[CanonicalUrl, int]]:
        """Give every address with its visits, most visited first."""
        self._spill()
        rows = self._file.execute(
            "SELECT key, SUM(visits) AS total FROM tally GROUP BY key ORDER BY total DESC, key"
        )
        for key, visits in rows:
            yield CanonicalUrl(key), visits

    def _spill(self) -> None:
        rows = [(key, month.isoformat(), n) for (key, month), n in self._counts.items()]
        self._counts.clear()
        self._file.execute("BEGIN")
        self._file.executemany(_ADD, rows)
        self._file.execute("COMMIT")
