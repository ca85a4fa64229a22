"""Reviewing many documents: the list with its filters, clusters, and decisions taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from catalogue.clusters import Cluster, Clusters, Traits
from catalogue.database import Database
from catalogue.decisions import take
from catalogue.document import Document, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.queue import Queue
from catalogue.review import Decision, ReviewError, Verb, decide
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.filters import Place, Places, traits_fields, traits_in
from gateway.console.form import Form
from gateway.console.pages import Pages
from gateway.console.visit import Visit

PAGE_SIZE = 50
CLUSTERS_SHOWN = 6
SAMPLE_SIZE = 10
BULK_VERBS = (Verb.ACCEPT, Verb.REJECT, Verb.QUARANTINE, Verb.REOPEN)


@dataclass(frozen=True, slots=True)
class Selection:
    """What a bulk decision is about: chosen documents, a cluster, or a whole filter."""

    ids: tuple[int, ...]
    traits: Traits | None
    whole_filter: bool


def decisions_for(documents: Sequence[Document], verb: Verb) -> list[Decision]:
    """Return the decisions that change something: duplicates follow their heads."""
    decisions = []
    for document in documents:
        decision = Decision(document.id, verb)
        try:
            changes = decide(document, decision) != document
        except ReviewError:
            continue
        if changes:
            decisions.append(decision)
    return decisions


class Reviewing:
    """The list of documents and its bulk decisions."""

    def __init__(self, database: Database, pages: Pages, places: Places) -> None:
        self._database = database
        self._pages = pages
        self._places = places

    def list(self, visit: Visit) -> Response:
        """The documents of a filter, page by page, with facets and clusters."""
        place = self._places.read(visit.params)
        by_template = visit.params.one("theo") == "mau"
        with self._database.reading() as connection:
            documents = Documents(connection)
            rows = documents.listing(place.filters, after=place.after, limit=PAGE_SIZE + 1)
            shown = rows[:PAGE_SIZE]
            first = shown[0].id if shown else place.after + 1
            return self._pages.answer(
                visit,
                "documents.html",
                tab=addresses.DOCUMENTS,
                place=place,
                documents=shown,
                facets=documents.facets(place.filters),
                clusters=_clusters(connection, place.filters, by_template=by_template),
                by_template=by_template,
                traits_fields=traits_fields,
                next_after=shown[-1].id if len(rows) > PAGE_SIZE else None,
                before=Queue(connection).page_before(place.filters, first, PAGE_SIZE),
                notice=notice_of(connection, visit),
            )

    def decide(self, visit: Visit) -> Response:
        """Take one decision on many documents; a whole filter is shown first."""
        place = self._places.read(visit.form)
        verb = _verb(visit.form)
        if verb is None:
            return RedirectResponse(f"{addresses.DOCUMENTS}?{place.query}", 303)
        selection = _selection(visit.form)
        with self._database.writing() as connection:
            ids = _ids(connection, place.filters, selection)
            decisions = decisions_for(Documents(connection).by_ids(ids), verb)
            if selection.whole_filter and not _is_confirmed(visit.form, decisions):
                return self._preview(visit, connection, place, verb, decisions)
            back = f"{addresses.DOCUMENTS}?{place.query}"
            if decisions:
                batch = take(connection, decisions, editor=visit.editor.name, now=visit.now)
                back = addresses.with_notice(back, batch.id)
        return RedirectResponse(back, 303)

    def _preview(
        self,
        visit: Visit,
        connection: Connection,
        place: Place,
        verb: Verb,
        decisions: Sequence[Decision],
    ) -> Response:
        ids = [decision.document_id for decision in decisions]
        # Seeded by what is sampled: the same filter shows the same ten, another filter others.
        chosen = Random(f"{ids[:1]}{len(ids)}").sample(ids, min(SAMPLE_SIZE, len(ids)))  # noqa: S311 - a sample for the eye
        return self._pages.answer(
            visit,
            "bulk.html",
            tab=addresses.DOCUMENTS,
            place=place,
            verb=verb,
            count=len(decisions),
            last_id=max(ids, default=0),
            samples=Documents(connection).by_ids(sorted(chosen)),
        )


def _clusters(
    connection: Connection, filters: DocumentFilter, *, by_template: bool
) -> list[Cluster]:
    if filters.state in (None, DocumentState.DUPLICATE):
        return []  # a verb would mean something else for each of its documents, or nothing
    clusters = Clusters(connection)
    group = clusters.by_template if by_template else clusters.by_traits
    return group(filters, CLUSTERS_SHOWN)


def _verb(form: Form) -> Verb | None:
    return next((verb for verb in BULK_VERBS if verb.value == form.one("viec")), None)


def _selection(form: Form) -> Selection:
    traits = traits_in(form)
    return Selection(
        ids=tuple(form.ids("chon")),
        traits=traits,
        whole_filter=traits is None and form.one("pham-vi") == "loc",
    )


def _ids(connection: Connection, filters: DocumentFilter, selection: Selection) -> list[int]:
    if selection.traits is not None:
        return Clusters(connection).ids(filters, selection.traits)
    if selection.whole_filter:
        return Documents(connection).ids(filters)
    return list(selection.ids)


def _is_confirmed(form: Form, decisions: Sequence[Decision]) -> bool:
    """Say whether what is about to be decided is what the editor saw, or less.

    Documents imported or reopened since the preview make it another question: it is asked again.
    """
    seen, last_id = form.number("so-luong"), form.number("den")
    if seen is None or last_id is None:
        return False
    newest = max((decision.document_id for decision in decisions), default=0)
    return len(decisions) <= seen and newest <= last_id
