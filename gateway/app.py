"""The two applications: every outcome of a request, in order. Read this first."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import assert_never

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.archive import Archive
from catalogue.database import open_database
from catalogue.misses import MissSpool
from catalogue.search.engines import read_index
from catalogue.shadow import ShadowSpool
from catalogue.units.agencies import Agencies
from catalogue.units.register import Register, load_register
from catalogue.usage import UsageSpool
from gateway.adapting.adapter import UnitAdapter
from gateway.answer import Answer, dated
from gateway.api.health import Health
from gateway.api.units import PREFIX as API_PREFIX
from gateway.api.units import UnitApi
from gateway.bucket import Bucket
from gateway.console.application import console_application
from gateway.counting import Counting, Spool
from gateway.live import Heartbeat, Live
from gateway.metrics import Metrics
from gateway.old_urls import MOVED_NAMES, Redirects, outcome_of
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.probing import Probing
from gateway.passthrough.proxy import Passthrough
from gateway.passthrough.recording import Recordings
from gateway.passthrough.shadowing import Shadowing
from gateway.passthrough.usage import UsageCounting, known_networks
from gateway.publishing import ground_of
from gateway.rendering import Pages
from gateway.secret import kept_secret
from gateway.security import Refusal, admit, asks_for_the_server, host_name, safe_location
from gateway.server.carrying import CHOSEN
from gateway.settings.file import SettingsFile
from gateway.settings.whole import Settings
from gateway.site.archived import ArchivePages
from gateway.site.dossiers import DossierDesk
from gateway.site.feeds import Feeds
from gateway.site.guide import TechnicalGuide
from gateway.site.not_found import SEARCHES_A_SECOND, NotFoundPages
from gateway.site.notices import Notices
from gateway.site.old_host import PATHS as OLD_HOST_PATHS
from gateway.site.old_host import OldHostFiles
from gateway.site.old_pages import OldPages
from gateway.site.routes import portal_routes, trouble
from gateway.site.searching import SearchIndex
from gateway.site.units import UnitPages
from redirects.calendar import today_in_vietnam
from redirects.resolution import (
    Archived,
    Gone,
    Moved,
    Proxied,
    Request,
    Retired,
    Split,
    UnknownHost,
    Unmoved,
    Unresolved,
)
from redirects.resolution import (
    Live as LivePage,
)
from redirects.route import ApiRoute
from redirects.sites import Sites

MISS_SECONDS = 1.0
"""Between two handings-over of counted misses to the editors."""
USE_SECONDS = 10.0
"""Between two handings-over of counted calls to the catalogue."""


_FOR_MACHINES = (b"/healthz/", *OLD_HOST_PATHS, b"*")


class PublicSite:
    """The public site. Old addresses are answered ahead of everything that needs a database."""

    def __init__(
        self,
        *,
        settings: Settings,
        live: Live,
        health: Health,
        metrics: Metrics,
        old_host_files: OldHostFiles,
        notices: Notices,
        redirects: Redirects,
        old_pages: OldPages,
        passthrough: Passthrough,
        dossiers: DossierDesk,
        api: UnitApi,
        portal: ASGIApp,
    ) -> None:
        self._live = live
        self._health = health
        self._metrics = metrics
        self._old_host_files = old_host_files
        self._notices = notices
        self._redirects = redirects
        self._old_pages = old_pages
        self._passthrough = passthrough
        self._dossiers = dossiers
        self._api = api
        self._portal = portal
        self._portal_hosts = frozenset(settings.portal.hosts)
        self._old_sites = Sites(settings.sites())
        self._max_body = settings.serve.max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        match scope["type"]:
            case "http":
                answer = scope.get("extensions", {}).get(CHOSEN) or self.choose(scope)
                await answer(scope, receive, send if isinstance(answer, Answer) else dated(send))
            case "lifespan":
                await self._portal(scope, receive, send)
            case _:
                await send({"type": "websocket.close", "code": 1008})

    def redirect(self, host: bytes, target: bytes) -> bytes | None:
        """Redirect a GET of an ordinary size in one piece; None where `choose` has to be asked.

        Most of what is asked for ends here, and `choose` would say the same of it.
        """
        published = self._live.published
        if published is None or target.startswith(_FOR_MACHINES):
            return None
        found = published.resolver.standing_redirect(host_name(host), target)
        if found is None:
            return None
        site, location, on_trial, since = found
        status = 302 if on_trial else 301
        self._metrics.count(MOVED_NAMES[status], site)
        return self._redirects.letter(status, safe_location(location), since, published.id)

    def choose(self, scope: Scope) -> ASGIApp:
        """Choose the answer: what the door says, else what the address resolves to."""
        host = admit(scope)
        if isinstance(host, Refusal):
            self._metrics.count(f"refused-{host.status}")
            return self._notices.at_once(scope, host.status)
        path = scope["raw_path"]
        if path.startswith(_FOR_MACHINES) and (answer := self._for_machines(scope, host)):
            return answer
        published = self._live.published
        if published is None:
            return self._without_snapshot(scope, host)
        method = scope["method"]
        resolution = published.resolver.resolve(Request(host, path, scope["query_string"], method))
        if method != "GET" and not isinstance(resolution, Proxied) and self._sends_too_much(scope):
            self._metrics.count("refused-413")
            return self._notices.at_once(scope, 413, [(b"connection", b"close")])
        if isinstance(resolution, Moved):  # most of all answers, so they are asked about first
            self._metrics.count(MOVED_NAMES[resolution.status], resolution.site)
            return self._redirects.to(resolution, published.id)
        self._metrics.count(*outcome_of(resolution))
        return self._answer_to(resolution, scope)

    def _sends_too_much(self, scope: Scope) -> bool:
        """Say whether a body is announced that is longer than anything here takes."""
        return any(
            name == b"content-length" and value.isdigit() and int(value) > self._max_body
            for name, value in scope["headers"]
        )

    def _for_machines(self, scope: Scope, host: str) -> ASGIApp | None:
        """Answer probes, and what an old host keeps for search engines."""
        path = scope["raw_path"]
        if asks_for_the_server(scope):
            return Answer(204, b"allow: GET, HEAD, POST, OPTIONS\r\n", b"")
        if path.startswith(b"/healthz/"):
            return self._health.answer(path)
        site = None if host in self._portal_hosts else self._old_sites.of_host(host)
        answer = self._old_host_files.answer(scope, host, site.name) if site else None
        if site is not None and answer is not None:
            self._metrics.count("machine-file", site.name)
        return answer

    def _without_snapshot(self, scope: Scope, host: str) -> ASGIApp:
        """Answer before anything was ever published: an old address is 503, never 404."""
        if host in self._portal_hosts:
            return self._new_page(scope)
        self._metrics.count("no-snapshot")
        # RFC 9110, 15.6.4: when to come again.
        return self._notices.at_once(scope, 503, [(b"retry-after", b"5")])

    def _answer_to(  # noqa: PLR0911 - every outcome but a redirect, on one screen
        self, resolution: Unmoved, scope: Scope
    ) -> ASGIApp:
        match resolution:
            case Unresolved():
                return self._old_pages.unresolved(resolution, scope)
            case Proxied(route=route):
                return self._called(route, scope)
            case Retired(route=route):
                return self._passthrough.retired(route, scope)
            case LivePage():
                return self._new_page(scope)
            case Split():
                return self._old_pages.split(resolution)
            case Gone():
                return self._old_pages.gone(resolution, scope)
            case Archived():
                return self._old_pages.archived(resolution)
            case UnknownHost():
                return self._notices.at_once(scope, 421)
            case _:
                assert_never(resolution)

    def _called(self, route: ApiRoute, scope: Scope) -> ASGIApp:
        """Pass a call on; one for a citizen's dossier to whoever holds it now."""
        return self._dossiers.answer(route, scope) if route.dossier else self._passthrough.to(route)

    def _new_page(self, scope: Scope) -> ASGIApp:
        """Choose between what programs and what people ask; programs need no database."""
        is_api = scope["raw_path"].startswith(API_PREFIX)
        return self._api.answer(scope) if is_api else self._portal


