"""Pages answered at old addresses: split, withdrawn, kept as a copy, or not decided yet."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Scope

from catalogue.misses import MissSpool
from gateway.i18n import _
from gateway.rendering import Pages
from gateway.security import host_of
from gateway.site.archived import ArchivePages
from gateway.site.fragments import archive_path
from gateway.site.notices import Notices
from gateway.site.searching import SearchIndex
from gateway.site.units import UnitPages
from gateway.threads import in_thread
from redirects.canonical import split_key
from redirects.mapping import CanonicalUrl
from redirects.resolution import Archived, Gone, Split, Unresolved
from redirects.site import Site
from redirects.sites import Sites

SUGGESTIONS = 3
_ASSET = re.compile(
    r"\.(?:css|js|map|png|jpe?g|gif|webp|ico|svg|woff2?|ttf|eot|mp[34]|swf|axd|xml|txt)$"
)
_EXTENSION = re.compile(r"\.(?:html?|aspx?|php|jsp|do|ashx)$")
_NOT_WORDS = re.compile(r"[\W_]+")
_LONE_ID = re.compile(r"\b[\da-f]{6,}\b|\b\d+\b")
# A dossier code in a query string names a citizen's file: it is counted without it.
_PERSONAL = re.compile(
    r"(?:^|&)(?:doccode|ma_?ho_?so|so_?ho_?so|sobiennhan|cccd|cmnd)=", re.IGNORECASE
)


class OldPages:
    """What visitors of old addresses see when there is no single new place to send them to."""

    def __init__(
        self,
        *,
        pages: Pages,
        notices: Notices,
        archive: ArchivePages,
        units: UnitPages,
        index: SearchIndex,
        misses: MissSpool,
        sites: Sites,
    ) -> None:
        self._pages = pages
        self._notices = notices
        self._archive = archive
        self._units = units
        self._index = index
        self._misses = misses
        self._sites = sites

    def split(self, split: Split) -> ASGIApp:
        """List the successors of a page."""

        def show(request: Request) -> Response:
            return self._pages.page(
                request,
                "site/split.html",
                status=300,
                successors=split.successors,
                reason=split.reason,
                site=self._sites.named(split.site),
            )

        return in_thread(show)

    def gone(self, gone: Gone) -> ASGIApp:
        """Say why it was withdrawn, and where its copy is if one may be seen."""

        def show(request: Request) -> Response:
            return self._notices.notice(
                request,
                410,
                template="site/gone.html",
                detail=gone.reason,
                archived=archive_path(address_of(request)) if gone.archived else None,
                site=self._sites.named(gone.site),
            )

        return in_thread(show)

    def archived(self, archived: Archived) -> ASGIApp:
        """Answer with the copy."""
        return in_thread(lambda request: self._archive.copy(request, archived.key))

    def unresolved(self, unresolved: Unresolved, scope: Scope) -> ASGIApp:
        """Count the miss and help to find what was meant; the bare host gets a page of its own."""
        path = split_key(unresolved.key)[1]
        if path == "/":
            return in_thread(lambda request: self._front_door(request, unresolved))
        self._count(unresolved, scope)
        if _ASSET.search(path):
            return PlainTextResponse("not found\n", 404)
        return in_thread(lambda request: self._not_found(request, unresolved.key))

    def _count(self, unresolved: Unresolved, scope: Scope) -> None:
        raw = address_of(Request(scope))
        key = unresolved.key
        if _PERSONAL.search(raw.partition("?")[2]):
            raw = raw.partition("?")[0]
            key = CanonicalUrl(key.partition("?")[0])
        self._misses.count(unresolved.site, key, raw)

    def _not_found(self, request: Request, key: CanonicalUrl) -> Response:
        words = words_in(key)
        return self._notices.notice(
            request,
            404,
            template="site/not_found.html",
            typed=words,
            best=self._index.best(words, SUGGESTIONS),
            address=address_of(request).partition("?")[0],
        )

    def _front_door(self, request: Request, unresolved: Unresolved) -> Response:
        site = self._sites.named(unresolved.site)
        if site is None:
            return self._not_found(request, unresolved.key)
        return self._pages.page(
            request,
            "site/front_door.html",
            site=site,
            view=self._units.last_view(site.unit) if site.unit else None,
            notice=_(
                "Giấy tờ do cơ quan trước sắp xếp cấp vẫn còn giá trị cho đến khi hết thời hạn; "
                "không phải đổi lại chỉ vì sắp xếp đơn vị hành chính."
            ),
        )


def address_of(request: Request) -> str:
    """Return the address a visitor asked for, as it came: scheme, host, raw path, raw query."""
    scope = request.scope
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    host = host_of(scope)
    return f"http://{host}{path}" + (f"?{query}" if query else "")


def words_in(key: CanonicalUrl) -> str:
    """Return what an old address says in words: "/tin-tuc/gia-dat-2024-123.html" is "gia dat"."""
    segments = [piece for piece in split_key(key)[1].split("/") if piece]
    for segment in reversed(segments):
        text = _NOT_WORDS.sub(" ", _EXTENSION.sub("", segment))
        words = " ".join(_LONE_ID.sub(" ", text).split())
        if len(words) > 3:  # noqa: PLR2004 - shorter than a word and a half says nothing
            return words
    return ""


def sites_by_host(sites: Sites) -> dict[str, Site]:
    """Return every host of every old portal, as requests name them."""
    return {host: site for site in sites for host in site.hosts}
