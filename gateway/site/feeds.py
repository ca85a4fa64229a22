"""For machines: robots.txt, sitemaps, the search description and Atom feeds of the portal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, time
from itertools import islice
from urllib.parse import quote
from xml.sax.saxutils import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from catalogue.database import Database
from catalogue.document import SECTIONS, Document
from catalogue.documents import Documents
from gateway.i18n import _
from gateway.rendering import Pages

SHARD = 10_000
_XML = "application/xml; charset=utf-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"


class Feeds:
    """What search engines and feed readers fetch."""

    def __init__(self, *, database: Database, pages: Pages) -> None:
        self._database = database
        self._pages = pages
        self._origin = pages.portal.url

    def robots(self, _request: Request) -> Response:
        """Let everything be read but results and archived copies, which are indexed nowhere."""
        lines = ["User-agent: *", "Disallow: /tim-kiem", "Disallow: /luu-tru", ""]
        return PlainTextResponse("\n".join([*lines, f"Sitemap: {self._origin}/sitemap.xml", ""]))

    def sitemap_index(self, _request: Request) -> Response:
        """List the sitemaps, each of at most SHARD documents."""
        with self._database.reading() as connection:
            total = sum(1 for _ in Documents(connection).locations())
        shards = range(max(1, -(-total // SHARD)))
        entries = (
            f"<sitemap><loc>{self._origin}/sitemap/{number}.xml</loc></sitemap>"
            for number in shards
        )
        return Response(
            f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">{"".join(entries)}</sitemapindex>',
            media_type=_XML,
        )

    def sitemap(self, request: Request) -> Response:
        """List one shard of documents."""
        first = request.path_params["number"] * SHARD
        with self._database.reading() as connection:
            shard = list(islice(Documents(connection).locations(), first, first + SHARD))
        if not shard and first:
            raise HTTPException(404)
        paths = [f"/{slug}" for slug in SECTIONS] if not first else []
        return url_set(
            self._origin + quote(path) for path in [*paths, *(path for _, path in shard)]
        )

    def opensearch(self, request: Request) -> Response:
        """Describe the search box to browsers."""
        title = escape(self._pages.portal.title)
        about = escape(self._pages.text(request, _("Tìm trong cổng thông tin hợp nhất")))
        return Response(
            f'{_HEAD}<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/">'
            f"<ShortName>{title[:16]}</ShortName><LongName>{title[:48]}</LongName>"
            f"<Description>{about}</Description><InputEncoding>UTF-8</InputEncoding>"
            f'<Url type="text/html" template="{self._origin}/tim-kiem?q={{searchTerms}}"/>'
            "</OpenSearchDescription>",
            media_type="application/opensearchdescription+xml",
        )

    def atom(self, request: Request) -> Response:
        """Give the newest documents, of everything or of one section."""
        section = request.path_params.get("section")
        if section is not None and section not in SECTIONS:
            raise HTTPException(404)
        with self._database.reading() as connection:
            documents = Documents(connection).published(section=section, limit=30)
        name = SECTIONS[section] if section else self._pages.portal.title
        path = f"/{section}/atom.xml" if section else "/atom.xml"
        entries = "".join(self._entry(document) for document in documents)
        newest = max((_moment(one) for one in documents), default=_EPOCH)
        return Response(
            f'{_HEAD}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="vi">'
            f"<id>{self._origin}{path}</id><title>{escape(name)}</title>"
            f'<link rel="self" href="{self._origin}{path}"/>'
            f"<author><name>{escape(self._pages.portal.title)}</name></author>"
            f"<updated>{newest}</updated>{entries}</feed>",
            media_type="application/atom+xml; charset=utf-8",
        )

    def _entry(self, document: Document) -> str:
        location = self._origin + quote(document.path)
        return (
            f"<entry><id>{location}</id><title>{escape(document.title)}</title>"
            f'<link href="{location}"/><updated>{_moment(document)}</updated></entry>'
        )


_EPOCH = "1970-01-01T00:00:00Z"


def url_set(locations: Iterable[str]) -> Response:
    """Return a sitemap of these locations."""
    entries = "".join(f"<url><loc>{escape(location)}</loc></url>" for location in locations)
    return Response(
        f'{_HEAD}<urlset xmlns="{_NAMESPACE}">{entries}</urlset>',
        media_type=_XML,
    )


def _moment(document: Document) -> str:
    if document.published_on is None:
        return _EPOCH
    moment = datetime.combine(document.published_on, time(), UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
