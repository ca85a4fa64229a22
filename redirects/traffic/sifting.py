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
from typing import Literal, NamedTuple

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


class _Address(NamedTuple):
    path: str
    query: bytes
    asked: Asked | None


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
        address = _Address(path.decode("latin-1").lower(), query, asked)
        return next((name for name, test in self._tests if test(address)), None)

    def drops_address(self, path: str, query: bytes) -> str | None:
        """Return the name of the rule that drops a lower-case path with its query."""
        address = _Address(path, query, None)
        return next((name for name, test in self._of_address if test(address)), None)


@cache
def shipped_rules() -> tuple[NoiseRule, ...]:
    """Return the rules that come with the product."""
    text = files("redirects.traffic").joinpath("noise.toml").read_text(encoding="utf-8")
    return tuple(
        NoiseRule(rule["name"], rule["part"], tuple(rule["pieces"]))
        for rule in tomllib.loads(text)["rule"]
    )


def _test(rule: NoiseRule, kept: tuple[str, ...]) -> Callable[[_Address], bool]:
    match rule.part:
        case "method":
            return lambda one: one.asked is not None and one.asked.method not in rule.pieces
        case "status":
            return lambda one: one.asked is not None and str(one.asked.status) not in rule.pieces
        case "path-end":
            ends = tuple(piece.lower() for piece in rule.pieces if piece.lower() not in kept)
            return lambda one: one.path.endswith(ends)
        case "path":
            found = _any_of(rule.pieces)
            return lambda one: found(one.path)
        case "bare-script":
            return lambda one: (
                one.path.endswith(".php") and not one.query and not one.path.endswith(rule.pieces)
            )
        case "agent":
            found = lru_cache(maxsize=_AGENTS)(_any_of(rule.pieces))  # few agents ask for much
            return lambda one: one.asked is not None and found(one.asked.agent.lower())


def _any_of(pieces: tuple[str, ...]) -> Callable[[str], bool]:
    if not pieces:
        return lambda _text: False
    search = re.compile("|".join(re.escape(piece.lower()) for piece in pieces)).search
    return lambda text: search(text) is not None
