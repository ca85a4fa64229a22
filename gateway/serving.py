"""Serving: uvicorn with httptools and uvloop by name, and a door in front of its parser.

Old links carry raw UTF-8 in the request line, which the parser answers with 400; a head that never
ends would hold a connection for ever. Both are met here, before a byte is parsed.
"""

from __future__ import annotations

import asyncio
import re
import socket
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from gateway.carrying import CarryingProtocol, Outbox

HEAD_SECONDS = 10.0
MAX_HEAD_BYTES = 64 * 1024
LONGEST_METHOD = 32
KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 10

_HIGH = re.compile(rb"[\x80-\xff]")
_VERSION = re.compile(rb" HTTP/1\.[01]\r?$")
# What nearly every request begins with: a line that needs no second look.
_USUAL_LINE = re.compile(rb"(?:GET|HEAD|POST) [!-~]+ HTTP/1\.1\r\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class DoorProtocol(CarryingProtocol):
    """Our servers' protocol, fed heads that are whole, bounded and ASCII in their first line.

    Each request is fed by itself, so that one pipelined behind another meets the same door; only
    behind a chunked body, whose end the parser alone knows, do bytes go straight through.
    """

    head_seconds = HEAD_SECONDS

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._pending = b""
        self._wants_head = True
        self._feeds_head = False
        self._body_left: int | None = 0  # None: the parser knows where it ends
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it the same way
        """Start the clock: the first head must be whole in time."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed whole heads with their first line encoded, and bodies as they come."""
        self._pending = self._pending + data if self._pending else data
        while self._pending and not self.transport.is_closing():
            piece = self._next_head() if self._wants_head else self._next_of_body()
            if piece is None:
                return
            super().data_received(piece)
            self._feeds_head = False

    def _next_head(self) -> bytes | None:
        """Take a whole head off what is pending; None while it is not whole, or was refused."""
        # Stray empty lines ahead of a request are skipped (RFC 9112, 2.2).
        data = self._pending = self._pending.lstrip(b"\r\n")
        end = _end_of_head(data)
        is_usual = _USUAL_LINE.match(data) is not None
        if not is_usual and not _begins_well(data):
            self._refuse(b"400 Bad Request")
            return None
        if (end if end > 0 else len(data)) > MAX_HEAD_BYTES:
            self._refuse(b"431 Request Header Fields Too Large")
            return None
        if end < 0:
            if data and self._deadline is None:
                self._unset_keepalive_if_required()
                self._arm()
            return None
        self._disarm()
        self._pending = data[end:]
        self._wants_head = False
        self._feeds_head = True
        return data[:end] if is_usual else _ascii_first_line(data[:end])

    def _next_of_body(self) -> bytes:
        """Take what belongs to the body; never nothing, or the loop above would not end."""
        if not self._body_left:  # the parser knows better, or has given up on this connection
            piece, self._pending = self._pending, b""
            return piece
        piece, self._pending = self._pending[: self._body_left], self._pending[self._body_left :]
        self._body_left -= len(piece)
        return piece

    def on_message_begin(self) -> None:
        """Leave a request to the parser that begins in the middle of what it was fed."""
        if not self._feeds_head:
            self._wants_head = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Learn the length of the body."""
        self._body_left = _body_length(self.headers) if self._feeds_head else None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Expect a head again."""
        self._wants_head = True
        super().on_message_complete()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self.head_seconds, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        self._deadline = None
        self._pending = b""
        self.transport.close()

    def _refuse(self, status: bytes) -> None:
        self._disarm()
        self._outbox.send()
        self._pending = b""
        head = b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        self.transport.write(head)
        self.transport.close()


def _begins_well(data: bytes) -> bool:
    """Say whether this may become a request line: a method first, a version of HTTP/1 last."""
    line, newline, _rest = data[:MAX_HEAD_BYTES].partition(b"\n")
    method, space, _target = line.partition(b" ")
    if len(method) > LONGEST_METHOD or not method.replace(b"-", b"").isalpha():
        return not method and not space
    return not newline or _VERSION.search(line) is not None


def _end_of_head(data: bytes) -> int:
    """Return where the head ends, -1 while it does not; bare line feeds count, as they parse."""
    end = data.find(b"\r\n\r\n")
    if end >= 0:
        return end + 4
    found = _HEAD_END.search(data)
    return found.end() if found else -1


def _body_length(headers: list[tuple[bytes, bytes]]) -> int | None:
    """Return the length of a body; None for a chunked one. The parser has judged the values."""
    length: int | None = 0
    for name, value in headers:
        if name == b"transfer-encoding":
            return None
        if name == b"content-length":
            length = int(value) if value.isdigit() else None
    return length


def _ascii_first_line(data: bytes) -> bytes:
    """Percent-encode what is not ASCII in the request line: the path people meant is UTF-8."""
    end = data.find(b"\n")
    line = data[:end]
    if line.isascii():
        return data
    return _HIGH.sub(lambda found: b"%%%02X" % found[0][0], line) + data[end:]


def configure(app: ASGIApp, *, host: str, port: int) -> uvicorn.Config:
    """Return how an application is served; no choice is left to what happens to be installed."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=partial(DoorProtocol, outbox=Outbox()),  # type: ignore[arg-type]  # uvicorn only calls it
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        backlog=2048,
    )


def run(app: ASGIApp, *, host: str, port: int, listening: socket.socket | None = None) -> None:
    """Serve until told to stop (SIGINT, SIGTERM). `listening` is used instead of host and port."""
    server = uvicorn.Server(configure(app, host=host, port=port))
    server.run(sockets=[listening] if listening else None)
