"""Cases drawn from the truths: old addresses, files, queries and calls with their right answers."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from demo.truth import FileCase, OldUrlCase, SearchCase

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from demo.truth import SearchForm, Truth

_signs_of_form = (
    ("https://", "https"), (";jsessionid", "jsessionid"), ("PHPSESSID", "phpsessid"),
    ("fbclid", "tracking"), ("utm_", "tracking"), ("ReturnUrl", "return-url"),
    ("asset_publisher", "asset-publisher"), ("p_p_id", "portlet"),
)  # fmt: skip


NORMATIVE_SLASHES = 2
"""A normative document's number also names its year: 15/2023/QĐ-UBND."""


def old_url_cases(truths: Iterable[Truth]) -> tuple[OldUrlCase, ...]:
    """Every document under its main address and under each spelling a visitor could hold."""
    return tuple(
        OldUrlCase(url, truth.title, truth.site, form)
        for truth in truths
        if truth.expected in ("document", "duplicate")
        for url, form in ((truth.url, "main"), *((s, _form(s, truth.url)) for s in truth.spellings))
    )


def _form(spelling: str, main: str) -> str:
    for sign, form in _signs_of_form:
        if sign in spelling:
            return form
    if spelling.lower() == main.lower():
        return "case"
    return "slash" if spelling.rstrip("/") == main else "other"


def file_cases(truths: Iterable[Truth]) -> tuple[FileCase, ...]:
    """Every attachment under each of its addresses."""
    return tuple(
        FileCase(url, file.sha256, truth.site)
        for truth in truths
        for file in truth.attachments
        for url in (file.url, *file.spellings)
    )


def search_cases(truths: Sequence[Truth]) -> tuple[SearchCase, ...]:
    """What people type: words of a title with marks, without or decomposed, and numbers."""
    documents = [t for t in truths if t.expected == "document" and t.kind != "english"]
    starts = [_first_words(t.title) for t in documents]
    distinct = [t for t, start in zip(documents, starts, strict=True) if starts.count(start) == 1]
    return tuple(
        case for index, truth in enumerate(distinct) for case in _queries(truth, index)
    )  # fmt: skip


def _queries(truth: Truth, index: int) -> Iterator[SearchCase]:
    words = _first_words(truth.title)
    forms: tuple[tuple[SearchForm, str], ...] = (
        ("marks", words),
        ("bare", without_marks(words).lower()),
        ("nfd", unicodedata.normalize("NFD", words)),
    )
    form, query = forms[index % 3]
    yield SearchCase(query, truth.title, form)
    if truth.kind == "van-ban" and truth.number and truth.number.count("/") == NORMATIVE_SLASHES:
        yield SearchCase(truth.number, truth.title, "number")


def _first_words(title: str) -> str:
    return " ".join(title.split()[:9])


def without_marks(text: str) -> str:
    """The text as typed on a keyboard without Vietnamese."""
    plain = text.replace("đ", "d").replace("Đ", "D")
    return "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
