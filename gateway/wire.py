"""The caller's connection, for what HTTP/1.1 can say and ASGI has no word for.

Interim responses, trailers and a switch to another protocol. The protocol hands one of these to
the application with each request; only preserved APIs look at it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from gateway.answer import field_lines

WIRE = "hopnhat.wire"
"""In a scope's extensions: the `Wire` of the request."""

Fields = Sequence[tuple[bytes, bytes]]


class Successor(Protocol):
    """Who takes a connection over from HTTP."""

    def take_over(
        self, transport: asyncio.Transport, behind: bytes, ended: Callable[[], None]
    ) -> None:
        """Speak on `transport`, on which `behind` has come already; tell when it has `ended`."""
        ...

    def shutdown(self) -> None:
        """End, as the server is told to stop."""
        ...


Switch = Callable[[bytes, Successor], None]


class Wire:
    """One request's end of the connection.

    `trailers` are whole once the request's body is. `switch(head, successor)` answers 101 with
    `head` and leaves the connection to `successor`; await `ready` before.
    """

    def __init__(self, cycle: RequestResponseCycle, trailers: Fields, switch: Switch) -> None:
        self.trailers = trailers
        self.switch = switch
        self._cycle = cycle

    @property
    def speaks_1_1(self) -> bool:
        """Say whether the caller knows chunks, trailers and interim responses."""
        return self._cycle.scope["http_version"] == "1.1"

    @property
    def waits_for_word(self) -> bool:
        """Say whether the caller keeps its body back until it reads 100 (Continue)."""
        return self._cycle.waiting_for_100_continue

    def interim(self, status: int, fields: Fields) -> None:
        """Write a response ahead of the final one; HTTP/1.0 has none (RFC 9110, 15.2)."""
        if self.speaks_1_1 and not self._cycle.response_started:
            self._cycle.transport.write(head_of(status, fields))

    async def ready(self) -> None:
        """Wait until the caller has read what went before. Raises ConnectionError if it is gone."""
        await self._cycle.flow.drain()
        if self._cycle.transport.is_closing():
            raise ConnectionResetError("the caller is gone")

    def trail(self, trailers: Fields) -> None:
        """Write what ends an answer of unknown length; its last, empty piece is to be sent yet."""
        cycle = self._cycle
        if cycle.chunked_encoding and not cycle.disconnected:
            cycle.transport.write(b"0\r\n" + field_lines(trailers) + b"\r\n")
            cycle.chunked_encoding = False  # its end is written


def wire_of(scope: Scope) -> Wire | None:
    """Return the wire of a request; None where another server carries it."""
    wire: Wire | None = scope.get("extensions", {}).get(WIRE)
    return wire


def head_of(status: int, fields: Fields) -> bytes:
    """Write a status line and header fields."""
    return STATUS_LINE[status] + field_lines(fields) + b"\r\n"
