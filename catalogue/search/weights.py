"""How much each field says about an entry, measured, and the same for every engine.

Folded words carry the search; pairs of neighbours stand for the compound words of Vietnamese
without a segmenter. The exact spellings speak only when the query carries marks: without marks
they would reward entries that are badly typed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogue.search.query import Plan

FOLDED = 1.0
FOLDED_BIGRAMS = 0.5
EXACT = 0.5
EXACT_BIGRAMS = 0.25
TITLE = 0.6
TITLE_BIGRAMS = 0.6
NUMBERS = 4.0

B = 0.75
K1 = 1.2
"""The usual parameters of BM25: how much length counts, how soon repetition stops to count."""


def weighted_tokens(plan: Plan) -> Iterable[tuple[str, str, float]]:
    """Give every field and token that speaks for an entry, and how loudly."""
    fields = [
        ("folded", plan.words.folded, FOLDED),
        ("folded_bigrams", plan.folded_bigrams, FOLDED_BIGRAMS),
        ("title", plan.words.folded, TITLE),
        ("title_bigrams", plan.folded_bigrams, TITLE_BIGRAMS),
        ("numbers", plan.numbers, NUMBERS),
    ]
    if plan.words.marked:
        fields += [
            ("exact", plan.words.exact, EXACT),
            ("exact_bigrams", plan.exact_bigrams, EXACT_BIGRAMS),
        ]
    for field, tokens, weight in fields:
        for token in dict.fromkeys(tokens):
            yield field, token, weight
