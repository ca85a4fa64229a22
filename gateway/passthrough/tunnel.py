"""Two connections made one, once both have left HTTP: bytes as they come, both ways.

Whoever reads slowly holds the other back, and whoever leaves takes the other along.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

LINGER_SECONDS = 10.0
"""Once one end has said its last word, the other may be silent for this long."""


class Tunnel:
    """`caller` and `upstream` are its ends. `idle`: seconds in which neither need say anything."""

    def __init__(self, *, idle: float, ended: Callable[[], None]) -> None:
        self.caller = End(self)
        self.upstream = End(self)
        self._loop = asyncio.get_running_loop()
        self._idle = idle
        self._ended = ended
        self._last = 0.0
        self._clock: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Carry what has come already, and start the clock."""
        self._wind()
        self.caller.begin()
        self.upstream.begin()

    def other(self, end: End) -> End:
        """Return the end that is not this one."""
        return self.upstream if end is self.caller else self.caller

    def carry(self, end: End, data: bytes) -> None:
        """Write what came in on `end` to the other."""
        self._last = self._loop.time()
        self.other(end).write(data)

    def hear_last(self, end: End) -> None:
        """Pass on that `end` has no more to say; when neither has, the tunnel is over."""
        other = self.other(end)
        if other.has_said_all or not other.say_last():
            self.close()
        else:
            self._hurry()

    def lose(self, end: End) -> None:
        """Hear that an end is gone, and send the other after it."""
        if self.other(end).is_gone:
            if self._clock is not None:
                self._clock.cancel()
            self._ended()
        else:
            self.close()

    def close(self) -> None:
        """Let both go, with what is on its way to them."""
        self.caller.close()
        self.upstream.close()
        self._hurry()

    def _hurry(self) -> None:
        self._idle = min(self._idle, LINGER_SECONDS)
        self._wind()

    def _wind(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
        self._last = self._loop.time()
        self._clock = self._loop.call_later(self._idle, self._look)

    def _look(self) -> None:
        left = self._last + self._idle - self._loop.time()
        if left > 0:
            self._clock = self._loop.call_later(left, self._look)
        else:
            self.caller.cut()
            self.upstream.cut()


class End(asyncio.Protocol):
    """One of the two connections."""

    def __init__(self, tunnel: Tunnel) -> None:
        self.is_gone = False
        self.has_said_all = False
        self._tunnel = tunnel
        self._transport: asyncio.Transport | None = None
        self._behind = b""
        self._ended: Callable[[], None] | None = None

    def take_over(
        self, transport: asyncio.Transport, behind: bytes, ended: Callable[[], None] | None = None
    ) -> None:
        """Have a connection on which `behind` has come already; tell when it has `ended`."""
        self._transport = transport
        self._behind = behind
        self._ended = ended
        transport.set_protocol(self)

    def begin(self) -> None:
        """Carry what has come already."""
        if self._behind:
            self._tunnel.carry(self, self._behind)
            self._behind = b""

    def write(self, data: bytes) -> None:
        """Say something."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def say_last(self) -> bool:
        """Say that no more comes; False where only closing says that."""
        transport = self._transport
        if transport is None or transport.is_closing() or not transport.can_write_eof():
            return False
        transport.write_eof()
        return True

    def close(self) -> None:
        """Hang up, once what was written is read."""
        if self._transport is not None:
            self._transport.close()

    def cut(self) -> None:
        """Hang up at once."""
        if self._transport is not None:
            self._transport.abort()

    def shutdown(self) -> None:
        """End the tunnel: the server is told to stop."""
        self._tunnel.close()

    # --- asyncio's side ---

    def data_received(self, data: bytes) -> None:
        """Carry on what came."""
        self._tunnel.carry(self, data)

    def eof_received(self) -> bool:
        """Stay open for what the other end has to say."""
        self.has_said_all = True
        self._tunnel.hear_last(self)
        return True

    def pause_writing(self) -> None:
        """Hold the other end back: this one reads slowly."""
        self._tunnel.other(self).read(on=False)

    def resume_writing(self) -> None:
        """Let the other end go on."""
        self._tunnel.other(self).read(on=True)

    def read(self, *, on: bool) -> None:
        """Listen, or not."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if on:
            transport.resume_reading()
        else:
            transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature; gone is gone
        """Take the other end along."""
        self.is_gone = True
        if self._ended is not None:
            self._ended()
        self._tunnel.lose(self)
