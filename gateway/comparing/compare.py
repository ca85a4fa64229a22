"""Comparing two replies to one call: status, headers, then the body as what it is.

JSON (also in a JSONP call) by value, XML by canonical form, anything else byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from gateway.comparing.headers import header_differences
from gateway.comparing.json_bodies import NotJsonError, Walk, json_differences, read_json
from gateway.comparing.reply import Difference, Part, Reply, shortened
from gateway.comparing.rules import Ignored
from gateway.comparing.xml_bodies import NotXmlError, read_xml, xml_differences

MOST_DIFFERENCES = 50
"""Differences of one call that are told; a list that begins one item later differs everywhere."""

_AROUND = 24  # bytes shown before the first that differs


def compare(
    old: Reply, new: Reply, ignored: Ignored, *, method: str = "GET"
) -> tuple[Difference, ...]:
    """Return what a caller would notice. Where the status differs, that alone is told.

    Raises RulesError for a rule that turns out to be unusable only now.
    """
    if old.status != new.status:
        return (Difference(Part.STATUS, "status", str(old.status), str(new.status)),)
    return tuple(islice(_differences(old, new, ignored, method), MOST_DIFFERENCES))


def _differences(old: Reply, new: Reply, ignored: Ignored, method: str) -> Iterator[Difference]:
    yield from header_differences(old, new, ignored, method=method)
    if old.digest != new.digest:
        yield from body_differences(old, new, ignored)


def body_differences(old: Reply, new: Reply, ignored: Ignored) -> Iterator[Difference]:
    """Give the places where two bodies differ that are not the same bytes."""
    if not (old.is_whole and new.is_whole):
        yield Difference(Part.BODY, "bytes", f"{old.length} bytes", f"{new.length} bytes")
        return
    before, after = _unwrapped(old.body), _unwrapped(new.body)
    try:
        olds, news = _json_in(old, before.inside), _json_in(new, after.inside)
    except NotJsonError:
        yield from _of_xml(old.body, new.body, ignored)
        return
    if before.callback != after.callback:
        yield Difference(Part.BODY, "callback", before.callback, after.callback)
    yield from json_differences(olds, news, Walk(ignored.json_paths, ignored.json_unordered))


def _json_in(reply: Reply, text: bytes) -> Any:
    """Read JSON; a lone "1" is some only where the server says so: as text, "1.0" is another."""
    if "json" in reply.header("content-type").lower() or text.lstrip()[:1] in {b"{", b"["}:
        return read_json(text)
    raise NotJsonError("neither said nor seen to be JSON")


class _Jsonp(NamedTuple):
    callback: str | None
    inside: bytes


def _unwrapped(body: bytes) -> _Jsonp:
    """Take the JSON out of a JSONP call such as `nhan({…});`."""
    text = body.strip().removeprefix(b"/**/").rstrip(b"; \r\n\t").lstrip()
    name, opened, inside = text.partition(b"(")
    if not (opened and inside.endswith(b")")):
        return _Jsonp(None, body)
    try:
        callback = name.strip().decode("ascii")
    except UnicodeDecodeError:
        return _Jsonp(None, body)
    is_name = all(part.isidentifier() for part in callback.replace("$", "_").split("."))
    return _Jsonp(callback, inside[:-1]) if is_name else _Jsonp(None, body)


def _of_xml(old: bytes, new: bytes, ignored: Ignored) -> Iterator[Difference]:
    try:
        olds, news = read_xml(old), read_xml(new)
    except NotXmlError:
        yield from _of_text(old, new, ignored)
    else:
        yield from xml_differences(olds, news, ignored.xpaths)


def _of_text(old: bytes, new: bytes, ignored: Ignored) -> Iterator[Difference]:
    for pattern in ignored.texts:
        old, new = (_blanked(body, pattern) for body in (old, new))
    if old != new:
        at = _equal_bytes(old, new)
        shown = (_excerpt(body, at) for body in (old, new))
        yield Difference(Part.BODY, "bytes", *shown)


def _blanked(body: bytes, pattern: object) -> bytes:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    blank: str = pattern.sub("", text)  # type: ignore[attr-defined]  # re2 has no types
    return blank.encode()


def _equal_bytes(old: bytes, new: bytes) -> int:
    """Count the bytes that both begin with: halved again and again, compared in C."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _excerpt(body: bytes, at: int) -> str:
    piece = body[max(0, at - _AROUND) : at + 2 * _AROUND].decode(errors="replace")
    return shortened(f"{len(body)} bytes, at {at}: {piece!r}")
