"""Evidence: what the catalogue knows that may tell where an undecided old address belongs.

Everything is found by look-ups of an index: digests, numbers, ids, slugs and runs of their words,
for many addresses in the same statements; no document is read because it exists. The judging is
`redirects.suggest`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, func, select

from catalogue.clues import Clues, LinkTexts
from catalogue.document import DocumentKind, DocumentState
from catalogue.heirs import Heirs
from catalogue.schema import capture, document, mapping
from catalogue.search.engine import SearchEngine, SearchError
from catalogue.search.query import Query
from catalogue.sites import Sites
from redirects.clues import ids_of, shape_clue, shape_of, slug, slugs_of, sought_by
from redirects.mapping import CanonicalUrl
from redirects.suggest import AUTO_ACCEPT, Candidate, OldAddress, Suggestion, same_ids, suggest

AT_ONCE = 100
"""Addresses whose evidence is gathered in the same statements."""

MOST_CANDIDATES = 60
"""Candidates judged for one address: those that most clues lead to."""

_HITS = 10
_SAMPLE = 24  # documents that teach which shapes of addresses bear the same ids
_TAUGHT = 3  # of them must agree
_CHUNK = 400
_SHOWN = (DocumentState.IMPORTED, DocumentState.ACCEPTED)
_EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

Asked = tuple[str, CanonicalUrl]
"""An undecided address: the name of its site, and its key."""


@dataclass(slots=True)
class _Held:
    """A document as it is judged."""

    row: Row[Any]
    keys: list[CanonicalUrl] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Known:
    """What was found for one address."""

    votes: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    titles: list[str] = field(default_factory=list)
    digests: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)


class Evidence:
    """Gathers evidence and has it judged, inside the transaction of one connection."""

    def __init__(self, connection: Connection, engine: SearchEngine | None = None) -> None:
        """Search with `engine` for what clues did not settle; without one, do without."""
        self._connection = connection
        self._engine = engine
        self._sites = Sites(connection)
        self._clues = Clues(connection)
        self._heirs = Heirs(connection)
        self._kin: dict[str, dict[str, bool]] = {}

    def suggestions(self, asked: Sequence[Asked], limit: int = 5) -> list[list[Suggestion]]:
        """Return, for each address, the likeliest pages of the new portal, best first."""
        found: list[list[Suggestion]] = []
        for start in range(0, len(asked), AT_ONCE):
            found += self._judge(asked[start : start + AT_ONCE], limit)
        return found

    def _judge(self, asked: Sequence[Asked], limit: int) -> list[list[Suggestion]]:
        known = self._look_up(asked)
        held = self._hold({each for one in known.values() for each in _likeliest(one)})
        heirs = self._heirs.of(asked)
        judged = []
        for site, key in asked:
            one = known[key]
            address = OldAddress(
                key, tuple(one.titles), frozenset(one.digests), self._kin_of(key, held, one)
            )
            candidates = [
                *self._candidates(site, one, held),
                *(each for each in heirs.get(key, ()) if each.target not in one.refused),
            ]
            ranked = suggest(address, candidates, limit)
            if self._engine is not None and (not ranked or ranked[0].score < AUTO_ACCEPT):
                ranked = self._searched(address, site, candidates, one.refused, limit=limit)
            judged.append(ranked)
        return judged

    # What is known of the addresses themselves.

    def _look_up(self, asked: Sequence[Asked]) -> dict[CanonicalUrl, _Known]:
        known = {key: _Known() for _, key in asked}
        keys = sorted(known)
        for key, text in LinkTexts(self._connection).of(keys).items():
            known[key].titles.append(text)
        self._add_documents(keys, known)
        self._add_captures(keys, known)
        refused = select(mapping.c.key, mapping.c.target).where(
            mapping.c.key.in_(keys), mapping.c.state == "refused"
        )
        for row in self._connection.execute(refused):
            known[CanonicalUrl(row.key)].refused.add(row.target)
        self._add_votes(asked, known)
        return known

    def _add_documents(
        self, keys: Sequence[CanonicalUrl], known: dict[CanonicalUrl, _Known]
    ) -> None:
        """The documents read from the addresses, whatever became of them, and their equals."""
        columns = (document.c.key, document.c.title, document.c.text_digest)
        digests: defaultdict[str, list[CanonicalUrl]] = defaultdict(list)
        for row in self._connection.execute(select(*columns).where(document.c.key.in_(keys))):
            known[CanonicalUrl(row.key)].titles.append(row.title)
            digests[row.text_digest].append(CanonicalUrl(row.key))
        alike = (
            select(document.c.text_digest, _HEAD)
            .where(document.c.text_digest.in_(sorted(digests)))
            .distinct()
        )
        for found in self._connection.execute(alike) if digests else ():
            for key in digests[found.text_digest]:
                known[key].votes[found.head] += MOST_CANDIDATES
                known[key].digests.add(found.text_digest)

    def _add_captures(
        self, keys: Sequence[CanonicalUrl], known: dict[CanonicalUrl, _Known]
    ) -> None:
        """The documents whose captures are, byte for byte, what the addresses once answered."""
        own = select(capture.c.key, capture.c.digest).where(
            capture.c.key.in_(keys),
            capture.c.status == 200,  # noqa: PLR2004 - HTTP OK
            capture.c.length > 0,
        )
        digests: defaultdict[str, set[CanonicalUrl]] = defaultdict(set)
        for row in self._connection.execute(own):
            if row.digest != _EMPTY:
                digests[row.digest].add(CanonicalUrl(row.key))
        same = (
            select(capture.c.digest, _HEAD)
            .join(document, document.c.key == capture.c.key)
            .where(capture.c.digest.in_(sorted(digests)))
            .distinct()
        )
        for found in self._connection.execute(same) if digests else ():
            for key in digests[found.digest]:
                known[key].votes[found.head] += MOST_CANDIDATES
                known[key].digests.add(found.digest)

    def _add_votes(self, asked: Sequence[Asked], known: dict[CanonicalUrl, _Known]) -> None:
        sought = {
            key: sought_by(key, self._sites.id_of(site), known[key].titles) for site, key in asked
        }
        found = self._clues.documents_under(clue for clues in sought.values() for clue in clues)
        for key, clues in sought.items():
            for clue in clues:
                for document_id in found.get(clue, ()):
                    # A whole slug, a number or an id weighs more than a run of its words.
                    known[key].votes[document_id] += 1 if clue.startswith("w:") else _HITS

    # What is known of the documents.

    def _hold(self, ids: set[int]) -> dict[int, _Held]:
        held: dict[int, _Held] = {}
        wanted = sorted(ids)
        for start in range(0, len(wanted), _CHUNK):
            held |= self._hold_some(wanted[start : start + _CHUNK])
        return held

    def _hold_some(self, ids: Sequence[int]) -> dict[int, _Held]:
        chosen = document.c.id.in_(ids), document.c.state.in_(_SHOWN)
        held = {
            row.id: _Held(row) for row in self._connection.execute(select(*_READ).where(*chosen))
        }
        for each in held.values():
            each.keys.append(CanonicalUrl(each.row.key))
            each.digests.add(each.row.text_digest)
        copies = select(document.c.key, document.c.duplicate_of, document.c.text_digest).where(
            document.c.duplicate_of.in_(sorted(held))
        )
        for row in self._connection.execute(copies):
            held[row.duplicate_of].digests.add(row.text_digest)
        leading = select(mapping.c.key, mapping.c.target).where(
            mapping.c.target.in_([f"doc:{each}" for each in sorted(held)]),
            mapping.c.state != "refused",
        )
        for one in self._connection.execute(leading):
            held[int(one.target.removeprefix("doc:"))].keys.append(CanonicalUrl(one.key))
        self._add_bytes(held)
        return held

    def _add_bytes(self, held: dict[int, _Held]) -> None:
        of_key = {one.row.key: one for one in held.values()}
        rows = select(capture.c.key, capture.c.digest).where(capture.c.key.in_(sorted(of_key)))
        for row in self._connection.execute(rows):
            of_key[row.key].digests.add(row.digest)

    def _candidates(self, site: str, known: _Known, held: dict[int, _Held]) -> list[Candidate]:
        ids = [each for each in _likeliest(known) if each in held]
        found = [self._candidate(site, held[each]) for each in ids]
        return [each for each in found if each.target not in known.refused]

    def _candidate(self, site: str, one: _Held) -> Candidate:
        return Candidate(
            target=f"doc:{one.row.id}",
            title=one.row.title,
            keys=tuple(dict.fromkeys(one.keys)),
            number=one.row.number,
            published_on=one.row.published_on,
            digests=frozenset(one.digests),
            is_file=one.row.kind == DocumentKind.ATTACHMENT,
            same_site=one.row.site_id == self._sites.id_of(site),
        )

    # What other addresses teach, and what the index says.

    def _kin_of(
        self, key: CanonicalUrl, held: dict[int, _Held], known: _Known
    ) -> dict[str, bool] | None:
        """Say which shapes bear the same ids as this one, from documents that have both."""
        if not ids_of(key) or not any(each in held for each in known.votes):
            return None
        shape = shape_of(key)
        if shape not in self._kin:
            sample = self._clues.sample(shape_clue(shape), _SAMPLE)
            self._kin[shape] = _learn(shape, self._hold(set(sample)).values())
        return self._kin[shape]

    def _searched(
        self,
        address: OldAddress,
        site: str,
        candidates: Sequence[Candidate],
        refused: set[str],
        *,
        limit: int,
    ) -> list[Suggestion]:
        """Judge again with the search engine's best hits for the words of the address."""
        words = " ".join(address.titles[:1]) or next(iter(slugs_of(address.key)), "")
        places = {hit: place for place, hit in enumerate(self._hits(words.replace("-", " ")), 1)}
        known = {each.target: each for each in candidates}
        new = self._hold({each for each in places if f"doc:{each}" not in known})
        for document_id, one in new.items():
            candidate = self._candidate(site, one)
            if candidate.target not in refused:
                known[f"doc:{document_id}"] = candidate
        ranked = [
            replace(each, place=places.get(_document_id(each.target), 0)) for each in known.values()
        ]
        return suggest(address, ranked, limit)

    def _hits(self, words: str) -> list[int]:
        if self._engine is None or not slug(words):
            return []
        try:
            hits = self._engine.search(Query(text=words, limit=_HITS)).hits
        except SearchError:
            return []  # the console says that the index does not answer
        return [hit.document_id for hit in hits]


