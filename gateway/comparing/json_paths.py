"""Paths into JSON: `$.a.b`, `$.items[3]`, `$['a key']`, `$.items[*].id`, `$..id`.

They are that part of RFC 9535 which points at places and asks nothing about values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum

from gateway.comparing.reply import place_below

_STEP = re.compile(
    r"(?P<deep>\.\.)?(?:(?(deep)|\.)(?P<name>\*|[^\s.\[\]'\"*]+)"
    r"|\[(?:(?P<index>\d{1,9})|(?P<any>\*)|'(?P<single>[^']*)'|\"(?P<double>[^\"]*)\")\])"
)
_PLAIN = re.compile(r"[^\W\d][\w-]*")


class _Wild(Enum):
    ANY = "*"
    DEEP = ".."


Step = str | int
JsonPath = tuple[str | int | _Wild, ...]
States = frozenset[tuple[int, int]]
"""How far each path has come: its number, and how many of its steps are behind."""


class JsonPathError(ValueError):
    """A text that is no path; the message shows it."""


def read_json_path(text: str) -> JsonPath:
    """Read a path. Raises JsonPathError."""
    steps: list[str | int | _Wild] = []
    at = 1
    while text.startswith("$") and at < len(text) and (found := _STEP.match(text, at)):
        if found["deep"]:
            steps.append(_Wild.DEEP)
        steps.append(_step(found))
        at = found.end()
    if at != len(text) or not steps:
        raise JsonPathError(f"not a JSON path: {text!r}")
    return tuple(steps)


def _step(found: re.Match[str]) -> str | int | _Wild:
    if found["any"] or found["name"] == "*":
        return _Wild.ANY
    if found["index"]:
        return int(found["index"])
    return found["name"] or found["single"] or found["double"] or ""


class PathsWalk:
    """Follows a set of paths down a document, each step in time that does not grow with depth."""

    def __init__(self, paths: tuple[JsonPath, ...]) -> None:
        self._paths = paths
        self._named = frozenset(step for path in paths for step in path)
        self._known: dict[tuple[States, Step | None], States] = {}
        self.start: States = self._closed((number, 0) for number in range(len(paths)))

    def step(self, states: States, step: Step) -> States:
        """Go on from `states` to a member or an item."""
        named = step if step in self._named else None  # all others are the same to every path
        known = self._known.get((states, named))
        if known is None:
            known = self._known[states, named] = self._stepped(states, named)
        return known

    def _stepped(self, states: States, step: Step | None) -> States:
        reached = []
        for number, behind in states:
            path = self._paths[number]
            if behind == len(path):
                continue  # it led to something above
            if path[behind] is _Wild.DEEP:
                reached.append((number, behind))
            elif path[behind] is _Wild.ANY or path[behind] == step:
                reached.append((number, behind + 1))
        return self._closed(reached)

    def is_at_end(self, states: States) -> bool:
        """Say whether a path leads exactly here."""
        return any(behind == len(self._paths[number]) for number, behind in states)

    def _closed(self, states: Iterable[tuple[int, int]]) -> States:
        closed = set()
        for number, behind in states:
            closed.add((number, behind))
            path = self._paths[number]
            if behind < len(path) and path[behind] is _Wild.DEEP:
                closed.add((number, behind + 1))
        return frozenset(closed)


def written(above: str, step: Step) -> str:
    """Return the path of a member or an item below `above`."""
    if isinstance(step, int):
        return place_below(above, f"[{step}]")
    return place_below(above, f".{step}" if _PLAIN.fullmatch(step) else f"['{step}']")
