"""Looking up administrative units: `/api/v1/…`, what a code meant on a day and what it is now.

A code means a unit only together with a date. One without gets the unit of today, and a warning
where the code has meant another unit before.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Scope

from catalogue.units.conversion import convert
from catalogue.units.hosts import HostTable
from catalogue.units.register import Level, Register, Unit
from gateway.answer import Answer, field_lines
from gateway.api.conversions import Batch
from gateway.api.directory import PATH as DIRECTORY_PATH
from gateway.api.directory import Directory
from gateway.api.openapi import description
from gateway.api.questions import Parameters, QuestionError, read_host, read_parameters
from gateway.api.replies import (
    PREFLIGHT,
    Headers,
    csv_answer,
    json_answer,
    problem_answer,
)
from gateway.api.unit_values import (
    CONVERSION_COLUMNS,
    UNIT_COLUMNS,
    conversion_value,
    history_value,
    unit_value,
)
from gateway.i18n import _
from gateway.settings.portal import PortalSettings

PREFIX = b"/api/"
MOST_LISTED = 5_000
LONGEST_NAME = 200
_KEPT_ANSWERS = 8_192
_KEPT_QUERIES = 1_024
_READING = frozenset({"GET", "HEAD"})


class UnitApi:
    """Answers everything below `/api/`, and describes itself at `/api/openapi.json`."""

    def __init__(
        self,
        *,
        portal: PortalSettings,
        register: Register,
        hosts: HostTable,
        today: Callable[[], dt.date],
    ) -> None:
        self._portal = portal
        self._register = register
        self._hosts = hosts
        self._today = today
        self._batch = Batch(portal=portal, register=register, today=today)
        self._directory = Directory(portal=portal, register=register, today=today)
        self._description = description(portal)
        self._kept = lru_cache(maxsize=_KEPT_ANSWERS)(self._unit_answer)

    def answer(self, scope: Scope) -> ASGIApp:
        """Answer a call by its raw path."""
        method, path = scope["method"], scope["raw_path"]
        if method == "OPTIONS":
            return Answer(204, field_lines(PREFLIGHT), b"")
        if path == DIRECTORY_PATH:
            return self._directory
        if path == b"/api/v1/chuyen-doi/lo":
            return self._batch if method == "POST" else self._not_allowed(b"POST, OPTIONS")
        if method not in _READING:
            return self._not_allowed(b"GET, HEAD, OPTIONS")
        try:
            answer = self._read(path, scope["query_string"])
        except QuestionError as error:
            return problem_answer(self._portal, 400, error.detail, tham_so=error.parameter)
        return _unchanged(scope, answer) or answer

    def _read(self, path: bytes, query: bytes) -> Answer:  # noqa: PLR0911 - every address, on one screen
        match path.split(b"/")[2:]:
            case [b"openapi.json"]:
                return json_answer(self._description, _keeping(3600))
            case [b"v1", b"don-vi"]:
                return self._listed(query)
            case [b"v1", b"don-vi", code]:
                return self._one(_text(code), query)
            case [b"v1", b"don-vi", code, b"lich-su"]:
                return self._history(_text(code), query)
            case [b"v1", b"don-vi", code, b"truc-thuoc"]:
                return self._below(_text(code), query)
            case [b"v1", b"ten-mien", host]:
                return self._behind(_text(host), query)
            case [b"v1", b"chuyen-doi"]:
                return self._converted(query)
            case _:
                detail = _("Không có địa chỉ này; xem /api/openapi.json.")
                return problem_answer(self._portal, 404, detail)

    # --- one unit ---

    def _one(self, code: str, query: bytes) -> Answer:
        if not query:
            return self._kept(Parameters({"ma": code}).code(), None, None, self._today())
        level, day = _read_when(query)
        return self._kept(Parameters({"ma": code}).code(), level, day, self._today())

    def _unit_answer(
        self, code: str, level: Level | None, day: dt.date | None, today: dt.date
    ) -> Answer:
        """Make the answer of one code; kept, because the same few thousand are asked for."""
        on = day or today
        unit = self._find(code, level, on)
        if unit is None:
            return self._unknown(code, level, on)
        value = unit_value(self._register, unit, on)
        value["ngay"] = on.isoformat()
        headers = self._dated(on)
        if day is None and (others := self._others(unit)):
            value["canh_bao"] = _("Mã dùng lại: hỏi kèm ngày (ngay=…) để biết đúng đơn vị.")
            value["tung_la"] = [unit_value(self._register, one) for one in others]
            headers = (*headers, (b"x-don-vi-canh-bao", b"ma-dung-lai"))
        return json_answer(value, headers)

    def _find(self, code: str, level: Level | None, on: dt.date) -> Unit | None:
        """Find by code and day; a unit's own name in the register carries its time itself."""
        if "-" in code:
            return self._register.find_by_id(code)
        return self._register.find(code, on, level)

    def _others(self, unit: Unit) -> list[Unit]:
        """Give the units of the same code that were another unit: by name, or by level."""
        return [
            other
            for other in self._register.bearers(unit.code)
            if (other.level, other.name) != (unit.level, unit.name)
        ]

    def _unknown(self, code: str, level: Level | None, on: dt.date) -> Answer:
        others = [
            unit_value(self._register, one)
            for one in self._register.bearers(code)
            if level in (None, one.level)
        ]
        detail = _("Không có đơn vị nào mang mã này vào ngày đó.")
        named = {"ma": code, "ngay": on.isoformat(), "tung_la": others}
        return problem_answer(self._portal, 404, detail, self._dated(on), **named)

    def _history(self, code: str, query: bytes) -> Answer:
        asked = read_parameters(query, {"ngay", "cap"})
        code, level, day = Parameters({"ma": code}).code(), asked.level(), asked.day("ngay")
        if "-" in code:
            one = self._register.find_by_id(code)
            units = [one] if one else []
        else:
            units = [unit for unit in self._register.bearers(code) if level in (None, unit.level)]
        if day:
            units = [unit for unit in units if unit.is_valid(day)]
        if not units:
            return self._unknown(code, level, day or self._today())
        lives = [history_value(self._register, unit) for unit in units]
        return json_answer({"ma": code, "don_vi": lives}, self._dated(self._today()))

    # --- lists ---

    def _below(self, code: str, query: bytes) -> Answer:
        asked = read_parameters(query, {"ngay", "cap", "dang"})
        code = Parameters({"ma": code}).code()
        on = asked.day("ngay") or self._today()
        unit = self._find(code, asked.level(), on)
        if unit is None:
            return self._unknown(code, asked.level(), on)
        day = min(on, unit.valid_to) if unit.valid_to else on
        below = [child for child in self._register.children(unit) if child.is_valid(day)]
        return self._list(below, asked, on, ngay=on.isoformat(), thuoc=unit.code)

    def _listed(self, query: bytes) -> Answer:
        asked = read_parameters(query, {"ten", "ngay", "cap", "dang", "so_dong", "bo_qua"})
        name, level, day = asked.values.get("ten", ""), asked.level(), asked.day("ngay")
        found: Iterable[Unit]
        if len(name) > LONGEST_NAME:
            raise QuestionError("ten", _("Tên dài quá 200 ký tự."))
        if name:
            found = self._register.beginning_with(name)
            on = day
        else:
            on = day or self._today()
            level = level or Level.PROVINCE
            found = self._register.valid_on(on, level)
        units = [
            unit
            for unit in found
            if (on is None or unit.is_valid(on)) and level in (None, unit.level)
        ]
        start = asked.number("bo_qua", default=0, most=100_000)
        many = asked.number("so_dong", default=100, most=MOST_LISTED)
        return self._list(
            units[start : start + many],
            asked,
            on,
            ngay=on.isoformat() if on else None,
            tong=len(units),
            bo_qua=start,
        )

    def _list(
        self, units: list[Unit], asked: Parameters, on: dt.date | None, **more: Any
    ) -> Answer:
        values = [unit_value(self._register, unit, on) for unit in units]
        headers = self._dated(on or self._today())
        if asked.form() == "csv":
            return csv_answer(UNIT_COLUMNS, values, headers)
        return json_answer({**more, "don_vi": values}, headers)

    # --- conversion ---

    def _converted(self, query: bytes) -> Answer:
        asked = read_parameters(query, {"ma", "cap", "tu", "den", "dang"})
        code, level = asked.code(), asked.level()
        since, until = asked.needed_day("tu"), asked.day("den") or self._today()
        unit = self._find(code, level, since)
        if unit is None:
            return self._unknown(code, level, since)
        found = convert(self._register, unit, until)
        value = {"tu": since.isoformat(), **conversion_value(self._register, found)}
        headers = self._dated(until)
        if asked.form() == "csv":
            rows = self._batch.rows_of(value, row=1)
            return csv_answer(CONVERSION_COLUMNS, rows, headers)
        return json_answer(value, headers)

    def _behind(self, host: str, query: bytes) -> Answer:
        """Say which unit an old portal spoke for, and what that is on a day."""
        asked = read_parameters(query, {"ngay"})
        host = read_host("ten_mien", host)
        on = asked.day("ngay") or self._today()
        unit, heirs = self._hosts.unit_of(host), self._hosts.heirs_of(host, on)
        if unit is None or heirs is None:
            detail = _("Không biết tên miền này là cổng của đơn vị nào.")
            return problem_answer(self._portal, 404, detail, self._dated(on), ten_mien=host)
        spoken = unit.valid_to or self._today()
        converted = conversion_value(self._register, heirs)
        value = {"ten_mien": host, "tu": spoken.isoformat(), **converted}
        value["don_vi"] = unit_value(self._register, unit)
        return json_answer(value, self._dated(on))

    def _not_allowed(self, allowed: bytes) -> Answer:
        detail = _("Địa chỉ này không nhận cách gọi mà chương trình vừa dùng.")
        return problem_answer(self._portal, 405, detail, ((b"allow", allowed),))

    def _dated(self, on: dt.date) -> Headers:
        """Say as of which day was answered, and how long that may be kept."""
        day = on.isoformat().encode("ascii")
        today = self._today().isoformat().replace("-", "")
        tag = f'W/"{self._register.digest}-{today}"'.encode("ascii")
        return ((b"x-don-vi-ngay", day), *_keeping(300), (b"etag", tag))


