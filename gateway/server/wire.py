"""The caller's connection, for what HTTP/1.1 can say and ASGI has no word for.

Interim responses, trailers, a switch to another protocol, and how names and status are spelled. The
protocol hands one of these to the application with each request; only preserved APIs look at it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol
from weakref import ref

from starlette.types import Message, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.answer import field_lines, http_date
from gateway.server.spelling import Spelling, spelling_in

WIRE = "hopnhat.wire"
"""In a scope's extensions: the `Wire` of the request."""

Fields = Sequence[tuple[bytes, bytes]]

_NO_BODY = frozenset({204, 304})


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

    `speaks_1_1`: the caller knows chunks, trailers and interim responses. `trailers` are whole once
    the request's body is. `switch(head, successor)` answers 101 with `head` and leaves the
    connection to `successor`; await `ready` before.
    """

    def __init__(
        self, cycle: RequestResponseCycle, head: bytes, trailers: Fields, switch: Switch
    ) -> None:
        self.speaks_1_1 = cycle.scope["http_version"] == "1.1"
        self.trailers = trailers
        self.switch = switch
        self._reference = ref(cycle)  # which has this wire in its scope: a ring would be garbage
        self._head = head
        self._answers_as: Spelling | None = None
        self._is_body_here = False
        self._held = b""

    @property
    def _cycle(self) -> RequestResponseCycle:
        cycle = self._reference()
        if cycle is None:
            raise ReferenceError("the request is over")
        return cycle

    @property
    def spelling(self) -> Spelling:
        """How the caller spells the names of its header fields."""
        return spelling_in(self._head)

    @property
    def waits_for_word(self) -> bool:
        """Say whether the caller keeps its body back until it reads 100 (Continue)."""
        return self._cycle.waiting_for_100_continue

    def interim(self, status: int, fields: Fields, spelling: Spelling) -> None:
        """Write a response ahead of the final one; HTTP/1.0 has none (RFC 9110, 15.2)."""
        if self.speaks_1_1 and not self._cycle.response_started:
            self._cycle.transport.write(head_of(status, fields, spelling))

    @property
    def answers_as(self) -> Spelling | None:
        """How the answer is spelled that is sent."""
        return self._answers_as

    def answer_as(self, spelling: Spelling, *, is_body_here: bool) -> None:
        """Spell the answer that is sent from now on like this.

        `is_body_here`: its head need not go out ahead of what follows at once. One write instead of
        two is a system call saved, and a caller woken once.
        """
        self._answers_as = spelling
        self._is_body_here = is_body_here

    def sending(self, send: Send) -> Send:
        """Return how an answer is sent, its head spelled as it was said to be."""

        async def send_spelled(message: Message) -> None:
            if message["type"] == "http.response.start" and self.waits_for_word:
                # Its body was not asked for: one that comes all the same is not read.
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            if message["type"] == "http.response.start" and self._answers_as is not None:
                await self._begin_answer(message["status"], message["headers"], self._answers_as)
            elif self._held:
                await send(self._joined(message))
            else:
                await send(message)

        return send_spelled

    def _joined(self, message: Message) -> Message:
        """Write a piece of the body behind the head that was held; return what is left to send."""
        cycle = self._cycle
        head, self._held = self._held, b""
        body = message.get("body", b"")
        if cycle.disconnected:
            return message
        if cycle.chunked_encoding is False and len(body) <= cycle.expected_content_length:
            cycle.transport.writelines((head, body))
            cycle.expected_content_length -= len(body)
            return {**message, "body": b""}
        if cycle.chunked_encoding and body and not message.get("more_body", False):
            cycle.transport.writelines((head, b"%x\r\n" % len(body), body, b"\r\n0\r\n\r\n"))
            cycle.chunked_encoding = False  # its end is written
            return {**message, "body": b""}
        cycle.transport.write(head)
        return message

    async def _begin_answer(self, status: int, fields: Fields, spelling: Spelling) -> None:
        """Write the head of an answer and leave its body to the server, as if it had written it."""
        cycle = self._cycle
        await cycle.flow.drain()
        if cycle.disconnected:
            return
        told = _tell_server(cycle, fields)
        lines = spelling.status_line(status) + spelling.lines(fields)
        if b"date" not in told:
            lines += b"Date: " + http_date(int(time.time())) + b"\r\n"
        if not cycle.keep_alive and b"connection" not in told:
            lines += b"Connection: close\r\n"
        if (
            b"content-length" not in told
            and cycle.scope["method"] != "HEAD"
            and status not in _NO_BODY
        ):
            cycle.chunked_encoding = True
            lines += b"Transfer-Encoding: chunked\r\n"
        cycle.response_started = True
        cycle.waiting_for_100_continue = False
        if self._is_body_here:
            self._held = lines + b"\r\n"
        else:
            cycle.transport.write(lines + b"\r\n")

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


def _tell_server(cycle: RequestResponseCycle, fields: Fields) -> set[bytes]:
    """Tell the server the length of a body, and whether the connection ends behind it.

    Return which fields of the head that the server would add are there already.
    """
    told = set()
    for name, value in fields:
        if name == b"content-length":
            cycle.expected_content_length = int(value)
            cycle.chunked_encoding = False
        elif name == b"connection" and b"close" in value.lower():
            cycle.keep_alive = False
        elif name != b"date":
            continue
        told.add(name)
    return told


def wire_of(scope: Scope) -> Wire | None:
    """Return the wire of a request; None where another server carries it."""
    wire: Wire | None = scope.get("extensions", {}).get(WIRE)
    return wire


def spelled(scope: Scope, send: Send) -> Send:
    """Return how an answer is sent that may be spelled in a way of its own."""
    wire = wire_of(scope)
    return wire.sending(send) if wire is not None else send


def head_of(status: int, fields: Fields, spelling: Spelling) -> bytes:
    """Write a status line and header fields."""
    return spelling.status_line(status) + spelling.lines(fields) + b"\r\n"
