"""An old host's own files: robots.txt and a sitemap of old addresses that moved.

Search engines learn a redirect only by asking for the old address again, so each one is listed,
in as many sitemaps as it takes (sitemaps.org: 50,000 addresses and 50 MB at most each), under the
scheme and the port they are asked for by: an engine believes a sitemap about its own origin.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.database import CatalogueError, Database, current_revision
from catalogue.mappings import Mappings
from gateway.metrics import LOOPBACK
from gateway.site.notices import Notices

log = structlog.get_logger()

SHARD = 50_000
SHARD_BYTES = 50_000_000
SHARD_PREFIX = b"/hopnhat-sitemap-"
PATHS = (b"/robots.txt", b"/sitemap.xml", SHARD_PREFIX)

_PAGE = 2_000
_RETRY_AFTER = b"60"  # seconds; a robot is in no hurry
_SHARD_PATH = re.compile(rb"/hopnhat-sitemap-(\d{1,18})\.xml")
_XML = "application/xml; charset=utf-8"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_AS_WRITTEN = "%/:?#[]@!$&'()*+,;=~-._"
_PORT = re.compile(r":(\d+)$")
_USUAL_PORTS = {"http": "80", "https": "443"}
_SCHEMES = {b"http": "http", b"https": "https"}
_ORIGIN = re.compile(r"(?:https?:)?//[^/?#]*", re.IGNORECASE)


class OldHostFiles:
    """What an old host keeps for search engines, streamed from the catalogue."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        schemes: Mapping[str, str | None],
        *,
        shard: int = SHARD,
        most: int = SHARD_BYTES,
    ) -> None:
        self._database = database
        self._notices = notices
        self._schemes = schemes
        self._shard = shard
        self._most = most
        # Where the shards begin depends on how long the origin is, not on what it says.
        self._firsts: dict[tuple[str, int], tuple[int, list[int]]] = {}

    def answer(self, scope: Scope, host: str, site: str) -> ASGIApp | None:
        """Answer robots.txt, the index or a sitemap of an old host; None for other paths."""
        path = scope["raw_path"]
        if path == b"/robots.txt":
            return robots_of_old_host(self._origin(scope, host, site))
        if path == b"/sitemap.xml":
            return self._while_known(lambda: self._index(self._origin(scope, host, site), site))
        found = _SHARD_PATH.fullmatch(path)
        if found is None:
            return None
        first = int(found[1])
        return self._while_known(
            lambda: self._sitemap(self._origin(scope, host, site), site, first)
        )

    def _origin(self, scope: Scope, host: str, site: str) -> str:
        """Return the origin of a host as it is asked for; what the settings say goes before it."""
        scheme = self._schemes.get(site) or _scheme_asked(scope)
        asked = next(value for name, value in scope["headers"] if name == b"host")
        port = _PORT.search(asked.decode("ascii"))
        if port is None or port[1] == _USUAL_PORTS[scheme]:
            return f"{scheme}://{host}"
        return f"{scheme}://{host}{port[0]}"

    def _while_known(self, show: Callable[[], Response]) -> ASGIApp:
        """Answer 503 where the catalogue is gone: an engine comes again, and forgets nothing."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            answer: ASGIApp
            try:
                answer = await run_in_threadpool(show)
            except CatalogueError as error:
                log.warning("old_host.no_catalogue", error=str(error))
                answer = self._notices.at_once(scope, 503, [(b"retry-after", _RETRY_AFTER)])
            await answer(scope, receive, send)

        return app

    def _index(self, origin: str, site: str) -> Response:
        """List the sitemaps, each by the row it begins at: what is added later moves none."""
        with self._database.reading() as connection:
            revision = current_revision(connection)
        kept = self._firsts.get((site, len(origin)))
        if kept is None or kept[0] != revision:
            kept = self._firsts[site, len(origin)] = (revision, list(self._shards(origin, site)))
        start = f"{origin}{SHARD_PREFIX.decode()}"
        entries = "".join(f"<sitemap><loc>{start}{first}.xml</loc></sitemap>" for first in kept[1])
        return Response(
            f'{_HEAD}<sitemapindex xmlns="{_NAMESPACE}">{entries}</sitemapindex>', media_type=_XML
        )

    def _shards(self, origin: str, site: str) -> Iterator[int]:
        count = size = 0
        for number, entry in self._entries(origin, site, after=0):
            if not count or count >= self._shard or size + len(entry) > self._most - 1_000:
                count = size = 0
                yield number
            count, size = count + 1, size + len(entry)

    def _sitemap(self, origin: str, site: str, first: int) -> Response:
        entries = (entry for _, entry in self._entries(origin, site, after=first - 1))
        start = next(entries, None)
        if start is None:
            return PlainTextResponse("not found\n", 404)

        def body() -> Iterator[str]:
            yield f'{_HEAD}<urlset xmlns="{_NAMESPACE}">{start}'
            count, size = 1, len(start)
            try:
                for entry in entries:
                    count, size = count + 1, size + len(entry)
                    if count > self._shard or size > self._most - 1_000:
                        break
                    yield entry
            except CatalogueError as error:  # left without an end, so that no engine believes it
                log.warning("old_host.no_catalogue", error=str(error))
                return
            yield "</urlset>"

        return StreamingResponse(body(), media_type=_XML)

    def _entries(self, origin: str, site: str, *, after: int) -> Iterator[tuple[int, str]]:
        """Give each moved address of a site, in order of its row; a page is a transaction."""
        while True:
            with self._database.reading() as connection:
                page = Mappings(connection).moved(site, after=after, limit=_PAGE)
            for number, raw in page:
                location = f"{origin}{quote(_ORIGIN.sub('', raw, count=1), safe=_AS_WRITTEN)}"
                yield number, f"<url><loc>{escape(location)}</loc></url>"
            if len(page) < _PAGE:
                return
            after = page[-1][0]


def _scheme_asked(scope: Scope) -> str:
    """Return what visitors call: a front server on this machine is believed, no other."""
    client = scope.get("client")
    if client is not None and client[0] in LOOPBACK:
        for name, value in scope["headers"]:
            if name == b"x-forwarded-proto" and value in _SCHEMES:
                return _SCHEMES[value]
    return "http"


def robots_of_old_host(origin: str) -> Response:
    """Let engines read every address of an old host: only so do they learn that it moved."""
    return PlainTextResponse(f"User-agent: *\nDisallow:\n\nSitemap: {origin}/sitemap.xml\n")
