"""Comparing JSON: by value, whatever its order of members, its layout or how numbers look."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.comparing.json_paths import JsonPath, PathsWalk, States, Step, written
from gateway.comparing.reply import Difference, Part, shortened

_Item = tuple[int, Any]
WalkStates = tuple[States, States]


class NotJsonError(ValueError):
    """A body that is no JSON, or whose members repeat, so that readers would not agree on it."""


def read_json(body: bytes) -> Any:
    """Read a body, its numbers exactly. Raises NotJsonError."""
    try:
        return json.loads(
            body,
            parse_int=Decimal,
            parse_float=Decimal,
            parse_constant=_refuse,
            object_pairs_hook=_members,
        )
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise NotJsonError("not JSON") from error


def _refuse(name: str) -> None:
    raise ValueError(name)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member comes twice")
    return members


class Walk:
    """Follows the rules for places down a document: what is ignored, what has no order."""

    def __init__(
        self, ignored: tuple[JsonPath, ...] = (), unordered: tuple[JsonPath, ...] = ()
    ) -> None:
        self._ignored = PathsWalk(ignored)
        self._unordered = PathsWalk(unordered)
        self.start: WalkStates = (self._ignored.start, self._unordered.start)

    def step(self, states: WalkStates, step: Step) -> WalkStates:
        """Go on to a member or an item."""
        ignored, unordered = states
        return self._ignored.step(ignored, step), self._unordered.step(unordered, step)

    def is_ignored(self, states: WalkStates) -> bool:
        """Say whether what stands here may say anything."""
        return self._ignored.is_at_end(states[0])

    def is_unordered(self, states: WalkStates) -> bool:
        """Say whether a list that stands here has no order."""
        return self._unordered.is_at_end(states[1])


class _Pair(NamedTuple):
    place: str
    states: WalkStates
    old: Any
    new: Any


def json_differences(old: Any, new: Any, walk: Walk) -> Iterator[Difference]:
    """Give the places where two documents differ, in the old one's order; ignored ones left out."""
    waiting = [_Pair("$", walk.start, old, new)]
    while waiting:
        pair = waiting.pop()
        match pair.old, pair.new:
            case dict(), dict():
                found, below = _of_members(pair, walk)
            case list(), list():
                found, below = _of_items(pair, walk)
            case _:
                found, below = _of_values(pair), []
        yield from found
        waiting += reversed(below)


def _of_members(pair: _Pair, walk: Walk) -> tuple[list[Difference], list[_Pair]]:
    found, below = [], []
    for name in dict.fromkeys((*pair.old, *pair.new)):
        states = walk.step(pair.states, name)
        if walk.is_ignored(states):
            continue
        place = written(pair.place, name)
        if name not in pair.new:
            found.append(_difference(place, _shown(pair.old[name]), None))
        elif name not in pair.old:
            found.append(_difference(place, None, _shown(pair.new[name])))
        else:
            below.append(_Pair(place, states, pair.old[name], pair.new[name]))
    return found, below


def _of_items(pair: _Pair, walk: Walk) -> tuple[list[Difference], list[_Pair]]:
    below = []
    olds, news = list(enumerate(pair.old)), list(enumerate(pair.new))
    if walk.is_unordered(pair.states):
        with suppress(RecursionError):  # nested deeper than anybody sorts: compared in order
            olds, news = _without_partners(olds, news, pair.states, walk)
    for (index, old), (_, new) in zip(olds, news, strict=False):
        states = walk.step(pair.states, index)
        if not walk.is_ignored(states):
            below.append(_Pair(written(pair.place, index), states, old, new))
    counts = len(pair.old), len(pair.new)
    if counts[0] == counts[1]:
        return [], below
    return [_difference(pair.place, *(f"{count} items" for count in counts))], below


def _without_partners(
    olds: list[_Item], news: list[_Item], states: WalkStates, walk: Walk
) -> tuple[list[_Item], list[_Item]]:
    """Return the items of two lists without order that the other list has not."""
    waiting: dict[Hashable, list[_Item]] = {}
    for index, value in news:
        told = _told(value, walk.step(states, index), walk)
        waiting.setdefault(told, []).append((index, value))
    left = []
    for index, value in olds:
        partners = waiting.get(_told(value, walk.step(states, index), walk))
        if partners:
            partners.pop()
        else:
            left.append((index, value))
    return left, sorted((item for items in waiting.values() for item in items), key=_index)


def _index(item: _Item) -> int:
    return item[0]


def _told(value: Any, states: WalkStates, walk: Walk) -> Hashable:
    """Return what a value says but for what is ignored, the same for values that say the same."""
    if walk.is_ignored(states):
        return ()
    match value:
        case dict():
            members = ((name, walk.step(states, name)) for name in sorted(value))
            told = (
                (name, _told(value[name], below, walk))
                for name, below in members
                if not walk.is_ignored(below)
            )
            return ("members", tuple(told))
        case list():
            items = [_told(one, walk.step(states, at), walk) for at, one in enumerate(value)]
            is_set = walk.is_unordered(states)
            return ("items", frozenset(Counter(items).items()) if is_set else tuple(items))
        case _:
            return (type(value), value)


def _of_values(pair: _Pair) -> list[Difference]:
    # True is 1 in Python, in JSON it is not.
    if type(pair.old) is type(pair.new) and pair.old == pair.new:
        return []
    return [_difference(pair.place, _shown(pair.old), _shown(pair.new))]


def _difference(place: str, old: str | None, new: str | None) -> Difference:
    return Difference(Part.BODY, place, old, new)


def _shown(value: Any) -> str:
    match value:
        case dict():
            return f"{{…}} of {len(value)} members"
        case list():
            return f"[…] of {len(value)} items"
        case Decimal():
            return shortened(str(value))
        case _:
            return shortened(json.dumps(value, ensure_ascii=False))
