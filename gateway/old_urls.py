"""Answers to old addresses that need no page: a redirect costs one look-up and one small write."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from html import escape
from http import HTTPStatus
from typing import assert_never

from starlette.types import Message, Receive, Scope, Send

from gateway.security import location_header
from redirects.resolution import (
    Archived,
    Gone,
    Live,
    Moved,
    Proxied,
    Resolution,
    Split,
    UnknownHost,
    Unresolved,
)

SNAPSHOT_HEADER = b"x-hopnhat-snapshot"
REDIRECT_CACHING = b"max-age=300"  # a sticky 301 cannot be taken back: five minutes, then ask again

_BEFORE_LINK = {
    status: (
        f'<!doctype html><html lang="vi"><meta charset="utf-8">'
        f"<title>{status} {HTTPStatus(status).phrase}</title>"
        f'<p>Trang này đã chuyển đến <a href="'
    ).encode()
    for status in (301, 302, 307, 308)
}


@dataclass(slots=True)  # not frozen: to freeze it would triple what it costs to make one a request
class Answer:
    """A whole response, ready to send; it dates itself."""

    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it, without the body for HEAD."""
        headers = (*self.headers, (b"date", _http_date(int(time.time()))))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        body = b"" if scope["method"] == "HEAD" else self.body
        await send({"type": "http.response.body", "body": body})


def redirect(moved: Moved, snapshot_id: str) -> Answer:
    """Return the redirect of an old address, with a body for the rare client that needs one."""
    location = location_header(moved.location)
    link = escape(location.decode("ascii")).encode("ascii")
    body = b"".join((_BEFORE_LINK[moved.status], link, b'">', link, b"</a></p></html>\n"))
    return Answer(
        moved.status,
        (
            (b"location", location),
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", REDIRECT_CACHING),
            (b"x-content-type-options", b"nosniff"),
            (SNAPSHOT_HEADER, snapshot_id.encode("ascii")),
        ),
        body,
    )


def dated(send: Send) -> Send:
    """Add Date (RFC 9110, 6.6.1) to answers that have none; an upstream's own is left alone."""

    async def send_dated(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message["headers"]
            if not any(name == b"date" for name, _ in headers):
                message["headers"] = [*headers, (b"date", _http_date(int(time.time())))]
        await send(message)

    return send_dated


@lru_cache(maxsize=2)
def _http_date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode("ascii")


def outcome_of(  # noqa: PLR0911 - one name an outcome
    resolution: Resolution,
) -> tuple[str, str]:
    """Return the name of an outcome and its site, as metrics and logs know them."""
    match resolution:
        case Moved(site=site, status=status):
            return f"moved-{status}", site
        case Split(site=site):
            return "split", site
        case Gone(site=site):
            return "gone", site
        case Archived(site=site):
            return "archived", site
        case Unresolved(site=site):
            return "unresolved", site
        case Proxied(route=route):
            return "proxied", route.name
        case Live():
            return "live", ""
        case UnknownHost():
            return "unknown-host", ""
        case _:
            assert_never(resolution)