def create_site(settings: Settings, path: Path | None = None) -> ASGIApp:
    """Build the public site. It reads the catalogue and writes nothing but snapshots and misses.

    `path` is the file the settings came from: its routes and rules are followed as it changes.
    """
    database = open_database(settings.database_url, read_only=True)
    archive = Archive(settings.archive_directory)
    sites = Sites(settings.sites())
    file = SettingsFile(path, settings) if path is not None else None
    live = Live(database, ground_of(settings), settings.snapshot_directory, file)
    misses = MissSpool(settings.miss_directory)
    index = SearchIndex(lambda: read_index(settings.search.engine, settings.index_directory))
    metrics = Metrics()
    pages = Pages(settings.portal)
    notices = Notices(pages)
    register = load_register()
    passthrough, beats = _passing_on(settings, metrics, register)
    offices = settings.offices()
    hosts = settings.host_table(register)
    units = UnitPages(
        register=register,
        hosts=hosts,
        offices=offices,
        pages=pages,
        today=today_in_vietnam,
    )
    feeds = Feeds(database=database, pages=pages)
    guide = TechnicalGuide(live=live, register=register, pages=pages, today=today_in_vietnam)
    kept = ArchivePages(
        database=database, archive=archive, live=live, pages=pages, notices=notices, sites=sites
    )
    watch = Heartbeat(settings.serve.poll, live.look)
    following = Heartbeat(settings.serve.poll, live.follow)
    counting = Heartbeat(MISS_SECONDS, Counting(misses, "misses.dropped").hand_over)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        await run_in_threadpool(watch.start)
        for beat in (following, counting, *beats):
            beat.start()
        probing = asyncio.create_task(Probing(passthrough.servers, live.routes).run())
        try:
            yield
        finally:
            await run_in_threadpool(following.stop)
            await run_in_threadpool(watch.stop)
            probing.cancel()
            await passthrough.close()
            for beat in (counting, *beats):
                await run_in_threadpool(beat.stop)
            live.close()
            index.close()
            database.close()

    portal = Starlette(
        routes=portal_routes(
            database=database,
            archive=archive,
            live=live,
            pages=pages,
            sites=sites,
            index=index,
            units=units,
            kept=kept,
            feeds=feeds,
            guide=guide,
            metrics=metrics,
        ),
        exception_handlers=trouble(notices),
        lifespan=lifespan,
    )
    return PublicSite(
        settings=settings,
        live=live,
        health=Health(live),
        metrics=metrics,
        old_host_files=OldHostFiles(
            database, notices, {site.name: site.scheme for site in settings.site}
        ),
        notices=notices,
        redirects=Redirects(settings.serve.redirect_max_age, time.time),
        old_pages=OldPages(
            pages=pages,
            notices=notices,
            archive=kept,
            units=units,
            not_found=NotFoundPages(
                pages=pages,
                notices=notices,
                index=index,
                suggesting=Bucket(SEARCHES_A_SECOND, time.monotonic),
                max_age=settings.serve.missing_max_age,
            ),
            misses=misses,
            sites=sites,
            sieve=settings.traffic.sieve(),
        ),
        passthrough=passthrough,
        dossiers=DossierDesk(
            agencies=Agencies(register, offices),
            passthrough=passthrough,
            pages=pages,
            notices=notices,
            secret=kept_secret(settings.dossier_secret),
            today=today_in_vietnam,
            clock=time.monotonic,
        ),
        api=UnitApi(portal=settings.portal, register=register, hosts=hosts, today=today_in_vietnam),
        portal=portal,
    )


