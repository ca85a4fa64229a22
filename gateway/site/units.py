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

from catalogue.units.labels import full_label
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


class UnitPages:
    """`/don-vi` and `/don-vi/code`."""

    def __init__(self, *, register: Register, pages: Pages, today: Callable[[], date]) -> None:
        self._register = register
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

    def last_view(self, code: str) -> UnitView | None:
        """Return the unit that bore a code until its last day, else the one that bears it now."""
        units = sorted(
            self._bearers(code), key=lambda unit: (unit.valid_to is None, unit.valid_from)
        )
        return self._view(units[0]) if units else None

    def _bearers(self, code: str) -> list[Unit]:
        """Return every unit of a code, the present one first."""
        found = [unit for unit in self._register if unit.code == code]
        return sorted(found, key=lambda unit: unit.valid_from, reverse=True)

    def _view(self, unit: Unit) -> UnitView:
        register = self._register
        label = full_label(register, unit)
        return UnitView(
            unit=unit,
            label=label,
            in_sentence=label[:1].lower() + label[1:],
            above=", ".join(full_label(register, one) for one in register.ancestors(unit)[:1]),
            is_district=unit.level is Level.DISTRICT,
            ended_on=unit.valid_to,
            successors=self._lines(register.successors(unit)),
            predecessors=self._lines(register.predecessors(unit)),
            children=tuple(self._line(child) for child in register.children(unit)),
        )

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
        )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise HTTPException(404) from None
