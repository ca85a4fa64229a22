"""What a caller asks: parameters read once, strictly, with errors that name the culprit.

A mistyped `ngya=` must not be answered as if no day had been given: a code means a unit only
together with a date, so unknown parameters are refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

from catalogue.units.register import Level
from gateway.i18n import _

MOST_PARAMETERS = 20
_CODE = re.compile(r"[0-9]{2,5}|(?:tinh|huyen|xa)-[0-9]{2,5}-[0-9]{4}")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})*")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_VIETNAMESE_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_FORMS = ("json", "csv")
# jQuery adds "_" to keep a browser from caching; it means nothing.
_IGNORED = frozenset({"_"})


class QuestionError(ValueError):
    """A question that cannot be answered; `parameter` is the culprit, the message what it needs."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(detail)
        self.parameter = parameter
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of one question, each given at most once."""

    values: Mapping[str, str]

    def code(self, name: str = "ma") -> str:
        """Return a code ("297") or the name of a unit in the register ("huyen-297-2004")."""
        return read_code(name, self._needed(name))

    def needed_day(self, name: str) -> dt.date:
        """Return a day that has to be given."""
        return read_day(name, self._needed(name))

    def day(self, name: str) -> dt.date | None:
        """Return a day, written 2025-06-30 or 30/06/2025; None where none is given."""
        text = self.values.get(name, "")
        return read_day(name, text) if text else None

    def level(self, name: str = "cap") -> Level | None:
        """Return a level: tinh, huyen or xa; None where none is given."""
        return read_level(name, self.values.get(name, ""))

    def number(self, name: str, *, default: int, most: int) -> int:
        """Return a whole number from 0 to `most`."""
        text = self.values.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) <= most):  # noqa: PLR2004 - far below any limit of int
            raise QuestionError(name, _("Cần một số nguyên trong giới hạn cho phép."))
        return int(text)

    def form(self, *, default: str = "json") -> str:
        """Return the form the answer shall have: json or csv."""
        form = self.values.get("dang", default)
        if form not in _FORMS:
            raise QuestionError("dang", _("Cần một trong các dạng: json, csv."))
        return form

    def _needed(self, name: str) -> str:
        text = self.values.get(name, "")
        if not text:
            raise QuestionError(name, _("Thiếu tham số này."))
        return text


def read_parameters(query: bytes, known: Collection[str]) -> Parameters:
    """Read a query string. Raises QuestionError for what is unknown, repeated or too much."""
    try:
        pairs = parse_qsl(
            query.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=MOST_PARAMETERS,
            errors="strict",
        )
    except ValueError as error:  # too many fields, or bytes that are not UTF-8
        raise QuestionError("", _("Chuỗi truy vấn không đọc được.")) from error
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in _IGNORED:
            continue
        if name not in known:
            raise QuestionError(name[:40], _("Tham số này không có."))
        if name in values:
            raise QuestionError(name, _("Tham số này chỉ được viết một lần."))
        if not value.strip():
            raise QuestionError(name, _("Tham số này để trống; xin bỏ hẳn hoặc điền giá trị."))
        values[name] = value.strip()
    return Parameters(values)


def read_code(name: str, text: str) -> str:
    """Return `text` as a code or the id of a unit. Raises QuestionError."""
    if not _CODE.fullmatch(text):
        raise QuestionError(name, _("Cần một mã đơn vị hành chính, ví dụ 297."))
    return text


def read_host(name: str, text: str) -> str:
    """Return a host name in small letters. Raises QuestionError."""
    if not _HOST.fullmatch(text):
        raise QuestionError(name, _("Cần một tên miền, ví dụ gialoc.haiduong.gov.vn."))
    return text.lower()


def read_level(name: str, text: str) -> Level | None:
    """Return a level; None for an empty text. Raises QuestionError."""
    if not text:
        return None
    try:
        return Level(text)
    except ValueError as error:
        raise QuestionError(name, _("Cần một trong các cấp: tinh, huyen, xa.")) from error


def read_day(name: str, text: str) -> dt.date:
    """Return a day written as ISO 8601 or in the Vietnamese way. Raises QuestionError."""
    try:
        if found := _DAY.fullmatch(text):
            return dt.date(int(found[1]), int(found[2]), int(found[3]))
        if found := _VIETNAMESE_DAY.fullmatch(text):
            return dt.date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass  # 31 February is told like any other text that is no day
    raise QuestionError(name, _("Cần một ngày có thật, ví dụ 2025-06-30 hoặc 30/06/2025."))
