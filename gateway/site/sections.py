"""The front door and the sections: lists of documents, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalogue.database import Database
from catalogue.document import SECTIONS, Document, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from gateway.rendering import Pages
from redirects.sites import Sites

PAGE = 20
NEWEST = 8


class SectionPages:
    """`/` and `/section`."""

    def __init__(self, *, database: Database, pages: Pages, sites: Sites) -> None:
        self._database = database
        self._pages = pages
        self._sites = sites

    def home(self, request: Request) -> Response:
        """Show the search box, the sections, what is new and where the old portals went."""
        with self._database.reading() as connection:
            documents = Documents(connection)
            newest = documents.published(limit=NEWEST)
            facets = documents.facets(DocumentFilter(state=DocumentState.ACCEPTED))
        return self._pages.page(
            request,
            "site/home.html",
            newest=newest,
            counts=facets.sections,
            site_counts=facets.sites,
            sites=list(self._sites),
        )

    def section(self, request: Request) -> Response:
        """List a section; `cong` keeps to one old portal, `truoc` goes on where a page ended."""
        slug = request.path_params["section"]
        if slug not in SECTIONS:
            raise HTTPException(404)
        site = self._asked_site(request)
        before = parse_place(request.query_params.get("truoc", ""))
        with self._database.reading() as connection:
            documents = Documents(connection)
            facets = documents.facets(DocumentFilter(state=DocumentState.ACCEPTED, section=slug))
            found: list[Document] = []
            if site is None or site in facets.sites:
                found = documents.published(section=slug, site=site, before=before, limit=PAGE + 1)
        return self._pages.page(
            request,
            "site/section.html",
            slug=slug,
            title=SECTIONS[slug],
            documents=found[:PAGE],
            older=_older(slug, site, found),
            first_page=f"/{slug}" + (f"?cong={site}" if site else ""),
            is_first=before is None,
            asked_site=site,
            sites=[one for one in self._sites if facets.sites.get(one.name)],
            site_counts=facets.sites,
            titles={one.name: one.title for one in self._sites},
        )

    def _asked_site(self, request: Request) -> str | None:
        name = request.query_params.get("cong") or None
        if name is not None and self._sites.named(name) is None:
            raise HTTPException(404)
        return name


def parse_place(text: str) -> tuple[date, int] | None:
    """Read "2025-06-01.123", the last entry a visitor saw. Raises HTTPException(404) for junk."""
    if not text:
        return None
    day, _dot, number = text.partition(".")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        raise HTTPException(404) from None


def place_of(document: Document) -> str:
    """Write the place of an entry in its list, to go on from there."""
    return f"{(document.published_on or date.min).isoformat()}.{document.id}"


def _older(slug: str, site: str | None, found: Sequence[Document]) -> str | None:
    if len(found) <= PAGE:
        return None
    query = {"truoc": place_of(found[PAGE - 1])} | ({"cong": site} if site else {})
    return f"/{slug}?{urlencode(query)}"
