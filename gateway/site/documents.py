"""One document: the page a visitor came for, where it came from, and its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from catalogue.archive import Archive
from catalogue.captures import Captures
from catalogue.database import Database
from catalogue.document import SECTIONS, Document, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from gateway.live import Live
from gateway.rendering import Pages
from gateway.security import local_location
from gateway.site.files import file_response
from gateway.site.fragments import Guide, archive_path, led
from redirects.site import Site
from redirects.sites import Sites

_LAST_NUMBER = re.compile(r"(?:^|-)(\d{1,18})$")


@dataclass(frozen=True, slots=True)
class FileLink:
    """A file beside a document, ready to print."""

    name: str
    location: str


class DocumentPages:
    """`/section/slug-id` and `/tep/id/name`. The id decides; anything else is put right."""

    def __init__(
        self, *, database: Database, archive: Archive, live: Live, pages: Pages, sites: Sites
    ) -> None:
        self._database = database
        self._archive = archive
        self._live = live
        self._pages = pages
        self._sites = sites

    def page(self, request: Request) -> Response:
        """Show one accepted document."""
        document_id = id_in(request.path_params["name"])
        with self._database.reading() as connection:
            document = accepted(connection, document_id)
            body = Documents(connection).body(document.id) or DocumentBody("", "")
            capture = Captures(connection).find(document.capture_id)
        if request.url.path != document.path:
            return _put_right(document)
        site = self._sites.named(document.site)
        published = self._live.published
        guide = None
        if published is not None:
            guide = Guide(published.resolver, self._sites, self._pages.portal.url, "")
        return self._pages.page(
            request,
            "site/document.html",
            document=document,
            section_title=SECTIONS.get(document.section, document.section),
            body=led(body.html, document.url, guide) if guide else "",
            breadcrumb=body.breadcrumb,
            files=_files(body, document, guide) if guide else (),
            site=site,
            from_an_ended_unit=_from_an_ended_unit(document, site, self._pages.portal.unit),
            captured_on=capture.captured_at if capture else None,
            archived=archive_path(document.url),
            canonical=self._pages.portal.url + document.path,
        )

    def file(self, request: Request) -> Response:
        """Send the bytes of an accepted file, as they were."""
        with self._database.reading() as connection:
            document = accepted(connection, request.path_params["id"])
            capture = Captures(connection).find(document.capture_id)
        if document.kind is not DocumentKind.ATTACHMENT or request.url.path != document.path:
            return _put_right(document)
        if capture is None:
            raise HTTPException(404)
        stored = self._archive.read(capture.warc_file, capture.warc_offset)
        return file_response(request, stored, name=document.slug, digest=capture.digest)


def id_in(name: str) -> int:
    """Return the number a document's path ends in. Raises HTTPException(404) where it has none."""
    found = _LAST_NUMBER.search(name)
    if found is None:
        raise HTTPException(404)
    return int(found[1])


def accepted(connection: Connection, document_id: int) -> Document:
    """Return a public document. Raises HTTPException(404) for every other one."""
    document = Documents(connection).find(document_id)
    if document is None or document.state is not DocumentState.ACCEPTED:
        raise HTTPException(404)
    return document


def _put_right(document: Document) -> Response:
    return RedirectResponse(
        local_location(quote(document.path)), 301, {"cache-control": "max-age=300"}
    )


def _files(body: DocumentBody, document: Document, guide: Guide) -> tuple[FileLink, ...]:
    led_to = ((link.name, guide.lead(link.url, document.url)[0]) for link in body.attachments)
    return tuple(FileLink(name, location) for name, location in led_to if location)


def _from_an_ended_unit(document: Document, site: Site | None, unit: str | None) -> bool:
    """Say whether the unit that issued it is not the one of today's portal (NQ 190/2025, 10)."""
    issued_by = document.unit or (site.unit if site else None)
    return issued_by is not None and issued_by != unit
