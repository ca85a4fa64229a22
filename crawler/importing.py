"""Importing: what was read becomes documents, and every old address a suggested mapping.

Building documents is pure; keeping them happens inside the caller's transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import PurePosixPath

from sqlalchemy import Connection, select

from catalogue.capture import Capture
from catalogue.document import (
    AttachmentLink,
    Document,
    DocumentBody,
    DocumentKind,
    DocumentState,
)
from catalogue.documents import Documents
from catalogue.mappings import Mappings
from catalogue.schema import document as document_table
from catalogue.units.hosts import HostTable
from catalogue.units.register import load_register
from crawler.duplicates import are_near, text_digest
from crawler.extract.attachment import safe_name, slug_of
from crawler.extract.page import Page
from crawler.extract.section import OTHER, fold_marks, guess_section
from crawler.quarantine import flags_of, holds_back
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import Site
from redirects.url import parse_url

MADE_BY = "crawler"
SURE, LIKELY, GUESSED = 1.0, 0.9, 0.6  # scores of suggested mappings
_LONG_ENOUGH = 200  # characters; an equal text of this length is a duplicate whatever its title


@dataclass(frozen=True, slots=True)
class FileFound:
    """A stored file: what it is called and what it says; `text` None if it could not be read."""

    capture: Capture
    name: str
    text: str | None
    section: str = OTHER


def article_of(
    site: Site,
    capture: Capture,
    page: Page,
    attachments: Sequence[AttachmentLink],
    notes: Sequence[str] = (),
) -> tuple[Document, DocumentBody]:
    """Build the document of a page that was read; `notes` become flags beside those found here."""
    title = page.title or _title_from_address(capture.url)
    section = guess_section(page.breadcrumb, capture.url, title, is_english=page.is_english)
    flags = (*flags_of(f"{title}\n{page.text}", page.hidden), *notes)
    if page.date is None:
        flags = (*flags, "no-date")
    flags = (*flags, *(f"charset-{name}" for name in page.repairs))
    document = Document(
        site=site.name,
        key=capture.key,
        url=capture.url,
        capture_id=capture.id,
        kind=DocumentKind.ARTICLE,
        state=DocumentState.QUARANTINED if holds_back(flags) else DocumentState.IMPORTED,
        section=section,
        title=title,
        slug=slug_of(title),
        text_digest=text_digest(page.text),
        number=page.number,
        agency=page.agency,
        published_on=page.date.day if page.date else None,
        unit=site.unit,
        flags=flags,
    )
    body = DocumentBody(page.html, page.text, page.breadcrumb, tuple(attachments))
    return document, body


def attachment_of(site: Site, found: FileFound) -> tuple[Document, DocumentBody]:
    """Build the document of a file; its digest is that of its bytes."""
    capture = found.capture
    stem = PurePosixPath(found.name).stem.replace("_", " ").strip()
    flags = flags_of(found.text or "", name=found.name)
    if capture.length == 0:
        flags = (*flags, "empty-file")
    if found.text is None:
        flags = (*flags, "unread-file")
    document = Document(
        site=site.name,
        key=capture.key,
        url=capture.url,
        capture_id=capture.id,
        kind=DocumentKind.ATTACHMENT,
        state=DocumentState.QUARANTINED if holds_back(flags) else DocumentState.IMPORTED,
        section=found.section,
        title=stem or found.name,
        slug=safe_name(found.name),
        text_digest=capture.digest.partition(":")[2],
        unit=site.unit,
        flags=flags,
    )
    return document, DocumentBody("", found.text or "")


def _title_from_address(url: str) -> str:
    words = fold_marks(PurePosixPath(url.partition("?")[0]).stem)
    return words.capitalize() or url


@dataclass(frozen=True, slots=True)
class _Known:
    """What is needed of a kept article to find copies of it."""

    id: int
    number: str | None
    published_on: date | None


class Importer:
    """Keeps documents and suggests mappings for one site, inside one transaction at a time."""

    def __init__(self, site: Site) -> None:
        """Learn titles with `learn` before the first document is kept."""
        self._site = site
        # A site of many hosts spoke for many units: each page is of the one behind its own host.
        self._hosts = HostTable(load_register(), (site,)) if site.has_many_hosts else None
        self._by_title: defaultdict[str, list[_Known]] = defaultdict(list)

    def learn(self, connection: Connection) -> None:
        """Read the titles of every article of every site: press releases were on several."""
        columns = document_table.c
        rows = connection.execute(
            select(columns.id, columns.title, columns.number, columns.published_on)
            .where(
                columns.kind == DocumentKind.ARTICLE.value,
                columns.state != DocumentState.DUPLICATE.value,
            )
            .order_by(columns.id)
        )
        for row in rows:
            self._by_title[fold_marks(row.title)].append(
                _Known(row.id, row.number, row.published_on)
            )

    def keep(
        self, connection: Connection, document: Document, body: DocumentBody, now: datetime
    ) -> Document:
        """Keep a document, as a duplicate if an earlier one says the same; suggest its mapping."""
        documents = Documents(connection)
        document = self._of_its_unit(document)
        before = documents.by_key(document.key)
        own_id = before.id if before is not None else None
        head = self._head(connection, document, body, own_id)
        if head is not None and document.state is DocumentState.IMPORTED:
            document = replace(document, state=DocumentState.DUPLICATE, duplicate_of=head)
        kept = documents.keep(document, body, made_by=MADE_BY, now=now)
        if kept.kind is DocumentKind.ARTICLE and kept.duplicate_of is None:
            known = _Known(kept.id, kept.number, kept.published_on)
            titles = self._by_title[fold_marks(kept.title)]
            if all(each.id != kept.id for each in titles):
                titles.append(known)
        score = SURE if kept.duplicate_of is None else LIKELY
        target = f"doc:{kept.duplicate_of or kept.id}"
        self.suggest(
            connection, document.key, raw=document.url, target=target, score=score, now=now
        )
        return kept

    def _of_its_unit(self, document: Document) -> Document:
        unit = self._hosts.unit_of(parse_url(document.url).host) if self._hosts else None
        return document if unit is None else replace(document, unit=unit.code)

    def suggest(
        self,
        connection: Connection,
        key: CanonicalUrl,
        *,
        raw: str,
        target: str,
        score: float,
        now: datetime,
    ) -> None:
        """Suggest where an old address leads."""
        mapping = Mapping(key, raw, MappingKind.MOVED, target)
        Mappings(connection).suggest(self._site.name, mapping, score, now)

    def _head(
        self, connection: Connection, document: Document, body: DocumentBody, own_id: int | None
    ) -> int | None:
        """Return the earlier document that says the same, if there is one."""
        exact = _same_digest(connection, document, own_id, len(body.text))
        if exact is not None or document.kind is not DocumentKind.ARTICLE:
            return exact
        documents = Documents(connection)
        for known in self._by_title.get(fold_marks(document.title), ()):
            if not _can_be_copies(known, document) or not _is_earlier(known.id, own_id):
                continue
            other = documents.body(known.id)
            if other is not None and are_near(other.text, body.text):
                return known.id
        return None


def _same_digest(
    connection: Connection, document: Document, own_id: int | None, length: int
) -> int | None:
    columns = document_table.c
    statement = (
        select(columns.id, columns.title)
        .where(
            columns.text_digest == document.text_digest,
            columns.kind == document.kind.value,
            columns.state != DocumentState.DUPLICATE.value,
            columns.key != document.key,
        )
        .order_by(columns.id)
    )
    is_file = document.kind is DocumentKind.ATTACHMENT
    title = fold_marks(document.title)
    for row in connection.execute(statement):
        alike = is_file or length >= _LONG_ENOUGH or fold_marks(row.title) == title
        if alike and _is_earlier(row.id, own_id):
            return int(row.id)
    return None


def _is_earlier(other_id: int, own_id: int | None) -> bool:
    return own_id is None or other_id < own_id


def _can_be_copies(known: _Known, document: Document) -> bool:
    """Copies may leave a number or a date out; they do not name different ones."""
    pairs: Iterable[tuple[object, object]] = (
        (known.number, document.number),
        (known.published_on, document.published_on),
    )
    return all(one is None or two is None or one == two for one, two in pairs)
