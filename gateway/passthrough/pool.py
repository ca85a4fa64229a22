"""Connections to one upstream, kept open and taken last in, first out: the warmest first."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.passthrough.addresses import Addresses, Names, look_up
from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import UpstreamBusy, UpstreamSlow, UpstreamUnreachable


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """`connections` open at once, `waiting` calls queued beyond; seconds for the rest."""

    connections: int = 128
    waiting: int = 256
    connect: float = 5.0
    idle: float = 15.0


class Pool:
    """The connections of one upstream. Another upstream's trouble is another pool's."""

    def __init__(self, origin: str, limits: PoolLimits, names: Names = look_up) -> None:
        """`names` looks up where the origin's name leads."""
        self.origin = origin
        parts = urlsplit(origin)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._addresses = Addresses(self._host, names)
        self._limits = limits
        self._idle: list[UpstreamConnection] = []
        self._open: set[UpstreamConnection] = set()
        self._connecting = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._loop = asyncio.get_running_loop()

    async def take(
        self, *, fresh: bool = False, connect: float | None = None
    ) -> tuple[UpstreamConnection, bool]:
        """Return a connection and whether it has been used before; `connect` is its own limit.

        Raises UpstreamUnreachable, UpstreamSlow (no connection in time) or UpstreamBusy.
        """
        now = self._loop.time()
        while self._idle and not fresh:
            connection = self._idle.pop()
            if connection.is_at_rest and now - connection.idle_since < self._limits.idle:
                return connection, True
            connection.abort()
        while len(self._open) + self._connecting >= self._limits.connections:
            if self._idle:
                self._idle.pop(0).abort()
                await asyncio.sleep(0)  # the loss is told on the next turn of the loop
                continue
            await self._stand_in_line()
            if self._idle and not fresh:
                return self._idle.pop(), True
        return await self._connect(connect or self._limits.connect), False

    def give_back(self, connection: UpstreamConnection) -> None:
        """Take a connection back after its exchange; one that cannot be used again is closed."""
        if connection.is_at_rest:
            connection.rest(self._loop.time())
            self._idle.append(connection)
            self._next()
        else:
            connection.abort()

    def close_idle(self) -> None:
        """Close connections that nobody has wanted for long: the oldest are the first."""
        now = self._loop.time()
        while self._idle and now - self._idle[0].idle_since >= self._limits.idle:
            self._idle.pop(0).abort()

    def close(self) -> None:
        """Close every connection."""
        for connection in list(self._open):
            connection.abort()

    async def _connect(self, seconds: float) -> UpstreamConnection:
        connection: UpstreamConnection | None = None
        self._connecting += 1
        try:
            async with asyncio.timeout(seconds):
                connection = await self._connect_to_any(await self._addresses.find())
        except TimeoutError as error:
            self._addresses.doubt()
            raise UpstreamSlow(f"{self.origin} took no connection in time") from error
        except OSError as error:  # refused, no such host, TLS refused
            self._addresses.doubt()
            raise UpstreamUnreachable(f"{self.origin}: {error}") from error
        finally:
            self._connecting -= 1
            if connection is None:
                self._next()  # its place is free
        self._open.add(connection)
        return connection

    async def _connect_to_any(self, addresses: list[str]) -> UpstreamConnection:
        """Connect to the first address where somebody is. Raises OSError."""
        failure = OSError("no address")
        for address in addresses:
            try:
                _transport, connection = await self._loop.create_connection(
                    lambda: UpstreamConnection(self.origin, self._lost),
                    address,
                    self._port,
                    ssl=self._tls,
                    server_hostname=self._host if self._tls else None,
                )
            except OSError as error:
                failure = error
            else:
                return connection
        raise failure

    async def _stand_in_line(self) -> None:
        if len(self._queue) >= self._limits.waiting:
            raise UpstreamBusy(f"{self.origin} has {len(self._queue)} calls waiting")
        is_mine = False
        turn: asyncio.Future[None] = self._loop.create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._limits.connect):
                await turn
                is_mine = True
        except TimeoutError as error:
            raise UpstreamBusy(f"{self.origin} had no connection free in time") from error
        finally:
            if turn in self._queue:
                self._queue.remove(turn)
            elif not is_mine:
                self._next()  # the place that became free is somebody else's

    def _next(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    def _lost(self, connection: UpstreamConnection) -> None:
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        self._next()
