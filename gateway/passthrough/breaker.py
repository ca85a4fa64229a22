"""A breaker: whether a call to an upstream is worth making, judged by how the last ones ended.

Closed, calls go through. So many failures in a row open it, and none does for a while. Then it is
half open: one call goes through to find out, and closes it or opens it again.
"""

from __future__ import annotations

from collections.abc import Callable

from redirects.route import Health


class Breaker:
    """The breaker of one upstream. `clock` gives seconds that never go back."""

    def __init__(
        self,
        health: Health,
        clock: Callable[[], float],
        turned: Callable[[bool], None] = lambda _is_open: None,
    ) -> None:
        """`turned` is told whenever it opens (True) or closes."""
        self._health = health
        self._turned = turned
        self._clock = clock
        self._failures = 0
        self._opens_until: float | None = None
        self._is_probed = False
        self._age = 0

    @property
    def state(self) -> str:
        """Say "closed", "open" or "half-open"."""
        if self._opens_until is None:
            return "closed"
        return "open" if self._clock() < self._opens_until else "half-open"

    @property
    def lets_through(self) -> bool:
        """Say whether a call may be made now."""
        if self._opens_until is None:
            return True
        return not self._is_probed and self._clock() >= self._opens_until

    @property
    def seconds_left(self) -> float:
        """How long no call will be let through."""
        return 0.0 if self._opens_until is None else max(0.0, self._opens_until - self._clock())

    def begin(self) -> int:
        """Begin a call that was let through; the number names it when its end is told.

        What began before the breaker last changed its mind says nothing about the upstream now.
        """
        if self._opens_until is not None:
            self._is_probed = True
        return self._age

    def succeeded(self, age: int) -> None:
        """Hear that the upstream answered."""
        if age == self._age:
            self._failures = 0
            if self._opens_until is not None:
                self._turn(None)

    def failed(self, age: int) -> None:
        """Hear that the upstream did not answer."""
        if age != self._age:
            return
        self._failures += 1
        if self._opens_until is not None or self._failures >= self._health.failures:
            self._turn(self._clock() + self._health.cooling)

    def abandoned(self, age: int) -> None:
        """Hear that a call ended before anything could be known: its caller hung up."""
        if age == self._age:
            self._is_probed = False

    def _turn(self, opens_until: float | None) -> None:
        if (opens_until is None) != (self._opens_until is None):
            self._turned(opens_until is not None)
        self._opens_until = opens_until
        self._failures = 0
        self._is_probed = False
        self._age += 1
