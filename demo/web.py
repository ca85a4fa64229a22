"""Requests and replies as plain values, so that the old portals are pure functions of them."""

from __future__ import annotations

import functools
import gzip
import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qsl, quote, unquote

from jinja2 import Environment, PackageLoader, StrictUndefined

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from demo.truth import DemoSite, Truth

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """One call. `raw_path` and `query` are as sent; `port` is the public port of absolute links."""

    method: str
    host: str
    raw_path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    port: int | None = None

    @property
    def path(self) -> str:
        """The path decoded and composed (NFC): one form for all spellings of a letter."""
        return unicodedata.normalize("NFC", unquote(self.raw_path))

    @property
    def params(self) -> dict[str, str]:
        """The query's parameters; of one named twice the first counts."""
        return dict(reversed(parse_qsl(self.query, keep_blank_values=True)))

    @property
    def origin(self) -> str:
        """What absolute links start with."""
        return f"http://{self.host}" + (f":{self.port}" if self.port else "")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `delay` is how many seconds the old server thinks before it speaks."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay: float = 0.0

    def header(self, name: str) -> str | None:
        """The first value of a header, if it is there."""
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def with_headers(self, *headers: tuple[str, str]) -> Reply:
        """The same reply with more headers."""
        return replace(self, headers=(*self.headers, *headers))


class OldPortal(Protocol):
    """An old server and what is known about its pages."""

    @property
    def site(self) -> DemoSite: ...

    @property
    def truths(self) -> tuple[Truth, ...]: ...

    def answer(self, request: Request) -> Reply:
        """Replies to any request whatever; never raises."""
        ...


def html(text: str, status: int = 200, content_type: str = HTML) -> Reply:
    """A page in UTF-8."""
    return Reply(status, (("content-type", content_type),), text.encode())


def raw(body: bytes, content_type: str, status: int = 200) -> Reply:
    """Bytes of any type."""
    return Reply(status, (("content-type", content_type),), body)


def redirect(location: str, status: int = 302) -> Reply:
    """Sends the visitor elsewhere, with the short body these servers add."""
    body = f'<html><body>Object moved to <a href="{location}">here</a>.</body></html>'
    return html(body, status).with_headers(("location", location))


def download(body: bytes, media_type: str, name: str) -> Reply:
    """A file with its Vietnamese name."""
    disposition = f"attachment; filename*=UTF-8''{quote(name)}"
    return raw(body, media_type).with_headers(("content-disposition", disposition))


def with_validators(reply: Reply, request: Request, changed: dt.datetime) -> Reply:
    """Adds ETag and Last-Modified; 304 where the visitor has this version (RFC 9110, 13)."""
    if reply.status != HTTPStatus.OK or request.method not in ("GET", "HEAD"):
        return reply
    etag = f'"{digest(reply.body)[:16]}"'
    validators = (("etag", etag), ("last-modified", format_datetime(changed, usegmt=True)))
    if _is_fresh(request.headers, etag, changed):
        return Reply(304, validators)
    return reply.with_headers(*validators)


def _is_fresh(headers: Mapping[str, str], etag: str, changed: dt.datetime) -> bool:
    if "if-none-match" in headers:
        known = {tag.strip().removeprefix("W/") for tag in headers["if-none-match"].split(",")}
        return etag in known or "*" in known
    try:
        return parsedate_to_datetime(headers["if-modified-since"]) >= changed
    except (KeyError, ValueError, TypeError):
        return False


def gzipped(reply: Reply, request: Request) -> Reply:
    """Compresses a page for those who ask, with the same bytes every time."""
    content_type = reply.header("content-type") or ""
    if "gzip" not in request.headers.get("accept-encoding", "") or "html" not in content_type:
        return reply
    packed = gzip.compress(reply.body, mtime=0)
    return replace(
        reply,
        body=packed,
        headers=(*reply.headers, ("content-encoding", "gzip"), ("vary", "Accept-Encoding")),
    )


def number(text: str | None, default: int = 0) -> int:
    """A number of a query, or the default for whatever is none that an old server would take."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,9}", text) else default


def digest(value: bytes | str) -> str:
    """SHA-256 in hex: for truths, and wherever an old server shows a made-up identifier."""
    return hashlib.sha256(value.encode() if isinstance(value, str) else value).hexdigest()


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("demo", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pct"] = quote
    return environment


def render(name: str, /, **context: object) -> str:
    """A template of demo/templates, filled."""
    return _environment().get_template(name).render(context)
