"""Dates on Vietnamese pages: the day always comes first, and every date names its rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from selectolax.lexbor import LexborHTMLParser

EARLIEST = 1990
_NUMERIC = re.compile(
    r"(?<![\d/.-])(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?((?:19|20)\d\d)(?![\d/])"
)
_ISO = re.compile(r"(?<!\d)((?:19|20)\d\d)-(\d{1,2})-(\d{1,2})(?!\d)")
_WORDS = re.compile(
    r"ngày\s+(\d{1,2})\s+tháng\s+(\d{1,2})\s*,?\s+năm\s+((?:19|20)\d\d)", re.IGNORECASE
)
_LABEL = re.compile(
    r"(?:ngày\s+(?:đăng|xuất bản|ban hành|phát hành|cập nhật|gửi|hỏi"
    r"|tạo|đưa tin)"
    r"|đăng\s+(?:ngày|lúc)|cập nhật(?:\s+(?:lúc|ngày))?|xuất bản|thời gian"
    r"|posted|published|updated|date)\s*:?\s*",
    re.IGNORECASE,
)
_META = (
    "meta[property='article:published_time']",
    "meta[itemprop=datePublished]",
    "meta[name='DC.date.issued']",
    "meta[name='pubdate']",
    "time[datetime]",
    "[itemprop=datePublished]",
)
_MONTHS = "january february march april may june july august september october november december"
_ENGLISH = re.compile(
    rf"({'|'.join(_MONTHS.split())})\s+(\d{{1,2}}),\s+((?:19|20)\d\d)|(\d{{1,2}})\s+({'|'.join(_MONTHS.split())})\s+((?:19|20)\d\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date, the text it was read from, and the rule that read it."""

    day: date
    raw: str
    rule: str


def date_in_metadata(tree: LexborHTMLParser, today: date) -> FoundDate | None:
    """Return the date a page declares for machines."""
    for selector in _META:
        node = tree.css_first(selector)
        if node is None:
            continue
        raw = node.attributes.get("content") or node.attributes.get("datetime") or ""
        found = first_date(raw, today, rule="metadata")
        if found is not None:
            return found
    return None


def labelled_date(text: str, today: date) -> FoundDate | None:
    """Return the date that follows a label such as "Ngày đăng:"."""
    for label in _LABEL.finditer(text):
        found = first_date(text[label.end() : label.end() + 60], today, rule="label")
        if found is not None:
            return found
    return None


def first_date(text: str, today: date, *, rule: str) -> FoundDate | None:
    """Return the first date of a text that a calendar has and that is not in the future."""
    return min(_dates(text, today, rule), key=lambda pair: pair[0], default=(0, None))[1]


def _dates(text: str, today: date, rule: str) -> Iterator[tuple[int, FoundDate]]:
    for match in _NUMERIC.finditer(text):
        yield from _checked(match, (match[3], match[2], match[1]), today, rule)
    for match in _WORDS.finditer(text):
        yield from _checked(match, (match[3], match[2], match[1]), today, rule)
    for match in _ISO.finditer(text):
        yield from _checked(match, (match[1], match[2], match[3]), today, rule)
    for match in _ENGLISH.finditer(text):
        name = (match[1] or match[5]).lower()
        month = str(_MONTHS.split().index(name) + 1)
        yield from _checked(match, (match[3] or match[6], month, match[2] or match[4]), today, rule)


def _checked(
    match: re.Match[str], parts: tuple[str, str, str], today: date, rule: str
) -> Iterator[tuple[int, FoundDate]]:
    try:
        day = date(*map(int, parts))
    except ValueError:
        return
    if day.year >= EARLIEST and day <= today:
        yield match.start(), FoundDate(day, match[0], rule)
