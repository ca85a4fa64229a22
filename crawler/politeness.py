"""Politeness: when the next request to a server may go out. Counted per server, not per name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

MAX_WAIT = 300.0  # seconds a server can make us wait in one go
_SLOW_DOWN = frozenset((429, 503))


@dataclass(slots=True)
class Pace:
    """The pace towards one server; times are seconds of a monotonic clock.

    Each 429 or 503 doubles the delay up to 60 seconds, each other answer takes a tenth off again
    until the plan's own delay is reached.
    """

    delay: float
    next_at: float = 0.0
    slowed: float = 0.0

    def reserve(self, now: float) -> float:
        """Take the next turn; returns how many seconds to wait for it."""
        start = max(now, self.next_at)
        self.next_at = start + max(self.delay, self.slowed)
        return start - now

    def heed(self, status: int, retry_after: str | None, *, now: float, today: datetime) -> None:
        """Adjust the pace to an answer."""
        if status not in _SLOW_DOWN:
            self.slowed = 0.0 if self.slowed <= self.delay else self.slowed * 0.9
            return
        self.slowed = min(60.0, max(self.delay, self.slowed, 0.25) * 2)
        wait = seconds_of(retry_after, today)
        self.next_at = max(self.next_at, now + (self.slowed if wait is None else wait))


def seconds_of(retry_after: str | None, today: datetime) -> float | None:
    """Read Retry-After (RFC 9110, 10.2.3: seconds or a date); bounded, None where absent."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return min(float(retry_after), MAX_WAIT)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((moment - today).total_seconds(), 0.0), MAX_WAIT)
