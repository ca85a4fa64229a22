"""A search engine in memory, written for clarity: what every other engine is compared with."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogue.search import weights
from catalogue.search.analysis import ANALYSIS_VERSION
from catalogue.search.engine import FACETS, Entry, Health, Hit, Hits, SearchUnavailable
from catalogue.search.entry_tokens import read_entry, suggestion_keys, suggestion_prefix
from catalogue.search.highlight import highlight, snippet
from catalogue.search.query import Plan, Query, Rung, Words, parse_query

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class _Kept:
    entry: Entry
    streams: dict[str, list[str]]

    def facets(self) -> dict[str, list[str]]:
        entry = self.entry
        year = [str(entry.published_on.year)] if entry.published_on else []
        return {
            "site": [entry.site] if entry.site else [],
            "section": [entry.section] if entry.section else [],
            "kind": [entry.kind] if entry.kind else [],
            "year": year,
            "unit": list(dict.fromkeys(entry.unit_codes)),
        }


class ReferenceEngine:
    """A `SearchEngine` that keeps everything in a dictionary and counts everything anew."""

    def __init__(self) -> None:
        self._kept: dict[int, _Kept] | None = {}

    def apply(self, entries: Iterable[Entry], removed: Iterable[int] = ()) -> None:
        after = dict(self._all())
        for document_id in removed:
            after.pop(document_id, None)
        seen: set[int] = set()
        for entry in entries:
            if entry.document_id in seen:
                raise ValueError(f"document {entry.document_id} is given twice")
            seen.add(entry.document_id)
            tokens = read_entry(entry)
            streams = {
                name: getattr(tokens, name)
                for name in (
                    *("folded", "exact", "folded_bigrams", "exact_bigrams"),
                    *("title", "title_bigrams", "numbers"),
                )
            }
            after[entry.document_id] = _Kept(entry, streams)
        self._kept = after

    def search(self, query: Query) -> Hits:
        plan = parse_query(query.text)
        allowed = [kept for kept in self._all().values() if _allowed(kept, plan, query)]
        found: list[_Kept] = []
        rung = plan.rungs[0]
        for rung in plan.rungs:
            found = [kept for kept in allowed if _matches(kept, plan, rung)]
            if found:
                break
        by_date = query.sort == "date" or plan.asks_for_nothing
        scores = {
            kept.entry.document_id: 0.0 if by_date else self._score(kept, plan) for kept in found
        }

        def order(kept: _Kept) -> tuple[float, str, int]:
            published = kept.entry.published_on
            document_id = kept.entry.document_id
            return scores[document_id], str(published or ""), -document_id

        page = sorted(found, key=order, reverse=True)[query.offset : query.offset + query.limit]
        return Hits(
            hits=tuple(_hit(kept.entry, scores[kept.entry.document_id], plan) for kept in page),
            total=len(found),
            facets=_count(found),
            loosened=bool(found) and rung is not plan.rungs[0],
            truncated=plan.truncated,
        )

    def suggest(self, prefix: str, limit: int) -> list[str]:
        typed = suggestion_prefix(prefix)
        if not typed:
            return []
        keyed = sorted(
            (key, kept.entry.title)
            for kept in self._all().values()
            for key in suggestion_keys(kept.entry.title)
            if key[1:].startswith(typed)
        )
        return list(dict.fromkeys(title for _, title in keyed))[:limit]

    def count(self) -> int:
        return len(self._all())

    def document_ids(self) -> set[int]:
        return set(self._all())

    def health(self) -> Health:
        return Health(
            ok=self._kept is not None,
            engine="reference",
            analysis_version=ANALYSIS_VERSION,
            entries=len(self._kept or {}),
        )

    def close(self) -> None:
        self._kept = None

    def _all(self) -> dict[int, _Kept]:
        if self._kept is None:
            raise SearchUnavailable("the reference index is closed")
        return self._kept

    def _score(self, kept: _Kept, plan: Plan) -> float:
        return sum(
            weight * self._bm25(kept, name, token)
            for name, token, weight in weights.weighted_tokens(plan)
        )

    def _bm25(self, kept: _Kept, name: str, token: str) -> float:
        everything = self._all().values()
        length_of = "title" if name.startswith("title") else "folded"
        frequency = Counter(kept.streams[name])[token]
        if not frequency:
            return 0.0
        holding = sum(token in other.streams[name] for other in everything)
        average = sum(len(other.streams[length_of]) for other in everything) / len(everything)
        length = len(kept.streams[length_of])
        rarity = math.log(1 + (len(everything) - holding + 0.5) / (holding + 0.5))
        norm = 1 - weights.B + weights.B * length / average
        return rarity * frequency * (weights.K1 + 1) / (frequency + weights.K1 * norm)


def _allowed(kept: _Kept, plan: Plan, query: Query) -> bool:
    wanted = {
        "site": query.site,
        "section": query.section,
        "kind": query.kind,
        "unit": query.unit,
        "year": None if query.year is None else str(query.year),
    }
    facets = kept.facets()
    return (
        all(value is None or value in facets[name] for name, value in wanted.items())
        and all(_holds(kept, words) for words in plan.phrases)
        and not any(_holds(kept, words) for words in plan.excluded)
    )


def _holds(kept: _Kept, words: Words) -> bool:
    stream = kept.streams["exact" if words.marked else "folded"]
    size = len(words.spelling)
    return any(
        tuple(stream[start : start + size]) == words.spelling
        for start in range(len(stream) - size + 1)
    )


def _matches(kept: _Kept, plan: Plan, rung: Rung) -> bool:
    words = set(plan.words.folded)
    held = words & set(kept.streams["folded"])
    if not words or rung is Rung.ALL:
        return held == words
    if rung is Rung.ANY:
        return bool(held)
    return len(held) >= plan.most or bool(set(plan.numbers) & set(kept.streams["numbers"]))


def _count(found: list[_Kept]) -> dict[str, dict[str, int]]:
    counts = {
        name: Counter(value for kept in found for value in kept.facets()[name]) for name in FACETS
    }
    return {name: dict(counter) for name, counter in counts.items()}


def _hit(entry: Entry, score: float, plan: Plan) -> Hit:
    return Hit(
        document_id=entry.document_id,
        score=score,
        title=entry.title,
        url=entry.url,
        snippet=snippet(entry.body, plan),
        site=entry.site,
        site_title=entry.site_title,
        section=entry.section,
        kind=entry.kind,
        published_on=entry.published_on,
        has_attachment=entry.has_attachment,
        title_segments=highlight(entry.title, plan),
    )
