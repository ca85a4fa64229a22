"""Pages answered at old addresses: split, withdrawn, kept as a copy, or not decided yet."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Scope

from catalogue.misses import MissSpool
from gateway.answer import Answer, field_lines
from gateway.i18n import LANGUAGES, _
from gateway.rendering import Pages
from gateway.security import host_of
from gateway.shell import Shell
from gateway.site.addresses import address_of
from gateway.site.archived import ArchivePages
from gateway.site.fragments import archive_path
from gateway.site.not_found import NotFoundPages
from gateway.site.notices import WORDINGS, Notices, wants_json
from gateway.site.units import UnitPages
from gateway.threads import in_thread
from redirects.mapping import CanonicalUrl
from redirects.resolution import Archived, Gone, Split, Unresolved
from redirects.site import Site
from redirects.sites import Sites
from redirects.traffic.personal import names_a_file, without_codes
from redirects.traffic.sifting import Sieve

DECISION_MAX_AGE = 300
"""Seconds that an answer of a decision other than a redirect may be kept; it can be taken back."""

NOISE_ANSWER = Answer(
    404,
    field_lines([(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"10")]),
    b"not found\n",
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
        not_found: NotFoundPages,
        misses: MissSpool,
        sites: Sites,
        sieve: Sieve,
    ) -> None:
        self._pages = pages
        self._notices = notices
        self._archive = archive
        self._units = units
        self._not_found = not_found
        self._misses = misses
        self._sites = sites
        self._sieve = sieve
        self._shells: dict[tuple[str, tuple[bool, ...]], Shell] = {}

    def split(self, split: Split) -> ASGIApp:
        """List the successors of a page."""

        def show(request: Request) -> Response:
            return self._pages.page(
                request,
                "site/split.html",
                status=300,
                headers={"cache-control": f"max-age={DECISION_MAX_AGE}"},
                successors=split.successors,
                reason=split.reason,
                site=self._sites.named(split.site),
            )

        return in_thread(show)

    def gone(self, gone: Gone, scope: Scope) -> Answer:
        """Say why it was withdrawn, and where its copy is if one may be seen."""
        if wants_json(scope):
            return self._notices.at_once(scope, 410, detail=gone.reason)
        copy = archive_path(address_of(scope)) if gone.archived else ""
        shell = self._withdrawn(gone.site, bool(gone.reason), gone.archived)
        return shell.page(scope, detail=gone.reason or "", archived=copy)

    def _withdrawn(self, site: str, *has: bool) -> Shell:
        """Return the page of what is gone from a site: with a reason or not, with a copy or not."""
        shell = self._shells.get((site, has))
        if shell is None:
            has_reason, has_copy = has
            shell = self._shells[site, has] = Shell(
                self._pages,
                "site/gone.html",
                status=410,
                max_age=DECISION_MAX_AGE,
                holes=("detail",) * has_reason + ("archived",) * has_copy,
                wording=WORDINGS[410],
                site=self._sites.named(site),
                **({} if has_reason else {"detail": None}),
                **({} if has_copy else {"archived": None}),
            )
        return shell

    def archived(self, archived: Archived) -> ASGIApp:
        """Answer with the copy."""
        return in_thread(lambda request: self._archive.copy(request, archived.key))

    def unresolved(self, unresolved: Unresolved, scope: Scope) -> ASGIApp:
        """Count the miss and help to find what was meant; the bare host gets a page of its own."""
        key = unresolved.key
        path = key[key.index("/") :].partition("?")[0]
        site = self._sites.named(unresolved.site) if path == "/" else None
        if site is not None:
            return in_thread(lambda request: self._front_door(request, site))
        folded = path if unresolved.verbatim else path.lower()
        if self._sieve.drops_address(folded, scope["query_string"]) is not None:
            return NOISE_ANSWER
        raw = address_of(scope)
        if unresolved.verbatim:
            self._misses.count(unresolved.site, CanonicalUrl(without_codes(key)))
        else:
            self._count(unresolved, raw)
        return self._not_found.answer(key, raw, scope)

    def _count(self, unresolved: Unresolved, raw: str) -> None:
        key = unresolved.key
        if "?" in raw and names_a_file(raw.lower()):  # counted without what was asked
            raw = raw.partition("?")[0]
            key = CanonicalUrl(key.partition("?")[0])
        self._misses.count(unresolved.site, CanonicalUrl(without_codes(key)), without_codes(raw))

    def _front_door(self, request: Request, site: Site) -> Response:
        host = host_of(request.scope)
        return self._pages.page(
            request,
            "site/front_door.html",
            site=site,
            host=host,
            switches={language: f"/?lang={language}" for language in LANGUAGES},
            view=self._units.behind(host),
            notice=_(
                "Giấy tờ do cơ quan trước sắp xếp cấp vẫn còn giá trị cho đến khi hết thời hạn; "
                "không phải đổi lại chỉ vì sắp xếp đơn vị hành chính."
            ),
        )
