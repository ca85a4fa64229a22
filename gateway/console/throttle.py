"""Throttle: how often a name may fail to sign in before it has to wait.

Kept in memory, per name and never per address: editors of one office share one address. Unknown
names are counted like known ones, so that a wait says nothing about who exists.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

MOST_NAMES = 10_000
"""Names remembered at once; the one that failed longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    since: datetime


class Throttle:
    """Counts failures by name; after `limit` within `window` the name waits for its end."""

    def __init__(self, *, limit: int = 5, window: timedelta = timedelta(minutes=15)) -> None:
        self._limit = limit
        self._window = window
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def wait(self, name: str, now: datetime) -> timedelta:
        """How long `name` has to wait; zero when it may try."""
        with self._lock:
            failures = self._current(name, now)
            if failures is None or failures.count < self._limit:
                return timedelta()
            return failures.since + self._window - now

    def failed(self, name: str, now: datetime) -> None:
        """Count one failure."""
        with self._lock:
            failures = self._current(name, now) or _Failures(0, now)
            self._failures[name] = _Failures(failures.count + 1, failures.since)
            self._failures.move_to_end(name)
            while len(self._failures) > MOST_NAMES:
                self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        """Forget the failures of a name that signed in."""
        with self._lock:
            self._failures.pop(name, None)

    def _current(self, name: str, now: datetime) -> _Failures | None:
        failures = self._failures.get(name)
        if failures is not None and now - failures.since >= self._window:
            del self._failures[name]
            return None
        return failures
