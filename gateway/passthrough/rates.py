"""How often a caller may call: a bucket each, kept as the one moment at which it is full again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from redirects.route import RateLimit

MOST_CALLERS = 20_000
"""So many are remembered; who has not called for longest is forgotten first."""


class Rates:
    """The callers of one route. `clock` gives seconds that never go back."""

    def __init__(
        self, limit: RateLimit, clock: Callable[[], float], *, most: int = MOST_CALLERS
    ) -> None:
        self._spacing = limit.seconds / limit.calls
        self._tolerance = self._spacing * (limit.burst - 1)
        self._clock = clock
        self._most = most
        self._full_at: OrderedDict[bytes, float] = OrderedDict()

    def take(self, caller: bytes) -> float:
        """Count a call and return 0, or count nothing and return the seconds to wait."""
        now = self._clock()
        full_at = max(now, self._full_at.get(caller, now))
        wait = full_at - self._tolerance - now
        if wait > 0:
            return wait
        self._full_at[caller] = full_at + self._spacing
        self._full_at.move_to_end(caller)
        self._forget(now)
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop callers from the oldest on: full buckets say nothing, and too many are too many."""
        while self._full_at:
            oldest = next(iter(self._full_at))
            if self._full_at[oldest] > now and len(self._full_at) <= self._most:
                return
            del self._full_at[oldest]
