"""The guide for programmers of other systems: what changed, from the data that makes it so.

Routes come from what is published, codes and dates from the register: nothing here can be out of
date by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import Response

from catalogue.units.register import Level, Register, Unit
from gateway.live import Live
from gateway.passthrough.transition import ends_on, notice_on
from gateway.rendering import Pages
from redirects.route import ApiRoute, Transition
from redirects.route_units import UnitCodes

_SAMPLES = (
    "/api/v1/don-vi/24?ngay=2025-06-30",
    "/api/v1/don-vi/24",
    "/api/v1/chuyen-doi?ma=11008&tu=2025-06-30",
    "/api/v1/don-vi?cap=xa&ngay=2025-06-30&dang=csv",
)


@dataclass(frozen=True, slots=True)
class CalledAddress:
    """One preserved API, ready to print.

    `units` says whose codes of units it speaks, where they are changed on the way.
    """

    address: str
    methods: str
    contact: str
    units: UnitCodes | None
    asks_the_holder: bool


@dataclass(frozen=True, slots=True)
class EndingAddress:
    """A preserved API that is to end, as its callers are told in every answer, ready to print."""

    address: str
    deprecated: date | None
    ends_on: date | None
    successor: str | None
    page: str | None
    notice: str


@dataclass(frozen=True, slots=True)
class UsedCode:
    """A province code that has meant two provinces, ready to print."""

    code: str
    before: str
    now: str
    changed_on: date


@dataclass(frozen=True, slots=True)
class DayOfChange:
    """A day on which units began, and by which law."""

    day: date
    basis: str
    count: int


class TechnicalGuide:
    """`/tai-lieu-ky-thuat`."""

    def __init__(
        self, *, live: Live, register: Register, pages: Pages, today: Callable[[], date]
    ) -> None:
        self._live = live
        self._pages = pages
        self._today = today
        self._codes = tuple(_codes_used_again(register))
        self._changes = tuple(_days_of_change(register))

    def page(self, request: Request) -> Response:
        """Show what a programmer has to know."""
        routes = sorted(self._live.routes(), key=lambda route: (route.host, route.path))
        today = self._today()
        ending = (_ending(route, today) for route in routes)
        return self._pages.page(
            request,
            "site/guide.html",
            addresses=[_called(route) for route in routes],
            ending=[one for one in ending if one is not None],
            codes=self._codes,
            changes=[change for change in self._changes if change.day <= today],
            samples=_SAMPLES,
            openapi="/api/openapi.json",
            soap="/api/dmdvhc.asmx?wsdl",
        )


def _address(route: ApiRoute) -> str:
    return f"{route.host}{route.path}" + (f"?{route.query}" if route.query else "")


def _ending(route: ApiRoute, today: date) -> EndingAddress | None:
    plan = route.transition or Transition()
    one = EndingAddress(
        address=_address(route),
        deprecated=plan.deprecated,
        ends_on=ends_on(route),
        successor=route.successor,
        page=plan.page,
        notice=notice_on(route, today),
    )
    told = (one.deprecated, one.ends_on, one.successor, one.page, one.notice)
    return one if any(told) else None


def _called(route: ApiRoute) -> CalledAddress:
    return CalledAddress(
        address=_address(route),
        methods=", ".join(sorted(route.methods)),
        contact=route.contact,
        units=route.units,
        asks_the_holder=route.dossier is not None,
    )


def _codes_used_again(register: Register) -> Iterator[UsedCode]:
    provinces: dict[str, list[Unit]] = {}
    for unit in register:
        if unit.level is Level.PROVINCE:
            provinces.setdefault(unit.code, []).append(unit)
    for code, units in sorted(provinces.items()):
        first, *later = sorted(units, key=lambda unit: unit.valid_from)
        for unit in later:
            if unit.short_name != first.short_name:
                yield UsedCode(code, first.name, unit.name, unit.valid_from)


def _days_of_change(register: Register) -> Iterator[DayOfChange]:
    """The first day of the register is no change: it is as far back as its code list goes."""
    counts: dict[tuple[date, str], int] = {}
    for unit in register:
        key = (unit.valid_from, unit.legal_basis)
        counts[key] = counts.get(key, 0) + 1
    began = min(day for day, _ in counts)
    for (day, basis), count in sorted(counts.items(), reverse=True):
        if day != began:
            yield DayOfChange(day, basis, count)
