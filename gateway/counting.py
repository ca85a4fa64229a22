"""What was counted on its way to the catalogue, and a word to the operator when some gets lost."""

from __future__ import annotations

from typing import Protocol

from gateway.logs import log


class Spool(Protocol):
    """Counts in memory and writes what it counted: misses, or calls of preserved APIs."""

    dropped: int

    def flush(self) -> None:
        """Write what was counted."""
        ...


class Counting:
    """Hands what was counted over again and again. `event` is what a loss is logged as."""

    def __init__(self, spool: Spool, event: str) -> None:
        self._spool = spool
        self._event = event
        self._known = 0
        self._is_dropping = False

    def hand_over(self) -> None:
        """Write what was counted; visits that were too many to count are logged once in a row.

        Raises CatalogueError when it cannot be written.
        """
        dropped = self._spool.dropped
        if dropped > self._known and not self._is_dropping:
            log.warning(self._event, requests=dropped - self._known)
        self._is_dropping = dropped > self._known
        self._known = dropped
        self._spool.flush()
