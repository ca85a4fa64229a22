"""Spans: the pieces of a message that may be codes; everything around them stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from catalogue.units.register import Level
from gateway.adapting.places import NamePlace

_LIST = re.compile(rb"(?:[,;|\s]|%2[cC]|%3[bB]|%7[cC])+")


class Span(NamedTuple):
    """`data[start:end]` is a value at a place; a JSON number `is_bare`, and must stay one."""

    start: int
    end: int
    level: Level | None
    is_bare: bool = False


def spans_in_query(query: bytes, names: Iterable[NamePlace]) -> Iterator[Span]:
    """Find the values of parameters in a query or a form; names count in their own case."""
    levels = {place.name.encode(): place.level for place in names}
    start = 0
    for piece in query.split(b"&"):
        name, equals, _value = piece.partition(b"=")
        plain = unquote_to_bytes(name.replace(b"+", b" "))
        if equals and plain in levels:
            yield Span(start + len(name) + 1, start + len(piece), levels[plain])
        start += len(piece) + 1


def codes_in(data: bytes, span: Span) -> Iterator[Span]:
    """Find each code of a value: it may be a list of them, "24,15"."""
    start = span.start
    for gap in _LIST.finditer(data, span.start, span.end):
        yield span._replace(start=start, end=gap.start())
        start = gap.end()
    yield span._replace(start=start)


def replaced(
    data: bytes, spans: Iterable[Span], change: Callable[[bytes, Span], bytes | None]
) -> bytes:
    """Put what `change` makes of each code in its place; None leaves it."""
    pieces: list[bytes] = []
    end = 0
    for span in sorted(set(spans)):
        for code in codes_in(data, span):
            made = change(data[code.start : code.end], code) if code.start >= end else None
            if made is not None:
                pieces += (data[end : code.start], made)
                end = code.end
    return b"".join((*pieces, data[end:])) if pieces else data
