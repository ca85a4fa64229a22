from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from crawler.charset import declared_charset, decode_page, decode_text
from crawler.legacy import from_tcvn3, from_viqr, from_vni
from crawler.syllables import is_syllable, share_of_valid

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "crawl"
SENTENCE = "Ủy ban nhân dân tỉnh Hải Dương đề nghị các xã, thị trấn báo cáo kết quả thực hiện"
TCVN3_BYTES = {"ả": 0xB6, "ỉ": 0xD8, "ư": 0xAD, "ơ": 0xAC, "đ": 0xAE, "ề": 0xD2, "ị": 0xDE}


def to_tcvn3(text: str) -> bytes:
    from crawler.legacy import _TCVN3

    back = {letter: bytes([code]) for code, letter in _TCVN3.items()}
    return b"".join(back.get(letter) or letter.encode("latin-1") for letter in text)


def to_windows_1258(text: str) -> bytes:
    out = bytearray()
    for letter in unicodedata.normalize("NFC", text):
        try:
            out += letter.encode("cp1258")
        except UnicodeEncodeError:
            base, tone = (
                unicodedata.normalize("NFD", letter)[:-1],
                unicodedata.normalize("NFD", letter)[-1],
            )
            if tone in "\u0302\u0306\u031b":  # the tone came first in canonical order
                base, tone = letter_without_tone(letter)
            out += unicodedata.normalize("NFC", base).encode("cp1258") + tone.encode("cp1258")
    return bytes(out)


