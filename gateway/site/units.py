"""Administrative units for citizens: where does my old commune, district or province belong now?

A code means a unit only together with a date; a page without one shows every unit of that code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from catalogue.units.hosts import HostTable
from catalogue.units.labels import full_label
from catalogue.units.offices import Office, Offices
from catalogue.units.register import Level, Register, Succession, SuccessionKind, Unit
from gateway.i18n import _
from gateway.rendering import Pages

MOST_FOUND = 60
KIND_NAMES = {
    SuccessionKind.KEEP: _("giữ nguyên"),
    SuccessionKind.RENAME: _("đổi tên"),
    SuccessionKind.TYPE_CHANGE: _("đổi loại đơn vị"),
    SuccessionKind.WHOLE: _("nhập toàn bộ địa bàn"),
    SuccessionKind.INSIDE: _("nằm trong địa bàn cũ"),
    SuccessionKind.PART: _("nhận một phần địa bàn"),
}


@dataclass(frozen=True, slots=True)
class UnitLine:
    """One unit in a list, ready to print."""

    name: str
    label: str
    code: str
    location: str
    note: str = ""
    is_default: bool = False
    is_ended: bool = False
    offices: tuple[Office, ...] = ()


@dataclass(frozen=True, slots=True)
class CommuneLine:
    """One commune of a district that is no more, with what it is now, ready to print."""

    name: str
    location: str
    now: tuple[UnitLine, ...]


@dataclass(frozen=True, slots=True)
class UnitView:
    """One unit with what came before and after it, ready to print."""

    unit: Unit
    label: str
    in_sentence: str
    above: str
    is_district: bool
    ended_on: date | None
    successors: tuple[UnitLine, ...]
    predecessors: tuple[UnitLine, ...]
    children: tuple[UnitLine, ...]
    communes: tuple[CommuneLine, ...] = ()
    offices_above: tuple[Office, ...] = ()


class UnitPages:
    """`/don-vi` and `/don-vi/code`."""

    def __init__(
        self,
        *,
        register: Register,
        hosts: HostTable,
        offices: Offices,
        pages: Pages,
        today: Callable[[], date],
    ) -> None:
        self._register = register
        self._hosts = hosts
        self._offices = offices
        self._pages = pages
        self._today = today

    def find(self, request: Request) -> Response:
        """Find units by a name as people write it, old and new alike."""
        typed = " ".join(request.query_params.get("ten", "").split())[:200]
        found = self._register.named(typed) if typed else ()
        return self._pages.page(
            request,
            "site/units.html",
            name=typed,
            found=[self._line(unit) for unit in found[:MOST_FOUND]],
            total=len(found),
        )

    def page(self, request: Request) -> Response:
        """Show the unit that bore a code on the day `ngay`, or each that ever bore it."""
        code = request.path_params["code"]
        asked = request.query_params.get("ngay", "")
        units = self._bearers(code)
        if asked:
            day = _day(asked)
            units = [unit for unit in units if unit.is_valid(day)]
        if not units:
            raise HTTPException(404)
        views = [self._view(unit) for unit in units]
        return self._pages.page(request, "site/unit.html", views=views, code=code, asked=asked)

    def behind(self, host: str) -> UnitView | None:
        """Return the unit that an old host spoke for, as it was on its last day."""
        unit = self._hosts.unit_of(host)
        return None if unit is None else self._view(unit)

    def _bearers(self, code: str) -> list[Unit]:
        """Return every unit of a code, the present one first."""
        found = [unit for unit in self._register if unit.code == code]
        return sorted(found, key=lambda unit: unit.valid_from, reverse=True)

    def _view(self, unit: Unit) -> UnitView:
        register = self._register
        label = full_label(register, unit)
        has_ended = unit.level is Level.DISTRICT and unit.valid_to is not None
        return UnitView(
            unit=unit,
            label=label,
            in_sentence=label[:1].lower() + label[1:],
            above=", ".join(full_label(register, one) for one in register.ancestors(unit)[:1]),
            is_district=unit.level is Level.DISTRICT,
            ended_on=unit.valid_to,
            successors=self._lines(register.successors(unit)),
            predecessors=self._lines(register.predecessors(unit)),
            children=() if has_ended else tuple(map(self._line, register.children(unit))),
            communes=tuple(map(self._commune, register.children(unit))) if has_ended else (),
            offices_above=self._offices_above(unit),
        )

    def _commune(self, commune: Unit) -> CommuneLine:
        """Say what a commune of a district became: the answer most visitors came for."""
        line = self._line(commune)
        now = self._lines(self._register.successors(commune))
        return CommuneLine(line.name, line.location, now)

    def _offices_above(self, unit: Unit) -> tuple[Office, ...]:
        """Return whom to call in the province that an ended unit lies in now."""
        if unit.valid_to is None:
            return ()
        heirs = [heir.unit for heir in self._register.successors(unit)]
        provinces = [one for heir in heirs for one in self._register.ancestors(heir, self._today())]
        codes = dict.fromkeys(province.code for province in provinces)
        return tuple(office for code in codes for office in self._offices.at(code))

    def _lines(self, successions: Iterable[Succession]) -> tuple[UnitLine, ...]:
        return tuple(
            self._line(one.unit, note=KIND_NAMES[one.kind], is_default=one.is_default)
            for one in successions
        )

    def _line(self, unit: Unit, note: str = "", *, is_default: bool = False) -> UnitLine:
        day = unit.valid_to or self._today()
        return UnitLine(
            name=unit.name,
            label=full_label(self._register, unit),
            code=unit.code,
            location=f"/don-vi/{unit.code}?ngay={day.isoformat()}",
            note=note,
            is_default=is_default,
            is_ended=unit.valid_to is not None,
            offices=self._offices.at(unit.code) if unit.valid_to is None else (),
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HTTPException(404) from None
