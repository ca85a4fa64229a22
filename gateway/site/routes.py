"""The portal's own paths, and what is said when one of them cannot answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from catalogue.archive import Archive
from catalogue.database import CatalogueError, Database
from gateway.live import Live
from gateway.logs import log
from gateway.metrics import Metrics
from gateway.rendering import STATIC, Pages
from gateway.site.archived import ArchivePages
from gateway.site.documents import DocumentPages
from gateway.site.feeds import Feeds
from gateway.site.guide import TechnicalGuide
from gateway.site.notices import Notices
from gateway.site.searching import SearchIndex, SearchPage
from gateway.site.sections import SectionPages
from gateway.site.units import UnitPages
from redirects.sites import Sites


def portal_routes(
    *,
    database: Database,
    archive: Archive,
    live: Live,
    pages: Pages,
    sites: Sites,
    index: SearchIndex,
    units: UnitPages,
    kept: ArchivePages,
    feeds: Feeds,
    guide: TechnicalGuide,
    metrics: Metrics,
) -> list[BaseRoute]:
    """Return every path of the new portal; `gateway.site.paths` names them for shared hosts."""
    sections = SectionPages(database=database, pages=pages, sites=sites)
    documents = DocumentPages(
        database=database, archive=archive, live=live, pages=pages, sites=sites
    )
    search = SearchPage(index=index, pages=pages, sites=sites)
    return [
        Route("/", sections.home),
        Route("/tim-kiem", search.page),
        Route("/don-vi", units.find),
        Route("/don-vi/{code}", units.page),
        Route("/luu-tru", kept.look_up),
        Route("/luu-tru/tep", kept.file),
        Route("/tep/{id:int}/{name}", documents.file),
        Route("/lien-he", _plain(pages, "site/contact.html")),
        Route("/tro-giup", _plain(pages, "site/help.html")),
        Route("/tai-lieu-ky-thuat", guide.page),
        Route("/robots.txt", feeds.robots),
        Route("/sitemap.xml", feeds.sitemap_index),
        Route("/sitemap/{number:int}.xml", feeds.sitemap),
        Route("/opensearch.xml", feeds.opensearch),
        Route("/atom.xml", feeds.atom),
        Route("/metrics", metrics.page),
        Mount("/static", KeptFiles(directory=STATIC)),
        Route("/{section}", sections.section),
        Route("/{section}/atom.xml", feeds.atom),
        Route("/{section}/{name}", documents.page),
    ]


def trouble(notices: Notices) -> Mapping[Any, Callable[[Request, Exception], Response]]:
    """Return what each failure of a page becomes."""

    def unavailable(request: Request, error: Exception) -> Response:
        log.error("page.unavailable", path=request.url.path, error=str(error))
        return notices.notice(request, 503, headers={"retry-after": "5"})

    def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = error.headers if isinstance(error, HTTPException) else None
        return notices.notice(request, status, headers=headers)

    def broken(request: Request, error: Exception) -> Response:
        log.error("page.broken", path=request.url.path, exc_info=error)
        return notices.notice(request, 500)

    return {
        HTTPException: refused,
        CatalogueError: unavailable,
        OSError: unavailable,
        Exception: broken,
    }


class KeptFiles(StaticFiles):
    """Our style and emblem: their addresses carry a digest, so browsers may keep them."""

    def file_response(
        self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200
    ) -> Response:
        """Add caching to what Starlette sends."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        kept = scope["query_string"]
        response.headers["cache-control"] = (
            "public, max-age=31536000, immutable" if kept else "no-cache"
        )
        response.headers["x-content-type-options"] = "nosniff"
        return response


def _plain(pages: Pages, template: str) -> Callable[[Request], Response]:
    def show(request: Request) -> Response:
        return pages.page(request, template)

    return show
