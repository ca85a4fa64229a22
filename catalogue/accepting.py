"""Accepting: suggestions for what visitors asked for become decisions, never by themselves.

An editor accepts one; an operator accepts all above a limit, as one batch that can be taken back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from catalogue.audit import Batch
from catalogue.decisions import import_mappings
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.evidence import Evidence, document_of
from catalogue.misses import Miss, Misses
from catalogue.schema import mapping, miss
from catalogue.search.engine import SearchEngine
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.suggest import Suggestion

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """A miss and what may have become of it, likeliest first."""

    miss: Miss
    suggestions: tuple[Suggestion, ...]

    @property
    def best(self) -> Suggestion | None:
        """The likeliest page, if any is likely at all."""
        return next(iter(self.suggestions), None)


def undecided(connection: Connection, site: str | None, limit: int) -> list[Miss]:
    """Return the addresses nobody has decided: misses, most visited first, then `unresolved`.

    An unresolved mapping that nobody asked for yet (it came from a log or a list) has no visits.
    """
    found = Misses(connection).listing(site, limit=limit)
    sites = Sites(connection)
    rows = select(mapping.c.site_id, mapping.c.key, mapping.c.raw, mapping.c.updated_at).where(
        mapping.c.state == "active",
        mapping.c.kind == MappingKind.UNRESOLVED,
        mapping.c.key.not_in(select(miss.c.key)),
    )
    if site is not None:
        rows = rows.where(mapping.c.site_id == sites.id_of(site))
    for row in connection.execute(rows.order_by(mapping.c.id).limit(limit - len(found))):
        on = row.updated_at.date()
        name = sites.name_of(row.site_id)
        found.append(Miss(0, name, CanonicalUrl(row.key), row.raw, 0, on, on))
    return found


def offers(
    connection: Connection, misses: Sequence[Miss], engine: SearchEngine | None, limit: int = 5
) -> list[Offer]:
    """Suggest pages for each miss."""
    found = Evidence(connection, engine).suggestions([(one.site, one.key) for one in misses], limit)
    return [Offer(one, tuple(suggestions)) for one, suggestions in zip(misses, found, strict=True)]


def acceptable(connection: Connection, offered: Sequence[Offer], *, least: float) -> list[Offer]:
    """Return the offers that may be accepted unseen: surer than `least`, and the page is public.

    What somebody has decided in the meantime is left out.
    """
    sure = [one for one in offered if one.best is not None and one.best.score >= least]
    wanted = [document_of(best.candidate.target) for one in sure if (best := one.best)]
    documents = Documents(connection).by_ids([each for each in wanted if each is not None])
    public = {each.id for each in documents if each.state is DocumentState.ACCEPTED}
    decided = _decided(connection, [one.miss.key for one in sure])
    return [
        one
        for one, document_id in zip(sure, wanted, strict=True)
        if (document_id is None or document_id in public) and one.miss.key not in decided
    ]


def accept(
    connection: Connection, offered: Sequence[Offer], *, editor: str, now: datetime
) -> Batch:
    """Make the best suggestion of each offer a decision, all in one batch."""
    placed = [
        (one.miss.site, Mapping(one.miss.key, one.miss.raw, MappingKind.MOVED, target))
        for one in offered
        if one.best is not None and (target := one.best.candidate.target)
    ]
    return import_mappings(connection, placed, editor=editor, now=now, source="suggestion")


def _decided(connection: Connection, keys: Sequence[CanonicalUrl]) -> set[CanonicalUrl]:
    """Return those addresses of which somebody has decided what becomes."""
    found: set[CanonicalUrl] = set()
    for start in range(0, len(keys), _CHUNK):
        rows = select(mapping.c.key).where(
            mapping.c.key.in_(keys[start : start + _CHUNK]),
            mapping.c.state == "active",
            mapping.c.kind != MappingKind.UNRESOLVED,
        )
        found.update(CanonicalUrl(key) for key in connection.execute(rows).scalars())
    return found
