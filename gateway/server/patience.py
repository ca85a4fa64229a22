"""Patience with callers who stall: a body that does not come, an answer that is not read.

Both hold a connection, and on a preserved API one to its upstream too, for as long as they like.
Progress is asked for, not speed: a kilobyte in each span of time keeps the slowest modem on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LEAST_PROGRESS = 1024
"""Bytes that must move in each span."""


class Patience:
    """A clock that runs out when less than a kilobyte has moved since it last looked."""

    def __init__(
        self, *, seconds: float, moved: Callable[[], int], run_out: Callable[[], None]
    ) -> None:
        self._seconds = seconds
        self._moved = moved
        self._run_out = run_out
        self._timer: asyncio.TimerHandle | None = None
        self._seen = 0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a span, unless one has begun."""
        if self._timer is None:
            self._seen = self._moved()
            self._timer = loop.call_later(self._seconds, self._look, loop)

    def stop(self) -> None:
        """Wait for nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._moved() - self._seen < LEAST_PROGRESS:
            self._run_out()
        else:
            self.start(loop)
