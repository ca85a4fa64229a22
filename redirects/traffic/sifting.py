"""Sifting: which requests are nobody's visit, by rules that are data (`noise.toml`).

One list serves the log reader and the public site, where only an address's path and query are
asked about.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from redirects.traffic.lines import Asked

NoisePart = Literal["method", "status", "path-end", "path", "bare-script", "agent"]
_AGENTS = 1_024
_OF_AN_ADDRESS = ("path-end", "path", "bare-script")


@dataclass(frozen=True, slots=True)
class NoiseRule:
    """One rule: which part of a request it looks at, and the pieces it knows."""

    name: str
    part: NoisePart
    pieces: tuple[str, ...]


_Test = Callable[[str, bytes, Asked | None], bool]
"""Of a lower-case path, a query, and the logged request if there is one."""


class Sieve:
    """Names the rule that drops a request."""

    def __init__(self, rules: Iterable[NoiseRule], kept_ends: Iterable[str] = ()) -> None:
        """Use `rules` in their order; addresses that end as `kept_ends` say are no parts."""
        kept = tuple(end.lower() for end in kept_ends)
        tests = [(rule.name, rule.part, _test(rule, kept)) for rule in rules]
        self._tests = tuple((name, test) for name, _, test in tests)
        self._of_address = tuple(
            (name, test) for name, part, test in tests if part in _OF_AN_ADDRESS
        )

    def drops(self, asked: Asked) -> str | None:
        """Return the name of the rule that drops a logged request, None where none does."""
        path, _, query = asked.target.partition(b"?")
        text = path.decode("latin-1").lower()
        return next((name for name, test in self._tests if test(text, query, asked)), None)

    def drops_address(self, path: str, query: bytes) -> str | None:
        """Return the name of the rule that drops a lower-case path with its query."""
        for name, test in self._of_address:  # a loop: it is asked of every undecided address
            if test(path, query, None):
                return name
        return None


@cache
def shipped_rules() -> tuple[NoiseRule, ...]:
    """Return the rules that come with the product."""
    text = files("redirects.traffic").joinpath("noise.toml").read_text(encoding="utf-8")
    return tuple(
        NoiseRule(rule["name"], rule["part"], tuple(rule["pieces"]))
        for rule in tomllib.loads(text)["rule"]
    )


def _test(rule: NoiseRule, kept: tuple[str, ...]) -> _Test:
    pieces = rule.pieces
    match rule.part:
        case "method":
            return lambda _path, _query, asked: asked is not None and asked.method not in pieces
        case "status":
            return lambda _path, _query, asked: (
                asked is not None and str(asked.status) not in pieces
            )
        case "path-end":
            ends = tuple(piece.lower() for piece in pieces if piece.lower() not in kept)
            return lambda path, _query, _asked: path.endswith(ends)
        case "path":
            found = _any_of(pieces)
            return lambda path, _query, _asked: found(path) is not None
        case "bare-script":
            return lambda path, query, _asked: (
                path.endswith(".php") and not query and not path.endswith(pieces)
            )
        case "agent":
            found = lru_cache(maxsize=_AGENTS)(_any_of(pieces))  # few agents ask for much
            return lambda _path, _query, asked: (
                asked is not None and found(asked.agent.lower()) is not None
            )


def _any_of(pieces: tuple[str, ...]) -> Callable[[str], object]:
    """Return a search that finds None where no piece stands.

    Pieces with one first letter are tried together, or each would be tried at every slash.
    """
    rests: dict[str, list[str]] = {}
    for piece in pieces:
        rests.setdefault(piece[:1].lower(), []).append(re.escape(piece[1:].lower()))
    ways = [f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in rests.items()]
    return re.compile("|".join(ways) or "(?!)").search