def letter_without_tone(letter: str) -> tuple[str, str]:
    parts = unicodedata.normalize("NFD", letter)
    tone = next(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
    return parts.replace(tone, ""), tone


@pytest.mark.parametrize(
    "word", ["nghiệp", "quyết", "giếng", "gì", "khuỷu", "Đắk", "tỉnh", "quốc", "ươm", "ý"]
)
def test_vietnamese_words_are_syllables(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["tØnh", "h¶i", "café", "nghiêp", "xyz", "hàá", "brâu"])
def test_other_words_are_not(word: str) -> None:
    assert not is_syllable(word)


def test_text_without_marks_is_wholly_valid() -> None:
    assert share_of_valid("plain words only") == 1.0


def test_a_declared_windows_1258_page_is_composed_to_nfc() -> None:
    page = (
        b'<meta http-equiv="Content-Type" content="text/html; charset=windows-1258"><p>'
        + to_windows_1258(SENTENCE)
    )
    decoded = decode_page(page)
    assert SENTENCE in decoded.text
    assert decoded.charset == "cp1258"
    assert decoded.score > 0.95


def test_a_page_that_lies_about_utf_8_is_read_as_what_it_is() -> None:
    decoded = decode_page(b"<p>" + to_windows_1258(SENTENCE) + b"</p>", "text/html; charset=utf-8")
    assert SENTENCE in decoded.text


def test_tcvn3_under_a_latin_1_declaration_is_repaired() -> None:
    text = SENTENCE.replace("Ủy", "ủy")
    page = b'<p><font face=".VnTime">' + to_tcvn3(text) + b"</font></p>"
    decoded = decode_page(page, "text/html; charset=iso-8859-1")
    assert text in decoded.text
    assert decoded.repairs == ("tcvn3",)


def test_text_in_a_capital_font_becomes_capitals() -> None:
    page = (
        b'<p><font face=".VnTimeH">'
        + to_tcvn3("thông báo")
        + b'</font> <font face=".VnTime">'
        + to_tcvn3("về việc nghỉ lễ")
        + b"</font></p>"
    )
    decoded = decode_page(page, "text/html; charset=iso-8859-1")
    assert "THÔNG BÁO" in decoded.text
    assert "về việc nghỉ lễ" in decoded.text


def test_a_font_in_a_style_is_followed_too_and_markup_is_kept() -> None:
    page = (
        "<p style=\"font-family:'.VnArialH'\">"
        + to_tcvn3("quyết định").decode("latin-1")
        + " &lt;1&gt;</p>"
        "<script>var a='«';</script>"
    )
    text = decode_page(page.encode()).text
    assert "QUYẾT ĐỊNH &lt;1&gt;" in text
    assert "var a='«'" in text


def test_only_the_wrong_blocks_of_a_utf_8_page_are_repaired() -> None:
    wrong = to_tcvn3("công nghệ thông tin và truyền thông").decode("latin-1")
    decoded = decode_page(f"<h1>Tin tức «mới»</h1><p>{wrong}</p><p>{SENTENCE}</p>".encode())
    assert "công nghệ thông tin và truyền thông" in decoded.text
    assert "Tin tức «mới»" in decoded.text
    assert SENTENCE in decoded.text


def test_entities_inside_tcvn3_are_read_as_its_letters() -> None:
    decoded = decode_page("<p>tØnh h&#182;i d&#173;&not;ng, céng hoµ x· héi</p>".encode("latin-1"))
    assert "tỉnh hải dương, cộng hoà xã hội" in decoded.text


def test_utf_8_encoded_twice_is_undone() -> None:
    twice = SENTENCE.encode().decode("latin-1")
    assert SENTENCE in decode_page(f"<p>{twice}</p>".encode()).text


def test_a_page_of_two_encodings_is_read_run_by_run() -> None:
    page = f"<p>{SENTENCE}</p>".encode() + b"<p>" + to_windows_1258(SENTENCE) + b"</p>"
    assert decode_page(page).text.count(SENTENCE) == 2


def test_a_byte_order_mark_decides() -> None:
    assert decode_page(b"\xff\xfe" + SENTENCE.encode("utf-16-le")).text == SENTENCE


@pytest.mark.parametrize(
    ("payload", "header", "expected"),
    [
        (b"", "text/html; charset=UTF-8", "utf-8"),
        (b'<meta charset="windows-1258">', "text/html", "cp1258"),
        (b"", "text/html; charset=nonsense", None),
        (b"", "text/html", None),
    ],
)
def test_the_declared_charset_is_the_headers_then_the_pages(
    payload: bytes, header: str, expected: str | None
) -> None:
    assert declared_charset(payload, header) == expected


def test_ordinary_text_with_marks_is_left_alone() -> None:
    for text in ("What is this? A test. Really?", "Le café déjà vu à la carte", SENTENCE):
        assert decode_text(text.encode()).text == text
        assert decode_page(f"<p>{text}</p>".encode()).text == f"<p>{text}</p>"


def test_each_legacy_table_knows_its_words() -> None:
    assert from_tcvn3("C«ng nghÖ BA¸O") == "Công nghệ BÁO"
    assert from_vni("Vieät Nam ñaát nöôùc THOÂNG BAÙO") == "Việt Nam đất nước THÔNG BÁO"
    assert from_viqr("Vie^.t Nam dda^'t nu+o+'c THO^NG BA'O") == "Việt Nam đất nước THÔNG BÁO"


def test_viscii_is_told_from_its_neighbours() -> None:
    from crawler.legacy import _VISCII_TABLE

    back = {letter: bytes([code]) for code, letter in _VISCII_TABLE.items()}
    payload = b"".join(back.get(letter) or letter.encode("ascii") for letter in SENTENCE)
    assert decode_page(b"<p>" + payload + b"</p>").text == f"<p>{SENTENCE}</p>"


@pytest.mark.skipif(not SHARED.exists(), reason="../shared/data/crawl is not on this machine")
def test_three_hundred_real_texts_in_five_encodings_are_read() -> None:
    gold = json.loads((SHARED / "vn_charset_gold.json").read_text())
    samples = json.loads((SHARED / "vn_charset_samples.json").read_text())
    wrong = [
        (encoding, place)
        for encoding, texts in samples.items()
        for place, coded in enumerate(texts)
        if similarity(decode_text(bytes.fromhex(coded)).text, gold[place]) < 0.98
    ]
    print(f"charset: {300 - len(wrong)} of 300 right")
    assert len(wrong) == 0, wrong


def similarity(one: str, two: str) -> float:
    words = [
        [word.strip("?.:,;\"'“”‘’←→–…") for word in unicodedata.normalize("NFC", text).split()]
        for text in (one, two)
    ]
    same = sum(1 for a, b in zip(*words, strict=False) if a == b)
    return same / max(*map(len, words), 1)
