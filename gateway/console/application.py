"""The console's application: every address it answers, and the parts behind them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from catalogue.archive import Archive
from catalogue.database import CatalogueError, Database
from catalogue.misses import MissSpool
from catalogue.review import ReviewError
from catalogue.shadow import ShadowSpool
from catalogue.usage import UsageSpool
from gateway.console import addresses
from gateway.console.batches import Batches
from gateway.console.callers import CallersPage
from gateway.console.checking import Checking
from gateway.console.checking_list import CheckingList
from gateway.console.filters import Places
from gateway.console.guard import HostCheck, PageHeaders, SameOrigin
from gateway.console.inbox import Inbox
from gateway.console.index import Index
from gateway.console.intake import Intake
from gateway.console.mapping import MappingDesk
from gateway.console.misses import MissDesk
from gateway.console.pages import Pages
from gateway.console.readiness import ReadinessPage
from gateway.console.reading import Reading
from gateway.console.reviewing import Reviewing
from gateway.console.rules import RuleDesk
from gateway.console.signing_in import SigningIn
from gateway.console.suggesting import Suggesting
from gateway.console.throttle import Throttle
from gateway.console.upkeep import Chore, Upkeep
from gateway.console.upload import Drawer
from gateway.console.visit import SIGN_IN_PATH, Clock, Cookie, Gate
from gateway.i18n import _
from gateway.publishing import ground_of
from gateway.rendering import STATIC
from gateway.settings.whole import Settings
from redirects.sites import Sites

log = structlog.get_logger()


def console_application(settings: Settings, *, database: Database, clock: Clock) -> Starlette:
    """Build the console over an open database, which it closes when it ends."""
    pages, index = Pages(settings), Index(settings.search.engine, settings.index_directory)
    upkeep = Upkeep(_chores(settings, database, index), clock=clock)
    return Starlette(
        routes=_routes(settings, database, pages, index, upkeep, clock=clock),
        middleware=[
            Middleware(PageHeaders),
            Middleware(HostCheck, hosts=settings.console.hosts),
            Middleware(SameOrigin),
        ],
        exception_handlers=_troubles(pages),
        lifespan=_lifespan(database, index, upkeep),
    )


def _routes(
    settings: Settings,
    database: Database,
    pages: Pages,
    index: Index,
    upkeep: Upkeep,
    *,
    clock: Clock,
) -> list[BaseRoute]:
    cookie = Cookie(secure=settings.console.secure_cookie)
    gate = Gate(database, clock, cookie)
    page = gate.page
    signing_in = SigningIn(database, pages, clock, cookie, Throttle())
    reviewing = Reviewing(database, pages, Places(database))
    reading = Reading(database, Archive(settings.archive_directory), pages, Places(database))
    sites = Sites(settings.sites())
    suggesting = Suggesting(index, sites)
    portal = ground_of(settings).portal
    desk = MappingDesk(database, pages, sites, portal, suggesting)
    rules = RuleDesk(database, pages, sites, portal, tuple(settings.rules()))
    misses = MissDesk(database, pages, suggesting, least=settings.suggest.accept_above)
    intake = Intake(database, pages, sites, portal, Drawer(settings.data / "imports"))
    checking_list = CheckingList(pages, settings.snapshot_directory)
    document = addresses.DOCUMENTS + "/{id}"
    return [
        Route(SIGN_IN_PATH, signing_in.show),
        Route(SIGN_IN_PATH, signing_in.enter, methods=["POST"]),
        Route("/dang-xuat", page(signing_in.leave), methods=["POST"]),
        Route(addresses.INBOX, page(Inbox(database, pages, upkeep, portal).show)),
        Route("/hoan-tac", page(Batches(database).undo), methods=["POST"]),
        Route(addresses.DOCUMENTS, page(reviewing.list)),
        Route(addresses.DOCUMENTS + "/quyet-dinh", page(reviewing.decide), methods=["POST"]),
        Route(document, page(reading.show)),
        Route(document + "/quyet-dinh", page(reading.decide), methods=["POST"]),
        Route(document + "/ban-goc", page(reading.original)),
        Route(document + "/tep", page(reading.file)),
        Route(addresses.MAPPINGS, page(desk.list)),
        Route(addresses.MAPPING_FORM, page(desk.edit)),
        Route(addresses.MAPPING_FORM, page(desk.put), methods=["POST"]),
        Route(addresses.INTAKE, page(intake.show)),
        Route(addresses.INTAKE, gate.upload(intake.attempt), methods=["POST"]),
        Route(addresses.INTAKE + "/lay", page(intake.take), methods=["POST"]),
        Route(addresses.MAPPING_TABLE, page(intake.table)),
        Route(addresses.RULES, page(rules.list)),
        Route(addresses.RULE_FORM, page(rules.edit)),
        Route(addresses.RULE_FORM, page(rules.put), methods=["POST"]),
        Route(addresses.RULES + "/bo", page(rules.drop), methods=["POST"]),
        Route(addresses.MISSES, page(misses.list)),
        Route(addresses.MISSES, page(misses.accept), methods=["POST"]),
        Route(addresses.READINESS, page(ReadinessPage(database, pages, settings).show)),
        Route(addresses.CALLERS, page(CallersPage(database, pages, settings).show)),
        Route(addresses.CHECK, page(Checking(database, pages, settings.snapshot_directory).show)),
        Route(addresses.CHECK_LIST, page(checking_list.show)),
        Route(addresses.CHECK_LIST, page(checking_list.show), methods=["POST"]),
        Mount("/static", StaticFiles(directory=STATIC)),
    ]


def _chores(settings: Settings, database: Database, index: Index) -> tuple[Chore, ...]:
    def folding(spool: Path, collect: Callable[[Path, Connection], object]) -> Callable[[], None]:
        def fold() -> None:
            if spool.is_dir() and any(spool.iterdir()):  # an idle second takes no write lock
                with database.writing() as connection:
                    collect(spool, connection)

        return fold

    fold_misses = folding(settings.miss_directory, MissSpool.collect)
    fold_usage = folding(settings.usage_directory, UsageSpool.collect)
    fold_shadow = folding(settings.shadow_directory, ShadowSpool.collect)

    def index_documents() -> None:
        index.bring_up_to_date(database)

    return (
        Chore("misses", _("Gộp các địa chỉ chưa rõ"), fold_misses),
        Chore("usage", _("Gộp số lượt gọi API"), fold_usage),
        Chore("shadow", _("Gộp kết quả so sánh API"), fold_shadow),
        Chore("index", _("Cập nhật chỉ mục tìm kiếm"), index_documents),
    )


def _troubles(pages: Pages) -> Mapping[Any, Callable[[Request, Exception], Response]]:
    def missing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for no other"
        message = _("Trang quản trị không có địa chỉ này.")
        return pages.show(request, "error.html", status=error.status_code, message=message)

    def unavailable(request: Request, error: Exception) -> Response:
        log.error("console.catalogue_failed", error=str(error))
        message = _("Danh mục không làm được việc này lúc này. Hãy thử lại.")
        return pages.show(request, "error.html", status=503, message=message)

    def overtaken(request: Request, error: Exception) -> Response:
        log.info("console.decision_overtaken", error=str(error))
        message = _("Người khác vừa quyết định về tài liệu này. Hãy mở lại trang.")
        return pages.show(request, "error.html", status=409, message=message)

    return {HTTPException: missing, CatalogueError: unavailable, ReviewError: overtaken}


def _lifespan(
    database: Database, index: Index, upkeep: Upkeep
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        try:
            async with upkeep.running():
                yield
        finally:
            index.close()
            database.close()

    return lifespan
