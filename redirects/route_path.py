"""The path of an API route: which raw paths it means, and what it captures of them.

Unlike a rule's pattern it is matched byte for byte: a preserved API gets its calls as they came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import re2

_PLACEHOLDER = re.compile(r"(?<=/):([A-Za-z_][A-Za-z0-9_]*)|\*$")
_CAPTURED = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)")
SPLAT = "splat"
"""What a `*` captures is called."""


class RoutePathError(ValueError):
    """A path that cannot be used; the message says why."""


class RoutePath:
    """A path as it is matched. Raises RoutePathError for one that cannot be."""

    def __init__(self, text: str) -> None:
        if not text.startswith("/") or not text.isascii():
            raise RoutePathError('must start with "/" and hold ASCII alone')
        names = [found[1] or SPLAT for found in _PLACEHOLDER.finditer(text)]
        if "*" in text[:-1]:
            raise RoutePathError("may hold * only as its last character")
        if len(set(names)) < len(names):
            raise RoutePathError("captures one name twice")
        self.names = tuple(names)
        self.literal_length = len(_PLACEHOLDER.sub("", text))
        self.is_prefix = text.endswith("*")
        placeholder = _PLACEHOLDER.search(text)
        self.beginning = text[: placeholder.start() if placeholder else None].encode()
        """What every path begins with that matches."""
        self._literal = text.removesuffix("*").encode()
        self._compiled = _compile(text) if names and names != [SPLAT] else None
        self.matches: Callable[[bytes], object] = self._matcher()

    def captures(self, path: bytes) -> Mapping[str, bytes]:
        """Return what a path that matches has in the place of each name, and behind a `*`."""
        if self._compiled is not None:
            return dict(zip(self.names, self._compiled.fullmatch(path).groups(), strict=True))
        return {SPLAT: path[len(self._literal) :]} if self.is_prefix else {}

    def spans(self, path: bytes) -> Mapping[str, tuple[int, int]]:
        """Return where in a path each name stands; nothing for a path that does not match."""
        found = self._compiled.fullmatch(path) if self._compiled is not None else None
        if found is None:
            return {}
        return {name: found.span(group) for group, name in enumerate(self.names, start=1)}

    def _matcher(self) -> Callable[[bytes], object]:
        if self._compiled is not None:
            matcher: Callable[[bytes], object] = self._compiled.fullmatch
            return matcher
        literal = self._literal
        return (lambda path: path.startswith(literal)) if self.is_prefix else literal.__eq__


def expand(text: str, captures: Mapping[str, bytes]) -> bytes:
    """Put what was captured in the place of its `:name`, byte for byte; the rest stays."""
    pieces: list[bytes] = []
    end = 0
    for found in _CAPTURED.finditer(text):
        value = captures.get(found[1])
        if value is not None:
            pieces += (text[end : found.start()].encode(), value)
            end = found.end()
    return b"".join((*pieces, text[end:].encode()))


def names_in(text: str) -> set[str]:
    """Return every `:name` in a text that is to be expanded."""
    return set(_CAPTURED.findall(text))


def _compile(text: str) -> Any:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.dot_nl = True
    pieces: list[str] = []
    end = 0
    for found in _PLACEHOLDER.finditer(text):
        group = "([^/]+)" if found[1] else "(.*)"
        pieces += (re2.escape(text[end : found.start()]), group)
        end = found.end()
    return re2.compile("".join((*pieces, re2.escape(text[end:]))).encode(), options)
