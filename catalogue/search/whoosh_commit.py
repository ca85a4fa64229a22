# mypy: disallow-untyped-calls=False
# (Whoosh is only half annotated.)
"""One commit of a Whoosh index as read: its columns, and the scored postings of its tokens.

Whoosh keeps the postings; sets and sums over them are ours. Its own matchers lose or repeat scores
when a query mixes what must match with what may (AndMaybe, Require), and step through one posting
at a time in Python, where a set or an array does a thousand.
"""

from __future__ import annotations

import heapq
import json
from array import array
from bisect import bisect_left
from collections import Counter, OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from whoosh.query.positional import Phrase

from catalogue.search import bm25
from catalogue.search.engine import FACETS
from catalogue.search.kept_entry import encodable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from whoosh.index import FileIndex
    from whoosh.searching import Searcher

CACHED_POSTINGS = 2_000_000
"""Postings kept in memory, 12 bytes each: the common syllables, which cost most, stay."""

_FEW = 16
_TITLE_FIELDS = ("title", "title_bigrams")


@dataclass(frozen=True, slots=True)
class Postings:
    """Which entries hold a token, by Whoosh's document number, and what it earns each."""

    numbers: array[int] = field(default_factory=lambda: array("I"))
    scores: array[float] = field(default_factory=lambda: array("d"))


class SegmentColumns:
    """Identity, facets, date and lengths of each entry of one segment, which never change."""

    def __init__(self, reader: Any) -> None:
        def column(name: str) -> list[Any]:
            values = reader.column_reader(name)
            return [values[number] for number in range(reader.doc_count_all())]

        self.identities = column("identity")
        self.facets = column("facets")
        self.published = column("published")
        self.words = column("words")
        self.title_words = column("title_words")


class Commit:
    """One commit. Safe to share between threads: each borrows a searcher of its own."""

    def __init__(self, index: FileIndex, known: dict[str, SegmentColumns]) -> None:
        """Read the columns of an index, taking those of `known` segments as they are."""
        self._index = index
        self._idle: list[Searcher] = []
        self._cache: OrderedDict[tuple[str, str], Postings] = OrderedDict()
        self._cached = 0
        self._lock = Lock()
        self.segments: dict[str, SegmentColumns] = {}
        searcher = index.searcher()
        self.generation = searcher.reader().generation()
        for reader, _ in searcher.reader().leaf_readers():
            segment = reader.segment()
            if segment is not None:  # an empty index has a reader and no segment
                name = segment.segment_id()
                self.segments[name] = known.get(name) or SegmentColumns(reader)
        parts = self.segments.values()
        self.identities = [value for part in parts for value in part.identities]
        self._facets = [value for part in parts for value in part.facets]
        self._published = [value for part in parts for value in part.published]
        self.live = frozenset(searcher.reader().all_doc_ids()) if parts else frozenset()
        self._norms = self._length_norms([value for part in parts for value in part.words])
        self._title_norms = self._length_norms(
            [value for part in parts for value in part.title_words]
        )
        self._idle.append(searcher)

    @contextmanager
    def searcher(self) -> Iterator[Searcher]:
        """Lend a searcher; Whoosh's are not to be shared between threads."""
        try:
            searcher = self._idle.pop()
        except IndexError:
            searcher = self._index.searcher()
        try:
            yield searcher
        finally:
            self._idle.append(searcher)

    def close(self) -> None:
        """Close the searchers nobody has borrowed."""
        while self._idle:
            self._idle.pop().close()

    def postings(self, searcher: Searcher, name: str, token: str) -> Postings:
        """Give the scored postings of one token in one field."""
        key = (name, token)
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        found = self._read(searcher, name, encodable(token))
        with self._lock:
            if key not in self._cache:
                self._cache[key] = found
                self._cached += len(found.numbers)
            while self._cached > CACHED_POSTINGS:
                _, dropped = self._cache.popitem(last=False)
                self._cached -= len(dropped.numbers)
        return found

    def phrase(self, searcher: Searcher, name: str, tokens: tuple[str, ...]) -> set[int]:
        """Give the entries in which these tokens stand side by side."""
        if len(tokens) == 1:
            return set(self.postings(searcher, name, tokens[0]).numbers)
        return set(searcher.docs_for_query(Phrase(name, list(tokens))))

    def count(self, found: Iterable[int]) -> dict[str, dict[str, int]]:
        """Count each facet's values over what was found, most frequent first."""
        counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        for values, times in Counter(map(self._facets.__getitem__, found)).items():
            for name, names in json.loads(values).items():
                for value in names:
                    counts[name][value] += times
        return {
            name: dict(sorted(counter.items(), key=lambda pair: (-pair[1], pair[0])))
            for name, counter in counts.items()
        }

    def newest(self, found: Iterable[int], limit: int) -> list[tuple[int, float]]:
        """Give the newest of what was found; what has no date comes last."""
        newest = heapq.nlargest(limit, found, key=self._freshness)
        return [(number, 0.0) for number in newest]

    def best(
        self, found: Collection[int], speaking: Iterable[tuple[Postings, float]], limit: int
    ) -> list[tuple[int, float]]:
        """Give the best of what was found, by the weighted sum of what its tokens earn.

        Between equals the newer one comes first.
        """
        earned = array("d", bytes(8 * len(self.identities)))
        for postings, weight in speaking:
            if len(found) * _FEW < len(postings.numbers):
                _add_few(earned, found, postings, weight)
            else:
                for number, score in zip(postings.numbers, postings.scores, strict=True):
                    earned[number] += weight * score
        best = heapq.nlargest(
            limit, found, key=lambda number: (earned[number], *self._freshness(number))
        )
        return [(number, earned[number]) for number in best]

    def _freshness(self, number: int) -> tuple[bytes, int]:
        return self._published[number], -self.identities[number]

    def _length_norms(self, lengths: list[int]) -> list[float]:
        average = sum(lengths[number] for number in self.live) / max(1, len(self.live))
        return [bm25.length_norm(length, average) for length in lengths]

    def _read(self, searcher: Searcher, name: str, token: str) -> Postings:
        reader = searcher.reader()
        if (name, token) not in reader:  # type: ignore[operator]  # Whoosh declares no __contains__
            return Postings()
        frequencies = _frequencies(reader.postings(name, token))
        norms = self._title_norms if name in _TITLE_FIELDS else self._norms
        rarity = bm25.rarity(len(frequencies), len(self.live))
        return Postings(
            numbers=array("I", [number for number, _ in frequencies]),
            scores=array(
                "d",
                [rarity * bm25.saturate(times, norms[number]) for number, times in frequencies],
            ),
        )


def _frequencies(matcher: Any) -> list[tuple[int, float]]:
    frequencies = []
    while matcher.is_active():
        frequencies.append((matcher.id(), matcher.weight()))
        matcher.next()
    return frequencies


def _add_few(earned: array[float], found: Iterable[int], postings: Postings, weight: float) -> None:
    for number in found:
        at = bisect_left(postings.numbers, number)
        if at < len(postings.numbers) and postings.numbers[at] == number:
            earned[number] += weight * postings.scores[at]
