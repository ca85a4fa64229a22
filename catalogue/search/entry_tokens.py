"""The token streams of an entry: the same fields, under the same names, for every engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogue.search.analysis import bigrams, find_numbers, tokenize

if TYPE_CHECKING:
    from catalogue.search.engine import Entry

SUGGESTED_WORDS = 8
"""A title is suggested from any of its first words on."""


@dataclass(frozen=True, slots=True)
class EntryTokens:
    """What an engine indexes. Title, number and body are one stream; the title is also its own."""

    folded: list[str]
    exact: list[str]
    title: list[str]
    numbers: list[str]

    @property
    def folded_bigrams(self) -> list[str]:
        """Pairs of neighbours in the folded stream."""
        return bigrams(self.folded)

    @property
    def exact_bigrams(self) -> list[str]:
        """Pairs of neighbours in the exact stream."""
        return bigrams(self.exact)

    @property
    def title_bigrams(self) -> list[str]:
        """Pairs of neighbours in the title."""
        return bigrams(self.title)


def read_entry(entry: Entry) -> EntryTokens:
    """Read an entry into the streams that an engine indexes."""
    parts = (entry.title, entry.number, entry.body)
    tokens = [token for part in parts for token in tokenize(part)]
    return EntryTokens(
        folded=[token.folded for token in tokens],
        exact=[token.exact for token in tokens],
        title=[token.folded for token in tokenize(entry.title)],
        numbers=[number.key for part in parts for number in find_numbers(part)],
    )


def suggestion_keys(title: str) -> list[str]:
    """Give the keys a title is suggested under: `0` for its beginning, `1` for later words."""
    words = [token.folded for token in tokenize(title)]
    return [
        f"{min(start, 1)}{'_'.join(words[start : start + SUGGESTED_WORDS])}"
        for start in range(min(len(words), SUGGESTED_WORDS))
    ]


def suggestion_prefix(typed: str) -> str:
    """Give what a suggestion key must go on with; empty when nothing was typed."""
    return "_".join(token.folded for token in tokenize(typed)[:SUGGESTED_WORDS])
