"""What a visitor asked: a bounded query, and the plan an engine follows.

Quotes make a phrase, a minus in front leaves out; nothing else has a meaning, so no engine's
query language can be reached from the search box.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from catalogue.search.analysis import Token, bigrams, carries_marks, find_numbers, tokenize

MAX_LENGTH = 600
MAX_TERMS = 40
FEW_WORDS = 4
"""Up to so many words, all must be there; more are a question."""
MAX_LIMIT = 100
MAX_OFFSET = 10_000

_CLAUSE = re.compile(r'(?:(?<=\s)|^)(-?)(?:["“”]([^"“”]*)["“”]|(\S+))')

Sort = Literal["relevance", "date"]


@dataclass(frozen=True, slots=True)
class Query:
    """One question to the index. Raises ValueError for a page out of bounds.

    Empty text asks for everything the filters allow, newest first. `unit` is one of an entry's
    `unit_codes`, `year` the year of publication.
    """

    text: str = ""
    site: str | None = None
    section: str | None = None
    unit: str | None = None
    kind: str | None = None
    year: int | None = None
    sort: Sort = "relevance"
    offset: int = 0
    limit: int = 10

    def __post_init__(self) -> None:
        if not 0 <= self.offset <= MAX_OFFSET:
            raise ValueError(f"offset {self.offset} is not between 0 and {MAX_OFFSET}")
        if not 1 <= self.limit <= MAX_LIMIT:
            raise ValueError(f"limit {self.limit} is not between 1 and {MAX_LIMIT}")


@dataclass(frozen=True, slots=True)
class Words:
    """A run of words in both spellings. `marked` says that the exact one may be trusted."""

    folded: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    marked: bool = False

    @property
    def spelling(self) -> tuple[str, ...]:
        """The spelling that a phrase is looked up in."""
        return self.exact if self.marked else self.folded


class Rung(StrEnum):
    """How much of what was asked an entry must hold; engines go down until something is found.

    Few words must all be there. A whole question hardly ever is in an entry word for word, so there
    a third of its words will do, and the ranking does the rest.
    """

    ALL = "all"  # every word
    MOST = "most"  # at least a third of the words, or a whole document number
    ANY = "any"  # some word


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look for, in our tokens.

    `words` are what is wanted (the words of phrases among them), `numbers` whole document
    numbers, `phrases` must stand as they are, `excluded` must not stand at all. `truncated`
    says that the text was longer than we search for.
    """

    words: Words = Words()
    folded_bigrams: tuple[str, ...] = ()
    exact_bigrams: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    phrases: tuple[Words, ...] = ()
    excluded: tuple[Words, ...] = ()
    truncated: bool = False

    @property
    def asks_for_nothing(self) -> bool:
        """Say whether no word is wanted: filters and exclusions alone decide."""
        return not self.words.folded

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """The rungs worth trying, in order."""
        words = len(set(self.words.folded))
        if words <= 1:
            return (Rung.ALL,)
        if words <= FEW_WORDS:
            return (Rung.ALL, Rung.MOST, Rung.ANY)
        return (Rung.MOST, Rung.ANY)

    @property
    def most(self) -> int:
        """How many distinct words an entry must hold at `Rung.MOST`."""
        return -(-len(set(self.words.folded)) // 3)


def parse_query(text: str) -> Plan:
    """Turn what was typed into a plan. Never raises; what is too long is cut and said so."""
    cut = text[:MAX_LENGTH]
    wanted: list[Token] = []
    runs: list[list[Token]] = [[]]
    phrases: list[list[Token]] = []
    excluded: list[list[Token]] = []
    room = MAX_TERMS
    truncated = len(cut) < len(text)
    for minus, quoted, bare in _CLAUSE.findall(cut):
        tokens = tokenize(quoted or bare)
        truncated = truncated or len(tokens) > room
        tokens = tokens[:room]
        room -= len(tokens)
        if not tokens:
            continue
        if minus:
            excluded.append(tokens)
            runs.append([])
            continue
        wanted += tokens
        runs[-1] += tokens
        if quoted:
            phrases.append(tokens)
    marked = carries_marks(wanted)
    return Plan(
        words=_words(wanted, marked=marked),
        folded_bigrams=_bigrams([[token.folded for token in run] for run in runs]),
        exact_bigrams=_bigrams([[token.exact for token in run] for run in runs]) if marked else (),
        numbers=tuple(dict.fromkeys(number.key for number in find_numbers(cut))),
        phrases=tuple(_words(tokens, marked=carries_marks(tokens)) for tokens in phrases),
        excluded=tuple(_words(tokens, marked=carries_marks(tokens)) for tokens in excluded),
        truncated=truncated,
    )


def _words(tokens: list[Token], *, marked: bool) -> Words:
    return Words(
        folded=tuple(token.folded for token in tokens),
        exact=tuple(token.exact for token in tokens),
        marked=marked,
    )


def _bigrams(runs: list[list[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pair for run in runs for pair in bigrams(run)))
