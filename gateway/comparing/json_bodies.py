"""Comparing JSON: by value, whatever its order of members, its layout or how numbers look."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from gateway.comparing.json_paths import PathsWalk, States, written
from gateway.comparing.reply import Difference, Part, shortened


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


class _Pair(NamedTuple):
    place: str
    states: States
    old: Any
    new: Any


def json_differences(old: Any, new: Any, walk: PathsWalk) -> Iterator[Difference]:
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


def _of_members(pair: _Pair, walk: PathsWalk) -> tuple[list[Difference], list[_Pair]]:
    found, below = [], []
    for name in dict.fromkeys((*pair.old, *pair.new)):
        states = walk.step(pair.states, name)
        if walk.is_at_end(states):
            continue
        place = written(pair.place, name)
        if name not in pair.new:
            found.append(_difference(place, _shown(pair.old[name]), None))
        elif name not in pair.old:
            found.append(_difference(place, None, _shown(pair.new[name])))
        else:
            below.append(_Pair(place, states, pair.old[name], pair.new[name]))
    return found, below


def _of_items(pair: _Pair, walk: PathsWalk) -> tuple[list[Difference], list[_Pair]]:
    below = []
    for index, (old, new) in enumerate(zip(pair.old, pair.new, strict=False)):
        states = walk.step(pair.states, index)
        if not walk.is_at_end(states):
            below.append(_Pair(written(pair.place, index), states, old, new))
    counts = len(pair.old), len(pair.new)
    if counts[0] == counts[1]:
        return [], below
    return [_difference(pair.place, *(f"{count} items" for count in counts))], below


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
