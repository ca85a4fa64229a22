"""Suggesting: which documents an old address that nobody decided may have meant."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.search.engine import SearchError
from catalogue.search.query import Query
from gateway.console.index import Index
from gateway.i18n import _
from redirects.suggest import Candidate, slug_of, suggest

SUGGESTIONS = 3
CANDIDATES = 30

WHY = {"slug": _("giống chữ trong địa chỉ"), "title": _("giống tiêu đề cũ")}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A document that may be meant, how likely (0 to 1) and why."""

    document_id: int
    title: str
    score: float
    why: str


class Suggesting:
    """Finds documents by the words of an address: published ones by search, others by title."""

    def __init__(self, index: Index) -> None:
        self._index = index

    def suggest(self, connection: Connection, address: str) -> list[Suggestion]:
        """Return up to three documents, the likeliest first."""
        words = slug_of(address).replace("-", " ")
        if not words:
            return []
        found = {each.id: each for each in self._searched(words) + _titled(connection, words)}
        return [
            Suggestion(int(each.candidate.id), each.candidate.title, each.score, WHY[each.reason])
            for each in suggest(address, None, found.values(), SUGGESTIONS)
        ]

    def _searched(self, words: str) -> list[Candidate]:
        try:
            hits = self._index.engine().search(Query(text=words, limit=CANDIDATES)).hits
        except SearchError:
            return []  # the inbox says that the index does not answer
        return [Candidate(str(hit.document_id), hit.title) for hit in hits]


def _titled(connection: Connection, words: str) -> list[Candidate]:
    rows = Documents(connection).listing(DocumentFilter(text=words), limit=CANDIDATES)
    return [Candidate(str(row.id), row.title, row.slug) for row in rows]
