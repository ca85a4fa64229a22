"""Shells: pages printed once for everybody, with holes for what differs by visitor.

An old address that leads nowhere is asked for as often as strangers like, so its page may not cost
a rendering. What was printed is split at the holes before any visitor's value comes near it: a
value is escaped, put in its hole for one answer, and forgotten.
"""

from __future__ import annotations

import re
import zlib
from typing import Any, NamedTuple

from markupsafe import escape
from starlette.types import Scope

from gateway.answer import Answer, field_lines
from gateway.i18n import LANGUAGES
from gateway.rendering import Pages, asked_language, kept_language, switches

_EDGE = "\x00"  # around the name of a hole; no template or setting holds one
_HOLE = re.compile(rb"\x00(\w+)\x00")
_ANY_HOLE = b"%b"


class Shell:
    """One page with one status; `fixed` is the same for everybody, `holes` are filled each time."""

    def __init__(
        self,
        pages: Pages,
        template: str,
        *,
        status: int,
        max_age: int,
        holes: tuple[str, ...] = (),
        **fixed: Any,
    ) -> None:
        """`max_age` is how many seconds browsers and caches may keep it."""
        self._pages = pages
        self._template = template
        self._status = status
        self._max_age = max_age
        self._values = {**fixed, **{name: _hole(name) for name in holes}}
        self._frames: dict[tuple[str, str, bool], _Frame] = {}

    def page(self, scope: Scope, **filled: str) -> Answer:
        """Answer with the page, its holes filled."""
        base = self._pages.base(scope)
        frame = self._frame(scope, base)
        if not base:
            filled |= switches(scope, base)
        values = [_in_html(filled[name]) for name in frame.holes]
        body = frame.text % tuple(values)
        # Pages differ from one another where their values do.
        tag = zlib.crc32(b"\x00".join(values), frame.sum)
        own = b'content-length: %d\r\netag: W/"%08x"\r\n' % (len(body), tag)
        return Answer(self._status, own, body, frame.lines)

    def _frame(self, scope: Scope, base: str) -> _Frame:
        asked = asked_language(scope)
        place = (asked or kept_language(scope), base, asked is not None)
        frame = self._frames.get(place)
        if frame is None:
            frame = self._frames[place] = self._print(place[0], base, asked)
        return frame

    def _print(self, language: str, base: str, asked: str | None) -> _Frame:
        links = {name: f"{base}/?lang={name}" if base else _hole(name) for name in LANGUAGES}
        html = self._pages.print(language, base, self._template, switches=links, **self._values)
        headers = {"cache-control": f"max-age={self._max_age}", "vary": "Accept, Cookie"}
        response = self._pages.response("", language, asked, status=200, headers=headers)
        lines = field_lines(
            [field for field in response.raw_headers if field[0] != b"content-length"]
        )
        pieces = _HOLE.split(html.encode())
        text = _ANY_HOLE.join([piece.replace(b"%", b"%%") for piece in pieces[::2]])
        holes = tuple(name.decode() for name in pieces[1::2])
        return _Frame(lines, text, holes, zlib.crc32(text))


class _Frame(NamedTuple):
    """What is the same for everybody: header lines, and a text to fill with the holes' values."""

    lines: bytes
    text: bytes
    holes: tuple[str, ...]
    sum: int


def _in_html(text: str) -> bytes:
    plain = text.encode()
    # Nearly nothing has to be escaped: what is left out here is what `escape` would change.
    return plain if len(plain.translate(None, b"&<>'\"")) == len(plain) else escape(text).encode()


def _hole(name: str) -> str:
    return f"{_EDGE}{name}{_EDGE}"
