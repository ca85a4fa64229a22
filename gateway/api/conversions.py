"""Many codes at once: up to 10,000 rows of CSV or JSON, each with its own answer or error."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from catalogue.units.conversion import convert
from catalogue.units.register import Register
from gateway.answer import Answer
from gateway.api.bodies import whole_body
from gateway.api.questions import (
    QuestionError,
    read_code,
    read_day,
    read_level,
    read_parameters,
)
from gateway.api.replies import csv_answer, json_answer, problem_answer
from gateway.api.unit_values import CONVERSION_COLUMNS, conversion_value
from gateway.i18n import _
from gateway.settings.portal import PortalSettings

MOST_ROWS = 10_000
MOST_BYTES = 2 * 1024 * 1024
_COLUMNS = frozenset({"ma", "cap", "tu", "den"})


class Batch:
    """`POST /api/v1/chuyen-doi/lo`: rows of `ma` and optionally `cap`, `tu`, `den`.

    `tu` and `den` of the address stand for rows that have none of their own; what is given
    nowhere is today. A row that cannot be converted says so in `loi`; the others are converted.
    """

    def __init__(
        self, *, portal: PortalSettings, register: Register, today: Callable[[], dt.date]
    ) -> None:
        self._portal = portal
        self._register = register
        self._today = today

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one batch; the work is done in a thread, so that nobody waits behind it."""
        body = await whole_body(receive, most=MOST_BYTES)
        if body is None:
            detail = _("Nội dung gửi lên dài quá 2 MB.")
            answer = problem_answer(self._portal, 413, detail, ((b"connection", b"close"),))
        else:
            kind = _content_type(scope)
            try:
                answer = await run_in_threadpool(self._answer, kind, body, scope["query_string"])
            except QuestionError as error:
                answer = problem_answer(self._portal, 400, error.detail, tham_so=error.parameter)
        await answer(scope, receive, send)

    def rows_of(self, value: Mapping[str, Any], row: int) -> Iterator[dict[str, Any]]:
        """Give one line a candidate of a conversion, as CSV has it."""
        common = {"dong": row, **{name: value.get(name) for name in ("ma", "ten", "tu", "den")}}
        if "loi" in value or not value["ket_qua"]:
            yield {**common, "loi": value.get("loi", _("Không có đơn vị tương ứng."))}
            return
        for one in value["ket_qua"]:
            yield {
                **common,
                "ma_moi": one["ma"],
                "ten_moi": one["ten"],
                "ten_day_du_moi": one["ten_day_du"],
                "quan_he": one["quan_he"],
                "mac_dinh": one["mac_dinh"],
                "mo_ho": value["mo_ho"],
            }

    def _answer(self, kind: bytes, body: bytes, query: bytes) -> Answer:
        asked = read_parameters(query, {"tu", "den", "dang"})
        defaults = {name: asked.values.get(name, "") for name in ("tu", "den")}
        for name, text in defaults.items():
            if text:
                read_day(name, text)
        is_csv = kind == b"text/csv"
        form = asked.form(default="csv" if is_csv else "json")
        rows = _csv_rows(body) if is_csv else _json_rows(body)
        if len(rows) > MOST_ROWS:
            raise QuestionError("dong", _("Nhiều nhất 10.000 dòng một lần."))
        values = [self._convert(row, defaults) for row in rows]
        if form == "csv":
            lines = (
                line
                for number, value in enumerate(values, start=1)
                for line in self.rows_of(value, number)
            )
            return csv_answer(CONVERSION_COLUMNS, lines)
        return json_answer({"dong": values})

    def _convert(self, row: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, Any]:
        told = {"ma": row.get("ma", ""), "tu": row.get("tu") or defaults["tu"]}
        told["den"] = row.get("den") or defaults["den"]
        try:
            code = read_code("ma", told["ma"])
            since = read_day("tu", told["tu"]) if told["tu"] else self._today()
            until = read_day("den", told["den"]) if told["den"] else self._today()
            level = read_level("cap", row.get("cap", ""))
        except QuestionError as error:
            return {**told, "loi": f"{error.parameter}: {error.detail}"}
        register = self._register
        unit = register.find_by_id(code) if "-" in code else register.find(code, since, level)
        if unit is None:
            return {**told, "loi": _("Không có đơn vị nào mang mã này vào ngày đó.")}
        found = convert(register, unit, until)
        return {"tu": since.isoformat(), **conversion_value(register, found)}


def _csv_rows(body: bytes) -> Sequence[Mapping[str, str]]:
    try:
        text = body.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
        names = set(reader.fieldnames or ())
        _check_columns(names)
        return [{name: str(row[name] or "").strip() for name in names} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise QuestionError("", _("Bảng CSV không đọc được; cần UTF-8.")) from error


def _json_rows(body: bytes) -> Sequence[Mapping[str, str]]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise QuestionError("", _("JSON không đọc được.")) from error
    rows = document.get("dong") if isinstance(document, dict) else document
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise QuestionError("dong", _("Cần một danh sách các dòng, mỗi dòng có ma."))
    for row in rows[:MOST_ROWS]:
        _check_columns(set(row))
        if wrong := next((name for name in row if not isinstance(row[name], str)), None):
            raise QuestionError(wrong, _("Cần một chuỗi ký tự."))
    return [{name: value.strip() for name, value in row.items()} for row in rows]


def _check_columns(names: set[str]) -> None:
    if "ma" not in names:
        raise QuestionError("ma", _("Thiếu tham số này."))
    if unknown := sorted(names - _COLUMNS):
        raise QuestionError(unknown[0][:40], _("Tham số này không có."))


def _content_type(scope: Scope) -> bytes:
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind: bytes = value.partition(b";")[0].strip().lower()
            return kind
    return b""
