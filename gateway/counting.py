"""Counted misses on their way to the editors, and a word to the operator when some get lost."""

from __future__ import annotations

from catalogue.misses import MissSpool
from gateway.logs import log


class Counting:
    """Hands counted misses over again and again."""

    def __init__(self, misses: MissSpool) -> None:
        self._misses = misses
        self._known = 0
        self._is_dropping = False

    def hand_over(self) -> None:
        """Write what was counted; visits that were too many to count are logged once in a row.

        Raises CatalogueError when it cannot be written.
        """
        dropped = self._misses.dropped
        if dropped > self._known and not self._is_dropping:
            log.warning("misses.dropped", visits=dropped - self._known)
        self._is_dropping = dropped > self._known
        self._known = dropped
        self._misses.flush()
