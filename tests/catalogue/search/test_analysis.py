"""One text, however it was typed, gives one stream of tokens."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.search.analysis import (
    MAX_TOKEN,
    bigrams,
    carries_marks,
    find_numbers,
    fold,
    tokenize,
)

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxy"
TONES = "\u0300\u0301\u0303\u0309\u0323"
SYLLABLES = st.builds(
    lambda head, vowel, tone, tail: unicodedata.normalize("NFC", head + vowel + tone + tail),
    st.sampled_from(["", "b", "c", "ch", "đ", "gi", "h", "kh", "ngh", "qu", "th", "tr", "x"]),
    st.sampled_from(list("aăâeêioôơuưy")),
    st.sampled_from(["", *TONES]),
    st.sampled_from(["", "c", "ch", "i", "m", "n", "ng", "nh", "o", "p", "t", "u"]),
)
TEXTS = st.lists(
    st.one_of(SYLLABLES, st.sampled_from([",", " – ", "12/2024/QĐ-UBND", "2025", "(", "1.013542"])),
    max_size=12,
).map(" ".join)


def exact(text: str) -> list[str]:
    return [token.exact for token in tokenize(text)]


def folded(text: str) -> list[str]:
    return [token.folded for token in tokenize(text)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hòa bình", "hoà bình"),
        ("Thúy Kiều", "thuý kiều"),
        ("khỏe", "khoẻ"),
        ("quý", "qúy"),
        ("quy định", "qui định"),
        ("mỹ thuật", "mĩ thuật"),
        ("tỷ lệ", "tỉ lệ"),
        ("lý lịch", "lí lịch"),
        ("Đắk Lắk", "Ðắk Lắk"),  # the second begins with an Icelandic Ð
        ("ủy ban", "uỷ ban"),
        ("hành chính", "hà\u00adnh chính"),
        ("HẢI DƯƠNG", "hải dương"),
    ],
)
def test_two_spellings_of_one_word_are_one_token(one: str, other: str) -> None:
    assert exact(one) == exact(other)
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("thuý", "thúi"), ("tay", "tai"), ("má", "mà")])
def test_two_words_stay_two_tokens(one: str, other: str) -> None:
    assert exact(one) != exact(other)


def test_folding_strips_every_mark_and_writes_d() -> None:
    assert fold("Đường Nguyễn Lương Bằng") == "duong nguyen luong bang"
    assert folded("Ủy ban nhân dân huyện Gia Lộc") == [
        "uy",
        "ban",
        "nhan",
        "dan",
        "huyen",
        "gia",
        "loc",
    ]


def test_a_word_with_two_accents_keeps_both_where_they_are() -> None:
    assert exact("élève") == ["élève"]
    assert folded("élève") == ["eleve"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Công văn 687/BKHCN-CĐSQG ngày 7/4/2025", ["687/bkhcn-cdsqg"]),
        ("687/bkhcn-cdsqg", ["687/bkhcn-cdsqg"]),
        ("Quyết định số 12/2024/QĐ-UBND.", ["12/2024/qd-ubnd"]),
        ("12 / 2024 / QĐ – UBND", ["12/2024/qd-ubnd"]),
        ("Nghị quyết 202/2025/QH15", ["202/2025/qh15"]),
        ("thông tư 05/2013/TTLT-BYT-BTC", ["05/2013/ttlt-byt-btc"]),
        ("thủ tục 1.013542", ["1.013542"]),
        ("1.013542.000.00.00.H30", ["1.013542"]),
        ("ngày 24/7/2025, giá 1.000.000 đồng", []),
    ],
)
def test_document_numbers_and_procedure_codes_stay_whole(text: str, keys: list[str]) -> None:
    assert [number.key for number in find_numbers(text)] == keys


def test_the_parts_of_a_number_are_tokens_too() -> None:
    assert folded("687/BKHCN-CĐSQG") == ["687", "bkhcn", "cdsqg"]


def test_a_number_knows_where_it_stands() -> None:
    text = unicodedata.normalize("NFD", "Căn cứ Quyết định 12/2024/QĐ-UBND")
    (number,) = find_numbers(text)
    assert unicodedata.normalize("NFC", text[number.start : number.end]) == "12/2024/QĐ-UBND"


def test_bigrams_join_neighbours() -> None:
    assert bigrams(["gia", "loc", "cu"]) == ["gia_loc", "loc_cu"]
    assert bigrams(["gia"]) == []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("cấp giấy phép xây dựng", True),
        ("cap giay phep", False),
        ("cap giay phep xay dựng", False),
        ("Gia Lộc", True),
        ("2025", False),
        ("", False),
    ],
)
def test_a_text_typed_in_a_hurry_carries_no_marks(text: str, *, marked: bool) -> None:
    assert carries_marks(tokenize(text)) is marked


def test_an_endless_word_is_cut() -> None:
    (token,) = tokenize("ă" * 10_000)
    assert len(token.exact) == MAX_TOKEN
    assert token.end == 10_000


@given(TEXTS)
def test_nfd_and_upper_case_change_no_token(text: str) -> None:
    for variant in (unicodedata.normalize("NFD", text), text.upper(), text.title()):
        assert exact(variant) == exact(text)
        assert folded(variant) == folded(text)
        assert [n.key for n in find_numbers(variant)] == [n.key for n in find_numbers(text)]


@given(TEXTS)
def test_what_is_typed_without_marks_gives_the_folded_tokens(text: str) -> None:
    assert folded(fold(text)) == folded(text)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(st.characters(codec="utf-8")))
def test_offsets_slice_the_original(text: str) -> None:
    last = 0
    for token in tokenize(text):
        assert last <= token.start < token.end <= len(text)
        assert [again.folded for again in tokenize(text[token.start : token.end])] == [token.folded]
        last = token.end


@given(st.text())
def test_tokens_hold_nothing_that_would_split_a_token_stream(text: str) -> None:
    for token in tokenize(text):
        assert token.exact
        assert not set(token.exact + token.folded) & set(" \t\n_")
    for number in find_numbers(text):
        assert not set(number.key) & set(" \t\n")
