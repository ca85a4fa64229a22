"""Values in XML by their places, as spans of the bytes: all that is not a code stays as sent.

Read with expat, which says where in the bytes each event is. A document type is refused: no
message of an API needs one, and entities could be anything (data of XXE attacks are tests).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from xml.parsers import expat

from gateway.adapting.places import XmlPlace
from gateway.adapting.spans import Span

_TAG_NAME = re.compile(rb"<[^\s/>]+")
_ATTRIBUTE = re.compile(rb"\s+([^\s=/>]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")


def spans_in_xml(data: bytes, places: Sequence[XmlPlace]) -> list[Span]:
    """Find the values at places. Raises ValueError where a body is no XML, or has a doctype."""
    reading = _Reading(data, places)
    try:
        reading.parser.Parse(data, True)
    except expat.ExpatError as error:
        raise ValueError(f"not well-formed: {error}") from error
    return reading.spans


class _Reading:
    def __init__(self, data: bytes, places: Sequence[XmlPlace]) -> None:
        self.spans: list[Span] = []
        self.parser: Any = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = _refuse_doctype
        self._data = data
        self._texts = [place for place in places if place.attribute is None]
        self._attributes = [place for place in places if place.attribute is not None]
        self._names: list[str] = []
        self._text_at: int | None = None  # where the text of the innermost element begins

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._names.append(_local(name))
        self._text_at = None
        for place in self._attributes if attributes else ():
            if self._is_at(place):
                self._find_attribute(place)

    def _text(self, _text: str) -> None:
        if self._text_at is None:
            self._text_at = self.parser.CurrentByteIndex

    def _end(self, _name: str) -> None:
        if self._text_at is not None:
            for place in self._texts:
                if self._is_at(place):
                    end = self.parser.CurrentByteIndex
                    self.spans.append(_trimmed(self._data, self._text_at, end, place))
        self._names.pop()
        self._text_at = None

    def _is_at(self, place: XmlPlace) -> bool:
        names, wanted = self._names, place.names
        if place.from_root and len(names) != len(wanted):
            return False
        return len(names) >= len(wanted) and all(
            here == there for here, there in zip(names[-len(wanted) :], wanted, strict=True)
        )

    def _find_attribute(self, place: XmlPlace) -> None:
        tag = _TAG_NAME.match(self._data, self.parser.CurrentByteIndex)
        at = tag.end() if tag else len(self._data)
        while found := _ATTRIBUTE.match(self._data, at):
            if _local(found[1].decode("utf-8", "replace")) == place.attribute:
                group = 2 if found[2] is not None else 3
                self.spans.append(Span(found.start(group), found.end(group), place.level))
            at = found.end()


def _trimmed(data: bytes, start: int, end: int, place: XmlPlace) -> Span:
    raw = data[start:end]
    start += len(raw) - len(raw.lstrip())
    return Span(start, max(start, end - len(raw) + len(raw.rstrip())), place.level)


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _refuse_doctype(*_parts: object) -> None:
    raise ValueError("a document type")
