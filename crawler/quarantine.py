"""Quarantine: what must not be published before an editor has looked: spam, personal data."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crawler.extract.section import fold_marks

SPAM_TERMS = 3  # different terms in visible text
HIDDEN_TERMS = 1  # in text that readers do not see
PERSONAL_NUMBERS = 5  # different twelve-digit numbers on one page
_TERMS = (
    "nha cai",
    "ca cuoc",
    "keo nha cai",
    "ty le keo",
    "soi keo",
    "tai xiu",
    "xoc dia",
    "no hu",
    "lo de truc tuyen",
    "lo de online",
    "danh bac online",
    "danh bai doi thuong",
    "game bai",
    "ban ca doi thuong",
    "doi thuong",
    "casino",
    "nap rut",
    "nap lan dau",
    "khuyen mai nap",
    "ca do bong da",
    "jackpot",
    "slot game",
    "link vao",
    "uy tin so mot",
    "da ga truc tiep",
    "baccarat",
    "poker online",
)
_BRANDS = re.compile(
    r"\b(?:[a-z]{1,8}bet\d{0,4}|bet\d{2,4}|w88|m88|fun88|12bet|188bet|kubet|fb88|vn88|fi88|new88|789club|sunwin|go88|rikvip|b52club)\b"
)
_PERSONAL = re.compile(r"(?<!\d)\d{12}(?!\d)")


def flags_of(text: str, hidden: Iterable[str] = (), name: str = "") -> tuple[str, ...]:
    """Return why a text is held back ("spam", "personal-data"), or nothing.

    "hidden-spam" says that spam was hidden in the page and has been cut out; the rest may be fine.
    """
    flags = []
    if spam_terms(f"{name} {text}") >= SPAM_TERMS:
        flags.append("spam")
    if any(spam_terms(part) >= HIDDEN_TERMS for part in hidden):
        flags.append("hidden-spam")
    if len(set(_PERSONAL.findall(text))) >= PERSONAL_NUMBERS:
        flags.append("personal-data")
    return tuple(flags)


def holds_back(flags: Iterable[str]) -> bool:
    """Return whether flags keep a document from being published."""
    return any(flag in ("spam", "personal-data") for flag in flags)


def spam_terms(text: str) -> int:
    """Count the different terms and brands of gambling spam in a text."""
    folded = f" {fold_marks(text)} "
    return sum(1 for term in _TERMS if f" {term} " in folded) + len(set(_BRANDS.findall(folded)))
