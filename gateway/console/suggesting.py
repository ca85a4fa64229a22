"""Suggesting: what an old address that nobody decided may have become, as an editor reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from catalogue.accepting import Offer, offers
from catalogue.evidence import Evidence, document_of
from catalogue.misses import Miss
from catalogue.search.engine import SearchEngine, SearchError
from gateway.console.index import Index
from gateway.i18n import _
from redirects import suggest as ranking
from redirects.sites import Sites
from redirects.suggest import Reason

SUGGESTIONS = 3

WHY: dict[Reason, str] = {
    Reason.CONTENT: _("cùng nội dung"),
    Reason.SLUG: _("giống chữ trong địa chỉ"),
    Reason.TITLE: _("giống tiêu đề cũ"),
    Reason.NUMBER: _("cùng số ký hiệu"),
    Reason.ID: _("cùng mã trong hệ thống cũ"),
    Reason.DATE: _("cùng ngày"),
    Reason.UNIT: _("đơn vị kế thừa"),
    Reason.SEARCH: _("tìm kiếm thấy"),
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A page that may be meant, how likely (0 to 1) and why, the weightiest reason first."""

    target: str
    title: str
    score: float
    why: tuple[str, ...]

    @property
    def document_id(self) -> int | None:
        """The document it is; None for the page of a unit."""
        return document_of(self.target)


@dataclass(frozen=True, slots=True)
class MissLine:
    """A miss with what is suggested for it; `ready` says that the first leads to a public page."""

    miss: Miss
    suggestions: tuple[Suggestion, ...]
    ready: bool


class Suggesting:
    """Finds what addresses may have become, with the search index where it answers."""

    def __init__(self, index: Index, sites: Sites) -> None:
        self._index = index
        self._sites = sites

    def suggest(self, connection: Connection, address: str) -> list[Suggestion]:
        """Return up to three pages for one address, the likeliest first."""
        found = self._sites.key_of(address) if address else None
        if found is None:
            return []
        site, key = found
        evidence = Evidence(connection, self._engine())
        (suggestions,) = evidence.suggestions([(site.name, key)], SUGGESTIONS)
        return [_spoken(each) for each in suggestions]

    def offers(self, connection: Connection, misses: Sequence[Miss]) -> list[Offer]:
        """Return up to three pages for each miss."""
        return offers(connection, misses, self._engine(), SUGGESTIONS)

    def _engine(self) -> SearchEngine | None:
        try:
            return self._index.engine()
        except SearchError:
            return None  # the inbox says that the index does not answer


def line_of(offer: Offer, *, ready: bool) -> MissLine:
    """Say an offer in an editor's words."""
    return MissLine(offer.miss, tuple(_spoken(each) for each in offer.suggestions), ready)


def _spoken(found: ranking.Suggestion) -> Suggestion:
    why = tuple(WHY[reason] for reason in found.reasons)
    return Suggestion(found.candidate.target, found.candidate.title, found.score, why)
