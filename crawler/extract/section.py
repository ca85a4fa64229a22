"""Sections: where on the new portal a page of an old one belongs, guessed from its own words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

OTHER = "khac"

# Folded words to section, the more particular first.
_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("du-thao", ("du thao", "gop y", "lay y kien")),
    ("thu-tuc", ("thu tuc hanh chinh", "thu tuc", "tthc", "dich vu cong", "tthcview", "mot cua")),
    (
        "hoi-dap",
        ("hoi dap", "hoi  dap", "hoidap", "cau hoi", "kien nghi", "faq", "q a", "tra loi cu tri"),
    ),
    ("lich-cong-tac", ("lich cong tac", "lich lam viec", "lich tiep dan", "lichcongtac")),
    ("thu-vien", ("thu vien", "hinh anh", "video", "phong su", "album", "gallery")),
    (
        "ngan-sach",
        ("ngan sach", "thong ke", "cong khai tai chinh", "so lieu", "statistics", "budget"),
    ),
    ("quy-hoach", ("quy hoach", "ke hoach su dung dat", "gia dat", "chien luoc", "planning")),
    (
        "thong-bao",
        (
            "thong bao",
            "dau thau",
            "moi thau",
            "tuyen dung",
            "mua sam cong",
            "notice",
            "announcement",
        ),
    ),
    (
        "van-ban",
        (
            "van ban",
            "vanban",
            "vbqppl",
            "vbpq",
            "cong bao",
            "quyet dinh",
            "nghi quyet",
            "chi thi",
            "chi dao dieu hanh",
            "legal documents",
            "cong van",
        ),
    ),
    (
        "tin-tuc",
        (
            "tin tuc",
            "tintuc",
            "su kien",
            "tin trong",
            "hoat dong",
            "thoi su",
            "news",
            "chi tiet tin",
            "tin",
        ),
    ),
    (
        "gioi-thieu",
        (
            "gioi thieu",
            "gioithieu",
            "danh ba",
            "co cau to chuc",
            "lien he",
            "lich su",
            "about",
            "contact",
            "tong quan",
        ),
    ),
)
_ENGLISH_PATH = re.compile(r"(?:^|/)(?:en|eng|english)(?:/|$)|-eng(?:/|$)", re.IGNORECASE)


def guess_section(breadcrumb: Iterable[str], url: str, title: str, *, is_english: bool) -> str:
    """Return the section's slug: by breadcrumb, else by address, else by title, else "khac"."""
    if is_english or _ENGLISH_PATH.search(urlsplit(url).path):
        return "english"
    trail = list(breadcrumb)
    for text in (*reversed(trail), _words_of_address(url), title):
        section = section_of_words(text)
        if section is not None:
            return section
    return OTHER


def section_of_words(text: str) -> str | None:
    """Return the section that a heading or a menu entry names."""
    folded = f" {fold_marks(text)} "
    for section, words in _WORDS:
        if any(f" {word} " in folded for word in words):
            return section
    return None


def fold_marks(text: str) -> str:
    """Lower case without marks, signs as spaces: "Hỏi - đáp" becomes "hoi dap"."""
    bare = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    letters = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[^a-z0-9]+", " ", letters).split())


def _words_of_address(url: str) -> str:
    parts = urlsplit(url)
    # The last segment is the page's own name: its words say what it is about, not where it is.
    folders = parts.path.split("/")[:-1]
    return unquote(" / ".join(folders))
