"""The small language of rules, compiled to RE2: linear time on whatever an editor writes.

`*` and `:name` are translated (docs/redirects/rules.md); what starts with `^` is RE2 already.
Patterns match the canonical path, with "?query" behind it where there is one. Python's own `re`
never sees an editor's pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from unicodedata import normalize

import re2

from redirects.canonical import canonical_path, canonical_query
from redirects.site import QueryPolicy

_LONGEST_PATTERN = 2_000
_SET_MEMORY = 256 * 2**20
_PLACEHOLDER = re.compile(r"\*|:[A-Za-z_][A-Za-z0-9_]*")
_MARK = re.compile("\ue000([0-9]+)\ue001")
_IN_TARGET = re.compile(r":([A-Za-z_][A-Za-z0-9_]*)|\\([0-9]{1,2})")
_EVERY_PARAMETER = QueryPolicy("significant", frozenset({"*"}))


class PatternError(ValueError):
    """A pattern that cannot be used; `name` is the rule it belongs to, `told` is for editors."""

    def __init__(self, name: str, pattern: str, reason: str, told: str) -> None:
        super().__init__(f"rule {name!r}: pattern {pattern!r} {reason}")
        self.name = name
        self.pattern = pattern
        self.reason = reason
        self.told = told


class Patterns:
    """Many patterns asked at once, in the order they were given.

    Raises:
        PatternError: naming the first pattern that cannot be used, or the last one where all of
            them together need more memory than there is for them.
    """

    def __init__(self, patterns: Iterable[tuple[str, str]], *, memory: int = _SET_MEMORY) -> None:
        named = list(patterns)
        self._compiled = [compile_pattern(name, text) for name, text in named]
        self._set = re2.Set.SearchSet(_options(memory))
        for compiled in self._compiled:
            self._set.Add(compiled.pattern)
        if self._compiled:
            try:
                self._set.Compile()
            except re2.error as error:
                name, text = named[-1]
                reason = f"and the {len(named)} others need more than {memory} bytes together"
                told = f"{len(named)} mẫu cùng nhau cần nhiều bộ nhớ hơn mức cho phép."
                raise PatternError(name, text[:40], reason, told) from error

    def __len__(self) -> int:
        return len(self._compiled)

    def matching(self, address: str) -> list[int]:
        """Find the numbers of all patterns that match "path?query", first one first."""
        return sorted(self._set.Match(address) or ()) if self._compiled else []

    def captures(self, number: int, address: str) -> dict[str, str]:
        """Take what pattern `number` captured: by name ("splat", "slug") and by place ("1")."""
        found = self._compiled[number].search(address)
        captured = {str(i): text or "" for i, text in enumerate(found.groups(), start=1)}
        return captured | {name: text or "" for name, text in found.groupdict().items()}


def compile_pattern(name: str, text: str) -> Any:
    """Compile one pattern of the rule called `name`.

    Raises:
        PatternError: it is empty, too long, does not start with "/" or "^", or is no RE2.
    """
    if len(text) > _LONGEST_PATTERN:
        told = f"Mẫu dài quá {_LONGEST_PATTERN} ký tự."
        reason = f"is longer than {_LONGEST_PATTERN} characters"
        raise PatternError(name, text[:40] + "…", reason, told)
    if not text.startswith(("/", "^")):
        told = "Mẫu phải bắt đầu bằng / hoặc ^."
        raise PatternError(name, text, 'starts with neither "/" nor "^"', told)
    if not text.startswith("^"):
        names = [found for found in _PLACEHOLDER.findall(text) if found != "*"]
        if len(set(names)) < len(names):
            told = "Mẫu đặt hai lần cùng một tên."
            raise PatternError(name, text, "captures one name twice", told)
    expression = normalize("NFC", text) if text.startswith("^") else _translate(text)
    try:
        return re2.compile(expression, _options())
    except re2.error as error:
        told = f"Biểu thức RE2 không đúng ({error})."
        raise PatternError(name, text, f"is not understood: {error}", told) from error


def sample_captures(name: str, text: str) -> dict[str, str]:
    """Fill every capture of a pattern with "x": enough to judge a target before it is used.

    Raises:
        PatternError: as `compile_pattern`.
    """
    compiled = compile_pattern(name, text)
    places = [str(place) for place in range(1, compiled.groups + 1)]
    return dict.fromkeys([*places, *compiled.groupindex], "x")


def sample_address(text: str) -> str | None:
    """Make an address that a pattern of the small language matches; None for RE2."""
    if text.startswith("^"):
        return None
    path, question, query = _PLACEHOLDER.sub("x", text).partition("?")
    canonical = canonical_path(path.encode())
    return (
        f"{canonical}?{canonical_query(query.encode(), _EVERY_PARAMETER)}"
        if question
        else canonical
    )


def expand(target: str, captures: Mapping[str, str]) -> str:
    r"""Put what was captured in the place of `:name` and `\1`; other text stays as it is."""
    query_at = target.find("?")

    def captured(found: re.Match[str]) -> str:
        text = captures.get(found[1] or found[2])
        if text is None:
            return found[0]
        in_query = 0 <= query_at < found.start()
        return text.replace("&", "%26").replace("+", "%2B") if in_query else text

    return _IN_TARGET.sub(captured, target)


def _translate(text: str) -> str:
    names: list[str] = []

    def mark(found: re.Match[str]) -> str:
        names.append(found[0])
        return f"\ue000{len(names) - 1}\ue001"

    path, question, query = _PLACEHOLDER.sub(mark, text).partition("?")
    groups = _groups(names, path.count("\ue000"))
    end = r"(?:\?.*)?$"
    if question:
        canonical = canonical_query(query.encode(), _EVERY_PARAMETER)
        end = rf"\?{_expression(canonical, groups)}$"
    return f"^{_path_expression(canonical_path(path.encode()), groups)}{end}"


def _groups(names: list[str], in_path: int) -> list[str]:
    """A group for each placeholder; in a path none of them runs on into the query."""
    groups: list[str] = []
    splats = 0
    for place, name in enumerate(names):
        if name == "*":
            splats += 1
            called = "splat" if splats == 1 else f"splat{splats}"
            groups.append(f"(?P<{called}>{'[^?]' if place < in_path else '.'}*)")
        else:
            groups.append(f"(?P<{name[1:]}>[^{'/?' if place < in_path else '&'}]+)")
    return groups


def _path_expression(path: str, groups: list[str]) -> str:
    head, slash, last = path.rpartition("/")
    whole = _MARK.fullmatch(last)
    if slash and whole and groups[int(whole[1])].endswith("*)"):
        # "/tin-tuc/*" means the section and all below it: a key has no last slash to match.
        return f"{_expression(head, groups)}(?:/{groups[int(whole[1])]})?"
    return _expression(path, groups)


def _expression(text: str, groups: list[str]) -> str:
    pieces = _MARK.split(text)
    literals, marks = pieces[::2], pieces[1::2]
    expression = re2.escape(literals[0])
    for mark, literal in zip(marks, literals[1:], strict=True):
        expression += groups[int(mark)] + re2.escape(literal)
    return str(expression)


def _options(memory: int | None = None) -> re2.Options:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    if memory is not None:
        options.max_mem = memory
    return options
