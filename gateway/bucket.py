"""A bucket of tokens: how often something dear may be done, whoever asks for it."""

from __future__ import annotations

from collections.abc import Callable


class Bucket:
    """Gives out `rate` tokens a second, at most one second's worth at once. For one thread."""

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        self._rate = rate
        self._clock = clock
        self._tokens = rate
        self._filled_at = clock()

    def take(self) -> bool:
        """Take a token; False where there is none."""
        now = self._clock()
        self._tokens = min(self._rate, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
