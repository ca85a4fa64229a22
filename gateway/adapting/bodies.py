"""Bodies that are held whole to be changed: what kind they are, and what else changes with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.types import Message, Receive

from gateway.adapting.json_spans import spans_in_json
from gateway.adapting.places import Place, in_json, in_xml, names_in
from gateway.adapting.spans import Span, spans_in_query
from gateway.adapting.xml_spans import spans_in_xml

Fields = list[tuple[bytes, bytes]]

# True of the bytes as they came alone (RFC 9110, 6.6.2, 8.6 and 14.3; RFC 9530).
_OF_THE_BYTES = frozenset(
    {b"content-md5", b"digest", b"content-digest", b"repr-digest", b"accept-ranges", b"trailer"}
)
_OFTEN_SMALL = 32 * 1024  # bytes: some ten milliseconds of work
_Made = TypeVar("_Made")
_JSON = re.compile(rb"(?:application|text)/(?:[\w.-]+\+)?(?:json|javascript|x-javascript)\Z")
_XML = re.compile(rb"(?:application|text)/(?:[\w.-]+\+)?xml\Z")


class Kind(StrEnum):
    """What a body is, as its Content-Type says."""

    FORM = "form"
    JSON = "json"
    XML = "xml"


def kind_of(fields: Sequence[tuple[bytes, bytes]]) -> Kind | None:
    """Return the kind of a body that may hold codes; None for any other."""
    told = value_of(fields, b"content-type").partition(b";")[0].strip().lower()
    if told == b"application/x-www-form-urlencoded":
        return Kind.FORM
    if _JSON.match(told):
        return Kind.JSON
    return Kind.XML if _XML.match(told) else None


def has_places(kind: Kind, places: Sequence[Place]) -> bool:
    """Say whether any place may be in a body of a kind."""
    match kind:
        case Kind.FORM:
            return bool(names_in(places))
        case Kind.JSON:
            return bool(in_json(places))
        case Kind.XML:
            return bool(in_xml(places))


def spans_in(body: bytes, kind: Kind, places: Sequence[Place]) -> list[Span]:
    """Find the values at places. Raises ValueError where a body is not what it says."""
    match kind:
        case Kind.FORM:
            return list(spans_in_query(body, names_in(places)))
        case Kind.JSON:
            return spans_in_json(body, in_json(places))
        case Kind.XML:
            return spans_in_xml(body, in_xml(places))


async def without_delay(work: Callable[[], _Made], size: int) -> _Made:
    """Do some work on a body of a size: in a thread where other callers would wait for it."""
    return await run_in_threadpool(work) if size > _OFTEN_SMALL else work()


async def hold(receive: Receive, most: int) -> tuple[bytes | None, Receive]:
    """Read a body of at most so many bytes; None for a longer one. It can be received again.

    Of a caller that hangs up there is nothing.
    """
    pieces: list[bytes] = []
    size = 0
    more = True
    while more and size <= most:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"", _first(message, receive)
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        more = message.get("more_body", False)
    whole = b"".join(pieces)
    return (None if more or size > most else whole), again(whole, receive, more=more)


def again(body: bytes, receive: Receive, *, more: bool = False) -> Receive:
    """Return what hands out a body that was read already, and then what comes."""
    return _first({"type": "http.request", "body": body, "more_body": more}, receive)


def _first(message: Message, receive: Receive) -> Receive:
    waiting = [message]

    async def receive_first() -> Message:
        return waiting.pop() if waiting else await receive()

    return receive_first


def with_length(fields: Sequence[tuple[bytes, bytes]], body: bytes, coding: bytes) -> Fields:
    """Return the header fields of a body that was changed; its entity tag is only weakly true."""
    kept: Fields = []
    for name, value in fields:
        match name.lower():
            case b"content-length":
                kept.append((name, b"%d" % len(body)))
            case b"content-encoding":
                if coding:
                    kept.append((name, coding))
            case b"etag":
                kept.append((name, value if value.startswith(b"W/") else b"W/" + value))
            case low:
                if low not in _OF_THE_BYTES:
                    kept.append((name, value))
    return kept


def value_of(fields: Sequence[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    """Return the value of a header field; nothing where it is not there."""
    return next((value for name, value in fields if name.lower() == wanted), b"")
