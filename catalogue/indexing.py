"""Indexing: bring the search index level with the catalogue, a few documents at a time.

Decisions mark their documents as due in the same transaction. Whoever indexes takes some, applies
them to the index, and only then clears them: a crash in between indexes them again, which changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime

from catalogue.database import Database
from catalogue.document import Document, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.search.engine import Entry, SearchEngine
from catalogue.sites import Sites
from catalogue.unit_table import UnitTable
from redirects.site import Site

AT_ONCE = 500
"""Documents in one commit of a rebuild: what fits in memory with its text."""


def entry_of(
    document: Document, body: DocumentBody, site: Site, units: Mapping[str, tuple[str, ...]]
) -> Entry:
    """Return a document as it is indexed.

    `units` gives for a unit's code that code and those of its successors: a document of a unit
    that is no more is found under the unit that took its place.
    """
    code = document.unit or site.unit
    return Entry(
        document_id=document.id,
        title=document.title,
        body=body.text,
        url=document.path,
        site=document.site,
        site_title=site.title,
        number=document.number or "",
        section=document.section,
        kind=document.kind.value,
        unit_codes=() if code is None else units.get(code, (code,)),
        published_on=document.published_on,
        has_attachment=bool(body.attachments) or document.kind is DocumentKind.ATTACHMENT,
    )


def bring_up_to_date(database: Database, engine: SearchEngine, *, limit: int) -> int:
    """Index up to `limit` documents that are due; return how many were.

    Accepted documents are added or replaced, all others removed. Raises SearchError when the
    index cannot be written; the documents stay due.
    """
    with database.reading() as connection:
        if not Documents(connection).count_due():
            return 0
    with database.writing() as connection:
        ids = Documents(connection).due_for_index(limit)
    entries = _entries(database, ids)
    public = {entry.document_id for entry in entries}
    engine.apply(entries, removed=[each for each in ids if each not in public])
    with database.writing() as connection:
        Documents(connection).clear_due(ids)
    return len(ids)


def accepted_entries(database: Database) -> Iterator[Entry]:
    """Walk the entries of every accepted document, for an engine that builds beside and swaps."""
    with database.reading() as connection:
        ids = Documents(connection).ids(DocumentFilter(state=DocumentState.ACCEPTED))
    for start in range(0, len(ids), AT_ONCE):
        yield from _entries(database, ids[start : start + AT_ONCE])


def rebuild(
    database: Database, build: Callable[[Iterable[Entry]], SearchEngine], *, since: datetime
) -> int:
    """Build an index beside the old one by `build`, which swaps it in, and catch up.

    What was decided after `since`, the moment this began, is indexed once more: whoever indexed
    it meanwhile may have written into the old index. Returns how many entries there are.
    """
    with closing(build(accepted_entries(database))) as engine:
        with database.writing() as connection:
            documents = Documents(connection)
            documents.mark_due(documents.changed_since(since))
        while bring_up_to_date(database, engine, limit=AT_ONCE):
            pass
        return engine.count()


def _entries(database: Database, ids: list[int]) -> list[Entry]:
    with database.reading() as connection:
        sites = {site.name: site for site in Sites(connection).all()}
        documents = [
            each
            for each in Documents(connection).by_ids(ids)
            if each.state is DocumentState.ACCEPTED
        ]
        bodies = Documents(connection).bodies([each.id for each in documents])
        codes = {each.unit or sites[each.site].unit for each in documents}
        units = UnitTable(connection).successors(code for code in codes if code is not None)
    return [entry_of(each, bodies[each.id], sites[each.site], units) for each in documents]