_HEAD = func.coalesce(document.c.duplicate_of, document.c.id).label("head")
_READ: tuple[Any, ...] = (
    document.c.id,
    document.c.site_id,
    document.c.kind,
    document.c.key,
    document.c.title,
    document.c.number,
    document.c.published_on,
    document.c.text_digest,
)


def document_of(target: str) -> int | None:
    """Return the document a suggestion's target names; None for a unit."""
    return _document_id(target) or None


def _document_id(target: str) -> int:
    kind, _, number = target.partition(":")
    return int(number) if kind == "doc" else 0


def _likeliest(known: _Known) -> list[int]:
    ranked = sorted(known.votes.items(), key=lambda pair: (-pair[1], pair[0]))
    return [each for each, _ in ranked[:MOST_CANDIDATES]]


def _learn(shape: str, taught_by: Iterable[_Held]) -> dict[str, bool]:
    """Compare the ids of this shape's addresses with those of the documents' other addresses."""
    agree: defaultdict[str, int] = defaultdict(int)
    differ: defaultdict[str, int] = defaultdict(int)
    for one in taught_by:
        mine = [ids_of(key) for key in one.keys if shape_of(key) == shape]
        for key in one.keys:
            other = shape_of(key)
            if other == shape or not ids_of(key) or not mine:
                continue
            equal = any(same_ids(ids, ids_of(key)) for ids in mine)
            (agree if equal else differ)[other] += 1
    taught = {other: True for other, times in agree.items() if times >= _TAUGHT > differ[other]}
    return taught | {other: False for other, times in differ.items() if times > agree[other]}
