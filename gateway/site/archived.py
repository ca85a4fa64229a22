"""The archive, open to the public: what an old address said, as it was, and safe to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalogue.archive import Archive
from catalogue.capture import Capture, StoredResponse
from catalogue.captures import Captures
from catalogue.database import Database
from catalogue.document import Document, DocumentKind, DocumentState
from catalogue.documents import Documents
from gateway.live import Live
from gateway.rendering import Pages
from gateway.site.charset import decode
from gateway.site.files import file_response, media_type_of
from gateway.site.fragments import Guide, archive_path, archived_file_path, led, sanitize
from gateway.site.furniture import own_title, without_furniture
from gateway.site.notices import Notices
from redirects.mapping import CanonicalUrl
from redirects.sites import Sites

_HTML = frozenset({"text/html", "application/xhtml+xml"})


class ArchivePages:
    """`/luu-tru`, and the answers of old addresses whose copy is all there is."""

    def __init__(
        self,
        *,
        database: Database,
        archive: Archive,
        live: Live,
        pages: Pages,
        notices: Notices,
        sites: Sites,
    ) -> None:
        self._database = database
        self._archive = archive
        self._live = live
        self._pages = pages
        self._notices = notices
        self._sites = sites

    def look_up(self, request: Request) -> Response:
        """Show the copy of the address in `url`, or a form that asks for one."""
        address = request.query_params.get("url", "").strip()
        if not address:
            return self._pages.page(request, "site/archive.html", address="", unknown=False)
        found = self._sites.key_of(address)
        if found is not None:
            with self._database.reading() as connection:
                if _shown(connection, found[1]) is not None:
                    return self.copy(request, found[1])
        return self._pages.page(
            request, "site/archive.html", status=404, address=address, unknown=True
        )

    def copy(self, request: Request, key: CanonicalUrl) -> Response:
        """Show the newest copy of an old address. Old scripts never run."""
        with self._database.reading() as connection:
            capture = _shown(connection, key)
            document = Documents(connection).by_key(key)
            body = Documents(connection).body(document.id) if document else None
        if capture is None:
            return self._notices.notice(request, 404)
        stored = self._archive.read(capture.warc_file, capture.warc_offset)
        media_type = media_type_of(stored, capture.url)
        if media_type not in _HTML:
            return self._file(request, capture, stored)
        if document is not None and document.kind is DocumentKind.ARTICLE and body is not None:
            return self._print(request, capture, document.title, body.html, document)
        html = decode(stored)
        site = self._sites.named(capture.site)
        title = own_title(title_in(html), site.title if site else "")
        shown = sanitize(without_furniture(html))
        return self._print(request, capture, title or title_in(html) or capture.url, shown, None)

    def file(self, request: Request) -> Response:
        """Send the archived bytes of the address in `url`, never as a page."""
        found = self._sites.key_of(request.query_params.get("url", ""))
        if found is None:
            raise HTTPException(404)
        with self._database.reading() as connection:
            capture = _shown(connection, found[1])
        if capture is None:
            raise HTTPException(404)
        stored = self._archive.read(capture.warc_file, capture.warc_offset)
        return self._file(request, capture, stored)

    def _file(self, request: Request, capture: Capture, stored: StoredResponse) -> Response:
        name = capture.key.partition("?")[0].rpartition("/")[2]
        response = file_response(request, stored, name=name, digest=capture.digest)
        response.headers.update(memento_headers(capture))
        return response

    def _print(
        self,
        request: Request,
        capture: Capture,
        title: str,
        html: str,
        document: Document | None,
    ) -> Response:
        published = self._live.published
        guide = None
        if published is not None:
            base = self._pages.base(request.scope)
            guide = Guide(published.resolver, self._sites, self._pages.portal.url, base)
        site = self._sites.named(capture.site)
        is_public = document is not None and document.state is DocumentState.ACCEPTED
        return self._pages.page(
            request,
            "site/archived.html",
            headers={**memento_headers(capture), "x-robots-tag": "noindex"},
            title=title,
            body=led(html, capture.url, guide) if guide else "",
            capture=capture,
            look_up=archive_path(capture.url),
            original_file=archived_file_path(capture.url),
            site=site,
            current=document.path if document is not None and is_public else None,
        )


def memento_headers(capture: Capture) -> dict[str, str]:
    """Return when it was captured and from where (RFC 7089)."""
    when = capture.captured_at
    moment = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    original = capture.url.encode("ascii", "backslashreplace").decode("ascii")
    original = "".join(sign for sign in original if sign.isprintable() and sign not in '<>"')
    return {
        "memento-datetime": _http_date(moment),
        "link": f'<{original}>; rel="original"',
    }


def title_in(html: str) -> str:
    """Return the text of <title>, on one line."""
    node = LexborHTMLParser(html).css_first("title")
    return " ".join(node.text().split()) if node is not None else ""


def _shown(connection: Connection, key: CanonicalUrl) -> Capture | None:
    """Return the newest whole copy of an address, unless it is withheld (spam, personal data)."""
    document = Documents(connection).by_key(key)
    if document is not None and document.state is DocumentState.QUARANTINED:
        return None
    versions = Captures(connection).versions(key)
    return next((one for one in versions if one.status == 200), None)  # noqa: PLR2004 - a page that was there


def _http_date(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)
