"""A plan as tantivy's query objects, built piece by piece: no text of a visitor is ever parsed.

What must match earns nothing, and what earns need not match, so the score is the same weighted
sum for every rung.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tantivy import Occur, Query

from catalogue.search import weights
from catalogue.search.kept_entry import filter_values
from catalogue.search.query import Rung

if TYPE_CHECKING:
    from tantivy import Schema

    from catalogue.search.query import Plan, Words
    from catalogue.search.query import Query as Asked


def matching(schema: Schema, plan: Plan, asked: Asked, rung: Rung) -> Query:
    """Give what an entry must hold at this rung, filters and exclusions included."""
    clauses = [(Occur.Must, _held(schema, plan, rung))]
    clauses += [
        (Occur.Must, Query.term_query(schema, name, value))
        for name, value in filter_values(asked).items()
    ]
    clauses += [(Occur.Must, _phrase(schema, words)) for words in plan.phrases]
    clauses += [(Occur.MustNot, _phrase(schema, words)) for words in plan.excluded]
    return Query.boolean_query(clauses)


def scoring(schema: Schema, plan: Plan, matching: Query) -> Query:
    """Give the weighted sum over whatever speaks for the entries that match."""
    clauses = [(Occur.Must, Query.const_score_query(matching, 0.0))]
    clauses += [
        (Occur.Should, Query.boost_query(Query.term_query(schema, name, token), weight))
        for name, token, weight in weights.weighted_tokens(plan)
    ]
    return Query.boolean_query(clauses)


def _held(schema: Schema, plan: Plan, rung: Rung) -> Query:
    if plan.asks_for_nothing:
        return Query.all_query()
    words = [Query.term_query(schema, "folded", word) for word in dict.fromkeys(plan.words.folded)]
    match rung:
        case Rung.ALL:
            return Query.boolean_query([(Occur.Must, word) for word in words])
        case Rung.MOST:
            most = Query.boolean_query([(Occur.Should, word) for word in words], plan.most)
            numbers = [Query.term_query(schema, "numbers", key) for key in plan.numbers]
            return Query.boolean_query([(Occur.Should, way) for way in (most, *numbers)])
        case Rung.ANY:
            return Query.boolean_query([(Occur.Should, word) for word in words])


def _phrase(schema: Schema, words: Words) -> Query:
    name = "exact" if words.marked else "folded"
    if len(words.spelling) == 1:
        return Query.term_query(schema, name, words.spelling[0])
    return Query.phrase_query(schema, name, list(words.spelling))