@lru_cache(maxsize=_KEPT_QUERIES)
def _read_when(query: bytes) -> tuple[Level | None, dt.date | None]:
    """Read level and day; kept, because it is mostly the same few days that are asked about."""
    asked = read_parameters(query, {"ngay", "cap"})
    return asked.level(), asked.day("ngay")


def _text(segment: bytes) -> str:
    """Return a segment of a path; codes are plain ASCII, so nothing is decoded."""
    return segment.decode("ascii", errors="replace")


def _keeping(seconds: int) -> Headers:
    return ((b"cache-control", b"public, max-age=%d" % seconds),)


def _unchanged(scope: Scope, answer: Answer) -> Answer | None:
    """Return 304 where the caller holds this very answer (RFC 9110, 13.1.2)."""
    held = [
        one.strip()
        for name, value in scope["headers"]
        if name == b"if-none-match"
        for one in value.split(b",")
    ]
    if not held or answer.status != 200:  # noqa: PLR2004 - only what was found is compared
        return None
    fields = answer.fields
    if not any(name == b"etag" and value in held for name, value in fields):
        return None
    return Answer(304, field_lines([field for field in fields if field[0] in _KEPT_HEADERS]), b"")


_KEPT_HEADERS = frozenset(
    {b"etag", b"cache-control", b"x-don-vi-ngay", b"access-control-allow-origin"}
)
