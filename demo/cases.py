"""Cases drawn from the truths: old addresses, files, queries and calls with their right answers."""

from __future__ import annotations

import unicodedata
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from demo.truth import FileCase, OldUrlCase, SearchCase, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from demo.truth import Attachment, SearchForm

_signs_of_form = (
    ("https://", "https"),
    (";jsessionid", "jsessionid"),
    ("PHPSESSID", "phpsessid"),
    ("fbclid", "tracking"),
    ("utm_", "tracking"),
    ("ReturnUrl", "return-url"),
    ("asset_publisher", "asset-publisher"),
    ("p_p_id", "portlet"),
    ("DispForm", "display-form"),
    ("/index.php/", "friendly"),
    ("ctl=Details", "friendly"),
)


OLD_UNIT_EVERY = 4


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
    host, main_host = urlsplit(spelling).netloc, urlsplit(main).netloc
    if host != main_host:
        return "alias"
    if unquote(unicodedata.normalize("NFC", unquote(spelling))) == unquote(main):
        return "nfd"
    if spelling.lower() == main.lower():
        return "case"
    return "slash" if spelling.rstrip("/") == main else "parameters"


def with_originals(truths: Sequence[Truth]) -> tuple[Truth, ...]:
    """The truths with each duplicate naming its original, which bears the same title."""
    originals = {t.title: t.url for t in truths if t.expected == "document"}
    return tuple(
        replace(t, duplicate_of=originals[t.title]) if t.expected == "duplicate" else t
        for t in truths
    )


def file_truths(truths: Sequence[Truth]) -> tuple[Truth, ...]:
    """Every attachment as a page of its own, which is no HTML."""
    files = [(t.site, t.section, file) for t in truths for file in t.attachments]
    return tuple(_file_truth(site, section, file) for site, section, file in files)


def _file_truth(site: str, section: str, file: Attachment) -> Truth:
    spam = "bet88" in file.name
    return Truth(
        site=site,
        url=file.url,
        kind="attachment",
        section=section,
        title=file.name,
        expected="quarantine" if spam else "not_html",
        spellings=file.spellings,
        hazards=frozenset({"spam-file"} if spam else () if file.size else {"empty-file"}),
    )


def file_cases(truths: Iterable[Truth]) -> tuple[FileCase, ...]:
    """Every attachment under each of its addresses."""
    return tuple(
        FileCase(url, file.sha256, truth.site)
        for truth in truths
        if truth.expected in ("document", "duplicate")
        for file in truth.attachments
        for url in (file.url, *file.spellings)
    )


def search_cases(truths: Sequence[Truth]) -> tuple[SearchCase, ...]:
    """What people type: words of a title with marks, without or decomposed, and numbers."""
    documents = [t for t in truths if t.expected == "document" and t.kind != "english"]
    starts = [_first_words(t.title) for t in documents]
    counts = Counter(starts)
    distinct = [t for t, start in zip(documents, starts, strict=True) if counts[start] == 1]
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
    if truth.site == "gialoc" and index % OLD_UNIT_EVERY == 0:
        yield SearchCase(f"{words} huyện Gia Lộc", truth.title, "old-unit")
    if truth.kind == "van-ban" and truth.number:
        yield SearchCase(truth.number, truth.title, "number")


def _first_words(title: str) -> str:
    return " ".join(title.split()[:9])


def without_marks(text: str) -> str:
    """The text as typed on a keyboard without Vietnamese."""
    plain = text.replace("đ", "d").replace("Đ", "D")
    return "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