def _passing_on(
    settings: Settings, metrics: Metrics, register: Register
) -> tuple[Passthrough, list[Heartbeat]]:
    """Build the passthrough, and what hands over what it counts and records."""
    uses = UsageSpool(settings.usage_directory)
    found = ShadowSpool(settings.shadow_directory)
    recordings = Recordings(settings.recording_directory)
    passthrough = Passthrough(
        settings.portal,
        metrics,
        PoolLimits(settings.serve.upstream_connections, settings.serve.upstream_waiting),
        usage=UsageCounting(uses, kept_secret(settings.caller_secret), known_networks(settings)),
        shadowing=Shadowing(found, metrics, chance=random.random),
        recordings=recordings,
        unit_codes=UnitAdapter(settings.portal, register, today_in_vietnam),
    )
    counted: dict[str, Spool] = {
        "usage.dropped": uses,
        "shadow.dropped": found,
        "recordings.dropped": recordings,
    }
    beats = [
        Heartbeat(USE_SECONDS, Counting(spool, event).hand_over) for event, spool in counted.items()
    ]
    return passthrough, beats


def create_console(settings: Settings) -> ASGIApp:
    """Build the editors' console: it signs editors in, shows what was imported, and writes."""
    database = open_database(settings.database_url)
    return console_application(settings, database=database, clock=lambda: datetime.now(UTC))
