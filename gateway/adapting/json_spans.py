"""Values in JSON by their places, as spans of the bytes: numbers, escapes and blanks stay as sent.

A JSONP answer is JSON with a call around it. The text is walked as Latin-1, in which every byte is
one character; what no place leads into is skipped by the C decoder of the standard library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from gateway.adapting.places import EACH, JsonPlace
from gateway.adapting.spans import Span

# Possessive: two runs of blanks side by side would be tried in every division of a long one.
_CALL = re.compile(r"\s*+(?:/\*\*/)?\s*+[\w$.\[\]]{1,200}+\s*+\(")
_BLANK = re.compile(r"[ \t\n\r]*")
_BOM = "\xef\xbb\xbf"
_DEEPEST = 200  # nested values; more is no answer of an API

_States = frozenset[tuple[int, int]]
"""Where each place has got to: its number, and how many of its steps are done."""


def spans_in_json(data: bytes, places: Sequence[JsonPlace]) -> list[Span]:
    """Find the values at places. Raises ValueError where a body is no JSON in UTF-8."""
    text = data.decode("latin-1")
    start = len(_BOM) if text.startswith(_BOM) else 0
    end = len(text)
    if call := _CALL.match(text, start):
        start, end = call.end(), text.rindex(")") if ")" in text else end
    try:
        json.loads(data[start:end].decode("utf-8"))
        walk = _Walk(text[:end], places)
        return [*walk.value(_skip(text, start), walk.begun(), 0)]
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class _Walk:
    """One walk through a text that is known to be JSON. `at` is behind what was walked last."""

    def __init__(self, text: str, places: Sequence[JsonPlace]) -> None:
        self.at = 0
        self._text = text
        self._places = places
        self._read_value = json.JSONDecoder().raw_decode
        # A name is met raw (Latin-1 for UTF-8) or written with escapes.
        self._names = [
            [{step.name, step.name.encode().decode("latin-1")} for step in place.steps]
            for place in places
        ]

    def begun(self) -> _States:
        return frozenset((number, 0) for number in range(len(self._places)))

    def value(self, at: int, states: _States, depth: int) -> Iterator[Span]:
        """Walk a value that begins at `at`."""
        if depth > _DEEPEST:
            raise ValueError("nested too deeply")
        first = self._text[at]
        if first == "{" and states:
            yield from self._members(at, states, depth)
        elif first == "[" and states:
            yield from self._elements(at, states, depth)
        else:
            _, self.at = self._read_value(self._text, at)
            place = self._arrived(states)
            if place is not None and first == '"':
                yield Span(at + 1, self.at - 1, place.level)
            elif place is not None and first.isdigit():
                yield Span(at, self.at, place.level, is_bare=True)

    def _members(self, at: int, states: _States, depth: int) -> Iterator[Span]:
        at = _skip(self._text, at + 1)
        while self._text[at] != "}":
            name, at = self._read_value(self._text, at)
            at = _skip(self._text, _skip(self._text, at) + 1)
            yield from self.value(at, self._next(states, name), depth + 1)
            at = self._behind_comma()
        self.at = at + 1

    def _elements(self, at: int, states: _States, depth: int) -> Iterator[Span]:
        below = self._next(states, None)
        at = _skip(self._text, at + 1)
        while self._text[at] != "]":
            yield from self.value(at, below, depth + 1)
            at = self._behind_comma()
        self.at = at + 1

    def _behind_comma(self) -> int:
        at = _skip(self._text, self.at)
        return _skip(self._text, at + 1) if self._text[at] == "," else at

    def _next(self, states: _States, name: str | None) -> _States:
        """Take every place one step into a member, or into an element (None)."""
        reached = set()
        for number, done in states:
            steps = self._places[number].steps
            if done == len(steps):
                continue
            step = steps[done]
            if step.anywhere:
                reached.add((number, done))
            if name is None:
                is_next = step.name == EACH and not step.anywhere
            else:
                is_next = name in self._names[number][done] and step.name != EACH
            if is_next:
                reached.add((number, done + 1))
        return frozenset(reached)

    def _arrived(self, states: _States) -> JsonPlace | None:
        for number, done in states:
            place = self._places[number]
            if done == len(place.steps):
                return place
        return None


def _skip(text: str, at: int) -> int:
    found = _BLANK.match(text, at)
    return found.end() if found else _ended()


def _ended() -> NoReturn:
    raise ValueError("ends within a value")
