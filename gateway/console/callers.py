"""Callers of preserved APIs in the console: who calls, who fell silent, what a shadow found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection
from starlette.responses import Response

from catalogue.database import Database
from catalogue.shadow import ShadowCounts
from catalogue.usage import Usage
from gateway.console import addresses
from gateway.console.pages import LOCAL_TIME, Pages
from gateway.console.visit import Visit
from gateway.settings.routes import RouteSettings
from gateway.settings.whole import Settings
from gateway.shadow_report import ShadowRoute, shadow_routes
from gateway.usage_report import UsageRow, usage_rows

MOST_SHOWN = 200
"""Callers of one route that are shown, the busiest; `hopnhat api report` has them all."""

SILENT_DAYS = 30
SHADOW_DAYS = 30


@dataclass(frozen=True, slots=True)
class CalledRoute:
    """One route, ready to print; `more` says that it has more callers than are shown."""

    route: RouteSettings
    rows: tuple[UsageRow, ...]
    more: bool
    shadow: ShadowRoute | None


class CallersPage:
    """`/nguoi-goi`."""

    def __init__(self, database: Database, pages: Pages, settings: Settings) -> None:
        self._database = database
        self._pages = pages
        self._settings = settings

    def show(self, visit: Visit) -> Response:
        """Every route with its callers; with `im-lang` those that have not called for so long."""
        days = visit.params.number("im-lang") or 0
        today = visit.now.astimezone(LOCAL_TIME).date()
        with self._database.reading() as connection:
            routes = [
                self._called(connection, route, today=today, days=days)
                for route in self._settings.route
            ]
        return self._pages.answer(
            visit,
            "callers.html",
            tab=addresses.CALLERS,
            routes=routes,
            days=days,
            silent_days=SILENT_DAYS,
            shadow_days=SHADOW_DAYS,
            most=MOST_SHOWN,
        )

    def _called(
        self, connection: Connection, route: RouteSettings, *, today: date, days: int
    ) -> CalledRoute:
        until = today - timedelta(days=days) if days else None
        uses = Usage(connection).listing(route.name, until=until, limit=MOST_SHOWN + 1)
        rows = usage_rows(uses[:MOST_SHOWN], self._settings.caller, today=today)
        first = today - timedelta(days=SHADOW_DAYS - 1)
        shadows = shadow_routes(ShadowCounts(connection).since(first, route.name))
        shadow = shadows[0] if shadows else None
        return CalledRoute(route, tuple(rows), len(uses) > MOST_SHOWN, shadow)
