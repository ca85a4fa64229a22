"""Serving: uvicorn with httptools and uvloop by name, and a door in front of its parser.

Old links carry raw UTF-8 in the request line, which the parser answers with 400; a head that never
ends, or a body, would hold a connection for ever. All are met here.
"""

from __future__ import annotations

import asyncio
import re
import socket
from functools import partial
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.memory import settle_memory
from gateway.server.carrying import MAX_HEAD_BYTES, HeadReader, Outbox
from gateway.server.patience import LEAST_PROGRESS, Patience
from gateway.server.upgrading import UpgradingProtocol, mask_upgrade

HEAD_SECONDS = 10.0
LONGEST_METHOD = 32
STALL_SECONDS = 30.0
MOST_UNREAD_BYTES = 1024 * 1024
"""Of a body that goes on after the answer: more is not listened to."""
WRITE_HIGH_WATER = 384 * 1024
WRITE_LOW_WATER = 128 * 1024
KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 10

_HIGH = re.compile(rb"[\x80-\xff]")
_VERSION = re.compile(rb" HTTP/1\.[01]\r?$")
_OTHER_VERSION = re.compile(rb"[A-Z]{1,32} [!-~]+ HTTP/\d\.\d\r\n")
# What nearly every request begins with: a line that needs no second look.
_USUAL_LINE = re.compile(rb"(?:GET|HEAD|POST) [!-~]+ HTTP/1\.1\r\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")


class DoorProtocol(UpgradingProtocol):
    """Our servers' protocol, fed heads that are whole, bounded and ASCII in their first line.

    Each request is fed by itself, so that one pipelined behind another meets the same door; only
    behind a chunked body, whose end the parser alone knows, do bytes go straight through.
    """

    head_seconds = HEAD_SECONDS

    def __init__(self, *arguments: Any, stall: float = STALL_SECONDS, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._wants_head = True
        self._feeds_head = False
        self._body_left: int | None = 0  # None: the parser knows where it ends
        self._deadline: asyncio.TimerHandle | None = None
        self._body_heard = 0
        self._body_unread = 0
        self._body_bare = 0  # bytes that brought no piece of a chunked body: extensions, trailers
        self._body_patience = Patience(
            seconds=stall, moved=self._heard_of_body, run_out=self._body_stalls
        )
        self._reader_patience = Patience(
            seconds=stall, moved=self._read_by_caller, run_out=self._reader_stalls
        )

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it the same way
        """Start the clock: the first head must be whole in time."""
        super().connection_made(transport)
        # A transport counts what it has yet to write in this turn of the loop: by the default of
        # 64 kB every larger piece would pause its writer, and wind a clock, on a caller that reads.
        transport.set_write_buffer_limits(WRITE_HIGH_WATER, WRITE_LOW_WATER)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._disarm()
        self._body_patience.stop()
        self._reader_patience.stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed whole heads with their first line encoded, and bodies as they come."""
        if self._wants_head and not self._pending and self._answers_at_once(data):
            if self._deadline is not None:
                self._disarm()
            return
        self._pending = self._pending + data if self._pending else data
        while self._pending and not self.transport.is_closing():
            piece = self._next_head() if self._wants_head else self._next_of_body()
            if piece is None:
                return
            super().data_received(piece)
            self._feeds_head = False

    def _next_head(self) -> bytes | None:
        """Take a whole head off what is pending; None while it is not whole, or was refused."""
        if self._asks_to_switch and not self.cycle.response_complete:
            self._hold()
            return None
        # Stray empty lines ahead of a request are skipped (RFC 9112, 2.2).
        data = self._pending = self._pending.lstrip(b"\r\n")
        end = _end_of_head(data)
        is_usual = _USUAL_LINE.match(data) is not None
        if not is_usual and not _begins_well(data):
            self._refuse(_why_not(data))
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
        self._head = data[:end] if is_usual else _ascii_first_line(data[:end])
        return mask_upgrade(self._head)

    def _next_of_body(self) -> bytes | None:
        """Take what belongs to the body; never nothing, or the loop above would not end."""
        if not self._body_left:  # the parser knows better, or has given up on this connection
            if self._body_bare > MAX_HEAD_BYTES:
                self._give_up(b"431 Request Header Fields Too Large")
                return None
            piece, self._pending = self._pending, b""
            self._body_bare += len(piece)
        else:
            left = self._body_left
            piece, self._pending = self._pending[:left], self._pending[left:]
            self._body_left = left - len(piece)
        self._body_heard += len(piece)
        self._leave_unread(len(piece))
        return piece

    def on_message_begin(self) -> None:
        """Leave a request to the parser that begins in the middle of what it was fed."""
        if not self._feeds_head:
            self._wants_head = False
            self._head = b""
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Learn the length of the body, and expect it."""
        self._body_left = _body_length(self.headers) if self._feeds_head else None
        if self._body_left != 0:
            self._body_unread = self._body_bare = 0
            self._body_patience.start(self.loop)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._body_bare = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect a head again."""
        self._wants_head = True
        self._body_patience.stop()
        super().on_message_complete()

    def pause_writing(self) -> None:
        """Expect the caller to read on."""
        super().pause_writing()
        self._reader_patience.start(self.loop)

    def resume_writing(self) -> None:
        """Write on: the caller has read."""
        self._reader_patience.stop()
        super().resume_writing()

    def _heard_of_body(self) -> int:
        cycle: RequestResponseCycle | None = self.cycle
        if self.flow.read_paused or (cycle is not None and cycle.waiting_for_100_continue):
            self._body_heard += LEAST_PROGRESS  # it is we who keep the caller waiting
        return self._body_heard

    def _read_by_caller(self) -> int:
        return -self.transport.get_write_buffer_size()  # nothing is added while writing pauses

    def _body_stalls(self) -> None:
        self._give_up(b"408 Request Timeout")

    def _give_up(self, status: bytes) -> None:
        """Hang up in the middle of a body; say why, unless an answer has begun."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is None or cycle.response_started:
            self.transport.close()
        else:
            self._refuse(status)

    def _reader_stalls(self) -> None:
        self.transport.abort()  # closing would wait for what is not read to be read

    def _leave_unread(self, size: int) -> None:
        """Hang up on a body that nobody reads, once its caller has had time for the answer."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and cycle.response_complete and not self._wants_head:
            self._body_unread += size
            if self._body_unread > MOST_UNREAD_BYTES:
                self.transport.close()

    def _let_go(self) -> None:
        super()._let_go()
        self._disarm()
        self._body_patience.stop()
        self._reader_patience.stop()

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


def _why_not(data: bytes) -> bytes:
    """Say what is wrong with a request line; a version that we do not speak is 505."""
    is_other = _OTHER_VERSION.match(data) is not None
    return b"505 HTTP Version Not Supported" if is_other else b"400 Bad Request"


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


def configure(
    app: ASGIApp, *, host: str, port: int, stall: float = STALL_SECONDS
) -> uvicorn.Config:
    """Return how an application is served; no choice is left to what happens to be installed."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="uvloop",
        http=partial(DoorProtocol, outbox=Outbox(), reader=HeadReader(), stall=stall),  # type: ignore[arg-type]  # uvicorn only calls it
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


def run(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    listening: socket.socket | None = None,
    stall: float = STALL_SECONDS,
) -> None:
    """Serve until told to stop (SIGINT, SIGTERM). `listening` is used instead of host and port."""
    server = uvicorn.Server(configure(app, host=host, port=port, stall=stall))
    settle_memory()
    server.run(sockets=[listening] if listening else None)
