"""A whole answer, ready to send: as ASGI messages, or in one piece by the protocol itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from starlette.types import Message, Receive, Scope, Send

Fields = Sequence[tuple[bytes, bytes]]

_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}


@dataclass(slots=True)  # not frozen: to freeze it would triple what it costs to make one a request
class Answer:
    """Status, header lines of its own, body, and the lines it shares with many; it dates itself.

    Lines are as they are sent, each with its end; `field_lines` writes them.
    """

    status: int
    lines: bytes
    body: bytes
    shared: bytes = b""

    @property
    def fields(self) -> list[tuple[bytes, bytes]]:
        """Return its header fields, its own first."""
        lines = (self.lines + self.shared).split(b"\r\n")[:-1]
        return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it as ASGI messages, without the body for HEAD."""
        fields = [*self.fields, (b"date", http_date(int(time.time())))]
        await send({"type": "http.response.start", "status": self.status, "headers": fields})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})

    def whole(self, *, with_body: bool, last: bool) -> bytes:
        """Return every byte of it; `last` says that the connection ends with it."""
        head = self.head(int(time.time()), last=last)
        return head + self.body if with_body else head

    def head(self, second: int, *, last: bool) -> bytes:
        """Return what goes ahead of the body, dated by a second of the epoch."""
        return b"".join(
            (
                _STATUS_LINES[self.status],
                self.lines,
                self.shared,
                b"connection: close\r\ndate: " if last else b"date: ",
                http_date(second),
                b"\r\n\r\n",
            )
        )


def field_lines(fields: Fields) -> bytes:
    """Write header fields as lines; raises ValueError where one would begin another line."""
    lines = b"".join([b"%s: %s\r\n" % field for field in fields])
    if lines.count(b"\n") != len(fields) or lines.count(b"\r") != len(fields):
        raise ValueError("a header field holds a line break")
    return lines


def dated(send: Send) -> Send:
    """Add Date (RFC 9110, 6.6.1) to answers that have none; an upstream's own is left alone."""

    async def send_dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            if not any(name == b"date" for name, _ in headers):
                message["headers"] = [*headers, (b"date", http_date(int(time.time())))]
        await send(message)

    return send_dated


@lru_cache(maxsize=2)
def http_date(second: int) -> bytes:
    """Write a second of the epoch as HTTP does."""
    return formatdate(second, usegmt=True).encode("ascii")
