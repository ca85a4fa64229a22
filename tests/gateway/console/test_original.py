"""The archived original, made safe to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from unicodedata import normalize

import pytest

from catalogue.capture import StoredResponse
from gateway.console.original import is_page, readable
from gateway.site.fragments import MAX_DEPTH, sanitize


def stored(payload: bytes, content_type: str = "text/html") -> StoredResponse:
    return StoredResponse(
        url="http://x/",
        captured_at=datetime(2025, 6, 28, tzinfo=UTC),
        status=200,
        headers=(("Content-Type", content_type),),
        payload=payload,
    )


@pytest.mark.parametrize(
    ("payload", "content_type"),
    [
        ("<p>Thị xã</p>".encode(), "text/html; charset=utf-8"),
        ("<p>Thị xã</p>".encode(), "text/html"),
        ("<p>Thi\u0323 xa\u0303</p>".encode("windows-1258"), "text/html; charset=windows-1258"),
        (b'<meta charset="utf-8">' + "<p>Thị xã</p>".encode(), "text/html"),
        (b"<p>Thi\xf2 xa\xde</p>", "text/html; charset=khong-co"),
        (b"<p>Thi\xf2 xa\xde</p>", "text/html; charset=hex"),
        (b"<p>Thi\xf2 xa\xde</p>", "text/html; charset=rot13"),
        (b"<p>Thi\xf2 xa\xde</p>", "text/html; charset=undefined"),
        (b"<p>Thi\xf2 xa\xde</p>", "text/html; charset=punycode"),
    ],
)
def test_an_original_is_read_in_its_charset(payload: bytes, content_type: str) -> None:
    assert normalize("NFC", readable(stored(payload, content_type))) == "<p>Thị xã</p>"


def test_latin_1_is_read_as_browsers_do() -> None:
    assert readable(stored(b"<p>\x93a\x94</p>", "text/html; charset=iso-8859-1")) == "<p>“a”</p>"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<svg><script>alert(1)</script></svg>",
        "<form action=http://ke-xau.example><input name=matkhau></form>",
        "<style>@import 'http://ke-xau.example'</style>",
        "<base href='http://ke-xau.example/'>",
        "<meta http-equiv=refresh content='0;url=http://ke-xau.example'>",
        "<title></title><noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    ],
)
def test_nothing_that_runs_loads_or_submits_is_left(hostile: str) -> None:
    left = sanitize(f"<p>trước</p>{hostile}<p>sau</p>").lower()
    for word in (
        "script",
        "onerror",
        "iframe",
        "<form",
        "<input",
        "<style",
        "<base",
        "<meta",
        "<svg",
    ):
        assert word not in left


def test_a_page_nested_too_deep_keeps_its_text() -> None:
    left = sanitize("<div>" * 100_000 + "đáy" + "</div>" * 100_000)
    assert "đáy" in left
    assert left.count("<div>") <= MAX_DEPTH


def test_stray_closing_tags_do_not_hide_a_depth() -> None:
    left = sanitize("<div></p></span>" * 100_000 + "đáy")
    assert "đáy" in left
    assert left.count("<div>") <= MAX_DEPTH


def test_many_neighbours_are_not_nested() -> None:
    rows = "<table>" + "<tr><td>ô" * 2_000 + "</table>" + "<p>đoạn" * 2_000
    left = sanitize(rows)
    assert left.count("<td>") == left.count("<p>") == 2_000


def test_a_file_is_not_a_page() -> None:
    assert is_page(stored(b"", "Text/HTML; charset=utf-8"))
    assert not is_page(stored(b"", "application/pdf"))
