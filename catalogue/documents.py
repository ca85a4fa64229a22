"""The documents of the catalogue: kept by the crawler, decided by editors, read by visitors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, tuple_, update

from catalogue.clues import Clues
from catalogue.database import raise_revision, storable, upsert
from catalogue.document import (
    AttachmentLink,
    Document,
    DocumentBody,
    DocumentKind,
    DocumentState,
    DocumentVersion,
    path_of,
)
from catalogue.filtering import DocumentFilter, Facets, count_facets, flags_text, narrow
from catalogue.importing import Kept, merge
from catalogue.schema import document as table
from catalogue.schema import document_body, document_version, index_due
from catalogue.search.analysis import fold
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl

CHUNK = 500
"""Ids named in one statement; both engines take far more, this keeps the text short."""


class Documents:
    """Every document, whatever its state; one row a canonical URL."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def keep(
        self, document: Document, body: DocumentBody, *, made_by: str, now: datetime
    ) -> Document:
        """Insert a document, or bring the one of the same key up to date; return it as it stands.

        A changed text or title makes a new version. What an editor set stays (importing.merge says
        how). The revision rises when what visitors see has changed.
        """
        document, body = _storable(document, body)
        row = self._connection.execute(select(table).where(table.c.key == document.key)).first()
        if row is None:
            return self._insert(document, body, made_by=made_by, now=now)
        before = Kept(self._document(row), frozenset(row.edited.split()))
        before_body = self.body(row.id)
        newest = self._crawled_title(row.id)
        after = merge(before, document, newest_title=newest)
        if after == before and before_body == body:
            return before.document
        self._update(after, body, now=now)
        self._note_clues(after.document, document.title)
        if after.document.version != before.document.version:
            self._add_version(after.document, document.title, body, made_by=made_by, now=now)
        if DocumentState.ACCEPTED in (before.document.state, after.document.state):
            raise_revision(self._connection)
        return after.document

    def find(self, document_id: int) -> Document | None:
        """Return the document with that id."""
        row = self._connection.execute(select(table).where(table.c.id == document_id)).first()
        return None if row is None else self._document(row)

    def by_key(self, key: CanonicalUrl) -> Document | None:
        """Return the document imported from that address."""
        row = self._connection.execute(select(table).where(table.c.key == key)).first()
        return None if row is None else self._document(row)

    def by_ids(self, ids: Sequence[int]) -> list[Document]:
        """Return the documents with those ids, in that order, leaving out unknown ones."""
        found: dict[int, Document] = {}
        for start in range(0, len(ids), CHUNK):
            statement = select(table).where(table.c.id.in_(ids[start : start + CHUNK]))
            for row in self._connection.execute(statement):
                found[row.id] = self._document(row)
        return [found[each] for each in ids if each in found]

    def body(self, document_id: int) -> DocumentBody | None:
        """Return what the document with that id says."""
        return self.bodies([document_id]).get(document_id)

    def bodies(self, ids: Sequence[int]) -> dict[int, DocumentBody]:
        """Return what the documents with those ids say."""
        found: dict[int, DocumentBody] = {}
        for start in range(0, len(ids), CHUNK):
            chosen = document_body.c.document_id.in_(ids[start : start + CHUNK])
            for row in self._connection.execute(select(document_body).where(chosen)):
                found[row.document_id] = _body(row)
        return found

    def versions(self, document_id: int) -> list[DocumentVersion]:
        """Return every version of a document, the first one first."""
        statement = (
            select(document_version)
            .where(document_version.c.document_id == document_id)
            .order_by(document_version.c.version)
        )
        rows = self._connection.execute(statement).mappings()
        return [DocumentVersion(**row) for row in rows]

    def listing(
        self, filters: DocumentFilter, *, after: int = 0, limit: int = 50
    ) -> list[Document]:
        """Return a page of documents in order of id, from the one that follows `after`."""
        statement = narrow(select(table), filters, self._sites)
        statement = statement.where(table.c.id > after).order_by(table.c.id).limit(limit)
        return [self._document(row) for row in self._connection.execute(statement)]

    def ids(self, filters: DocumentFilter) -> list[int]:
        """Return the ids of every document under a filter, in order: what a bulk decision takes."""
        statement = narrow(select(table.c.id), filters, self._sites).order_by(table.c.id)
        return list(self._connection.execute(statement).scalars())

    def facets(self, filters: DocumentFilter) -> Facets:
        """Count the documents each choice of the filter would show."""
        return count_facets(self._connection, filters, self._sites)

    def published(
        self,
        *,
        section: str | None = None,
        site: str | None = None,
        before: tuple[date, int] | None = None,
        limit: int = 20,
    ) -> list[Document]:
        """Return accepted documents, the newest first, undated ones last.

        `before` is the date and id of the last one seen; an undated one counts as `date.min`.
        """
        statement = select(table).where(table.c.state == DocumentState.ACCEPTED)
        if section is not None:
            statement = statement.where(table.c.section == section)
        if site is not None:
            statement = statement.where(table.c.site_id == self._sites.id_of(site))
        if before is not None:
            statement = statement.where(tuple_(table.c.listed_on, table.c.id) < before)
        statement = statement.order_by(table.c.listed_on.desc(), table.c.id.desc()).limit(limit)
        return [self._document(row) for row in self._connection.execute(statement)]

    def locations(self) -> Iterator[tuple[int, str]]:
        """Walk the id and the path of every accepted document, in order of id."""
        statement = (
            select(table.c.id, table.c.kind, table.c.section, table.c.slug)
            .where(table.c.state == DocumentState.ACCEPTED)
            .order_by(table.c.id)
            .execution_options(yield_per=5000)
        )
        for row in self._connection.execute(statement):
            kind = DocumentKind(row.kind)
            yield row.id, path_of(row.id, kind=kind, section=row.section, slug=row.slug)

    def withheld_keys(self) -> set[CanonicalUrl]:
        """Return the addresses whose archived copy must not be shown: they are quarantined."""
        statement = select(table.c.key).where(table.c.state == DocumentState.QUARANTINED)
        return {CanonicalUrl(key) for key in self._connection.execute(statement).scalars()}

    def mark_due(self, ids: Sequence[int]) -> None:
        """Say that the search index is behind on these documents."""
        if not ids:
            return
        statement = upsert(self._connection, index_due).on_conflict_do_update(
            index_elements=[index_due.c.document_id], set_={"taken": 0}
        )
        self._connection.execute(statement, [{"document_id": each, "taken": 0} for each in ids])

    def count_due(self) -> int:
        """Count the documents on which the search index is behind."""
        return int(
            self._connection.execute(select(func.count()).select_from(index_due)).scalar_one()
        )

    def changed_since(self, moment: datetime) -> list[int]:
        """Return the ids of documents that were imported or decided at or after a moment."""
        statement = select(table.c.id).where(table.c.updated_at >= moment)
        return list(self._connection.execute(statement).scalars())

    def ids_due(self) -> set[int]:
        """Return the ids of every document on which the search index is behind; takes none."""
        return set(self._connection.execute(select(index_due.c.document_id)).scalars())

    def due_for_index(self, limit: int) -> list[int]:
        """Take documents on which the search index is behind; needs a writing transaction.

        One that changes again before `clear_due` stays due, and so does one whose indexer died.
        """
        statement = select(index_due.c.document_id).order_by(index_due.c.document_id).limit(limit)
        ids = list(self._connection.execute(statement).scalars())
        for start in range(0, len(ids), CHUNK):
            chosen = index_due.c.document_id.in_(ids[start : start + CHUNK])
            self._connection.execute(update(index_due).where(chosen).values(taken=1))
        return ids

    def clear_due(self, ids: Sequence[int]) -> None:
        """Say that the index is level with these documents as they were when taken."""
        for start in range(0, len(ids), CHUNK):
            chosen = index_due.c.document_id.in_(ids[start : start + CHUNK])
            self._connection.execute(delete(index_due).where(chosen, index_due.c.taken == 1))

    def _insert(
        self, document: Document, body: DocumentBody, *, made_by: str, now: datetime
    ) -> Document:
        values = self._values(document) | {
            "version": 1,
            "edited": "",
            "imported_at": now,
            "updated_at": now,
        }
        statement = insert(table).values(values).returning(table.c.id)
        document_id = int(self._connection.execute(statement).scalar_one())
        kept = replace(document, id=document_id, version=1)
        self._connection.execute(
            insert(document_body).values(document_id=document_id, **_body_values(body))
        )
        self._add_version(kept, document.title, body, made_by=made_by, now=now)
        self._note_clues(kept, document.title)
        self.mark_due([document_id])
        if kept.state is DocumentState.ACCEPTED:
            raise_revision(self._connection)
        return kept

    def _update(self, after: Kept, body: DocumentBody, *, now: datetime) -> None:
        document_id = after.document.id
        values = self._values(after.document) | {
            "version": after.document.version,
            "edited": " ".join(sorted(after.edited)),
            "updated_at": now,
        }
        self._connection.execute(update(table).where(table.c.id == document_id).values(values))
        self._connection.execute(
            update(document_body)
            .where(document_body.c.document_id == document_id)
            .values(_body_values(body))
        )
        self.mark_due([document_id])

    def _add_version(
        self, document: Document, title: str, body: DocumentBody, *, made_by: str, now: datetime
    ) -> None:
        self._connection.execute(
            insert(document_version).values(
                document_id=document.id,
                version=document.version,
                capture_id=document.capture_id,
                title=title,
                html=body.html,
                text=body.text,
                made_at=now,
                made_by=made_by,
            )
        )

    def _note_clues(self, document: Document, title: str) -> None:
        """Note what old addresses of a document may say of it; a copy is found by its head."""
        head = document.duplicate_of or document.id
        clues = Clues(self._connection)
        clues.note_document(head, title=title, name=document.slug, number=document.number)
        clues.note_addresses([(document.key, self._sites.id_of(document.site), head)])

    def _crawled_title(self, document_id: int) -> str:
        statement = (
            select(document_version.c.title)
            .where(document_version.c.document_id == document_id)
            .order_by(document_version.c.version.desc())
            .limit(1)
        )
        return str(self._connection.execute(statement).scalar_one())

    def _values(self, document: Document) -> dict[str, Any]:
        return {
            "site_id": self._sites.id_of(document.site),
            "key": document.key,
            "url": document.url,
            "capture_id": document.capture_id,
            "kind": document.kind.value,
            "state": document.state.value,
            "section": document.section,
            "title": document.title,
            "title_folded": fold(document.title),
            "slug": document.slug,
            "number": document.number,
            "agency": document.agency,
            "published_on": document.published_on,
            "listed_on": document.published_on or date.min,
            "unit": document.unit,
            "flags": flags_text(document.flags),
            "duplicate_of": document.duplicate_of,
            "text_digest": document.text_digest,
        }

    def _document(self, row: Row[Any]) -> Document:
        return Document(
            site=self._sites.name_of(row.site_id),
            key=CanonicalUrl(row.key),
            url=row.url,
            capture_id=row.capture_id,
            kind=DocumentKind(row.kind),
            state=DocumentState(row.state),
            section=row.section,
            title=row.title,
            slug=row.slug,
            text_digest=row.text_digest,
            number=row.number,
            agency=row.agency,
            published_on=row.published_on,
            unit=row.unit,
            flags=tuple(row.flags.split()),
            duplicate_of=row.duplicate_of,
            version=row.version,
            id=row.id,
        )


def _storable(document: Document, body: DocumentBody) -> tuple[Document, DocumentBody]:
    """Take out what no engine keeps; old pages have NULs in the middle of words."""
    number, agency = document.number, document.agency
    return replace(
        document,
        title=storable(document.title),
        number=None if number is None else storable(number),
        agency=None if agency is None else storable(agency),
    ), replace(
        body,
        html=storable(body.html),
        text=storable(body.text),
        breadcrumb=tuple(storable(each) for each in body.breadcrumb),
        attachments=tuple(replace(each, name=storable(each.name)) for each in body.attachments),
    )


def _body_values(body: DocumentBody) -> dict[str, Any]:
    return {
        "html": body.html,
        "text": body.text,
        "breadcrumb": list(body.breadcrumb),
        "attachments": [asdict(link) for link in body.attachments],
    }


def _body(row: Row[Any]) -> DocumentBody:
    return DocumentBody(
        html=row.html,
        text=row.text,
        breadcrumb=tuple(row.breadcrumb),
        attachments=tuple(
            AttachmentLink(link["url"], CanonicalUrl(link["key"]), link["name"])
            for link in row.attachments
        ),
    )
