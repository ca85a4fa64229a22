"""Snippets are the original text, and marks stand exactly where the words do."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.search.highlight import highlight, snippet
from catalogue.search.query import parse_query


def marked(text: str, query: str) -> list[str]:
    return [part.text for part in highlight(text, parse_query(query)) if part.is_match]


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("Lễ hội đền Quát", "le hoi", ["Lễ hội"]),
        ("Lễ hội đền Quát", "LỄ HỘI", ["Lễ hội"]),
        ("Le hoi den Quat", "lễ hội", ["Le hoi"]),
        ("Tỉnh Hoà Bình", "hòa bình", ["Hoà Bình"]),
        ("má và mạ", "má", ["má"]),
        ("Công văn số 687/BKHCN-CĐSQG ngày 7/4", "687/bkhcn-cdsqg", ["687/BKHCN-CĐSQG"]),
        ("mã 1.013542 của", "1.013542", ["1.013542"]),
        ("xã Gia Lộc và huyện Gia Lộc", "gia loc", ["Gia Lộc", "Gia Lộc"]),
        ("đất ở và nhà và đất đai", "đất đai của nhà", ["đất đai"]),
        ("không có gì", "khác hẳn", []),
    ],
)
def test_what_was_searched_for_is_marked(text: str, query: str, expected: list[str]) -> None:
    assert marked(text, query) == expected


def test_a_decomposed_text_is_marked_with_all_its_bytes() -> None:
    text = unicodedata.normalize("NFD", "Huyện Gia Lộc")
    assert marked(text, "gia loc") == [unicodedata.normalize("NFD", "Gia Lộc")]


def test_a_snippet_shows_the_stretch_that_matches() -> None:
    text = "Mở đầu dài dòng. " * 40 + "Lễ hội đền Quát diễn ra vào mùa xuân. " + "Kết luận. " * 40
    parts = snippet(text, parse_query("lễ hội đền Quát"))
    assert [part.text for part in parts if part.is_match] == ["Lễ hội đền Quát"]
    assert parts[0].text == parts[-1].text == "…"
    assert len("".join(part.text for part in parts)) < 300


def test_a_snippet_without_matches_is_the_beginning() -> None:
    parts = snippet("Một văn bản ngắn.", parse_query("khác"))
    assert [part.text for part in parts] == ["Một văn bản ngắn."]
    assert snippet("", parse_query("khác")) == ()


def test_markup_in_a_text_stays_text() -> None:
    parts = highlight("<b>đất</b>", parse_query("đất"))
    assert [part.text for part in parts] == ["<b>", "đất", "</b>"]


@given(st.text(max_size=800), st.text(max_size=60))
def test_segments_put_together_are_the_text(text: str, query: str) -> None:
    plan = parse_query(query)
    assert "".join(part.text for part in highlight(text, plan)) == text
    cut = "".join(part.text for part in snippet(text, plan, 80)).strip("…")
    assert cut.strip("…") in text
