"""The Vietnamese of search: one text, however it was typed, gives one stream of tokens.

Everything an engine indexes or looks up passes through here, so every engine finds the same. Old
portals hold NFC and NFD, old and new tone placement (hòa, hoà), i beside y (kỹ, kĩ), the
Icelandic Ð for Đ; visitors type with marks or without. A change of meaning here raises
`ANALYSIS_VERSION`, and indexes built by another version refuse to open.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ANALYSIS_VERSION = 1
MAX_TOKEN = 64
"""Longer runs of letters are not words; they are cut so that an index cannot be blown up."""

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")  # huyền, sắc, ngã, hỏi, nặng
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"  # soft hyphens and joiners inside words
_LETTERS = str.maketrans({"ð": "đ", "Ð": "Đ"} | dict.fromkeys(_INVISIBLE))
_MARKS = "".join(
    chr(point)
    for block in (range(0x300, 0x3100), range(0xA66F, 0xAC00), range(0xFE00, 0xFE30))
    for point in block
    if unicodedata.category(chr(point)).startswith("M")
)
_WORD = re.compile(rf"[^\W_](?:[^\W_]|[{_MARKS}{_INVISIBLE}])*")

# Only where both spellings are the same word: one of these consonants (or qu) and nothing after.
# Not after other consonants, and not in uy of thuý, tuy: thúi and tui are other words.
_FINAL_Y = re.compile(r"(?:h|k|l|m|s|t|qu)y")

_PART = rf"[^\W\d_][{_MARKS}]*(?:[^\W_&]|[{_MARKS}]|&){{1,23}}"
_DOCUMENT_NUMBER = re.compile(
    rf"(?<![\w/.,-])\d{{1,6}}[a-z]?\s?/\s?(?:(?:19|20)\d\d\s?/\s?)?{_PART}(?:\s?[-–—]\s?{_PART}){{0,4}}",
    re.IGNORECASE,
)
_PROCEDURE_CODE = re.compile(r"(?<![\w.])(\d\.\d{6})(?:\.\d{3}\.\d\d\.\d\d\.H\d\d)?(?!\d)")


@dataclass(frozen=True, slots=True)
class Token:
    """One syllable or number; `text[start:end]` of the analysed text is what it was read from."""

    exact: str
    folded: str
    start: int
    end: int

    @property
    def marked(self) -> bool:
        """Say whether it carries a mark that folding removes."""
        return self.exact != self.folded


@dataclass(frozen=True, slots=True)
class Number:
    """A document number or procedure code, kept whole: `12/2024/qd-ubnd`, `1.013542`."""

    key: str
    start: int
    end: int


def fold(text: str) -> str:
    """Strip every mark, write đ as d and lower the case: `Đắk Lắk` is `dak lak`."""
    lowered = _strip(text.translate(_LETTERS)).casefold()
    return unicodedata.normalize("NFC", _strip(lowered).casefold().replace("đ", "d"))


def tokenize(text: str) -> list[Token]:
    """Read the syllables and numbers of a text, in order, with offsets into that same text."""
    tokens = []
    for match in _WORD.finditer(text):
        exact, folded = _spellings(match.group())
        if folded:
            tokens.append(Token(exact, folded, match.start(), match.end()))
    return tokens


def find_numbers(text: str) -> list[Number]:
    """Find document numbers and procedure codes; their parts are tokens as well."""
    numbers = [
        Number(_number_key(match.group()), match.start(), match.end())
        for match in _DOCUMENT_NUMBER.finditer(text)
    ]
    numbers += [
        Number(match.group(1), match.start(), match.end())
        for match in _PROCEDURE_CODE.finditer(text)
    ]
    return sorted(numbers, key=lambda number: number.start)


def bigrams(words: Sequence[str]) -> list[str]:
    """Join each word to the one after it: `hải dương xanh` is `hải_dương`, `dương_xanh`."""
    return [f"{first}_{second}" for first, second in pairwise(words)]


def carries_marks(tokens: Iterable[Token]) -> bool:
    """Say whether a text was typed with its marks.

    In written Vietnamese three syllables in four carry one; a text with fewer than one in three
    was typed in a hurry, and its bare syllables say nothing about tones.
    """
    words = [token for token in tokens if not token.folded.isdigit()]
    return 3 * sum(token.marked for token in words) >= max(len(words), 1)


@lru_cache(maxsize=65_536)
def _spellings(word: str) -> tuple[str, str]:
    """Give the exact and the folded token of one word as it was written.

    A syllable has one tone, so where it is written says nothing: it goes to the end.
    """
    letters = unicodedata.normalize("NFD", word.translate(_LETTERS)).casefold()
    letters = unicodedata.normalize("NFD", letters)
    tones = [letter for letter in letters if letter in _TONES]
    tone = tones[0] if len(tones) == 1 else ""
    base = unicodedata.normalize("NFC", letters.replace(tone, "") if tone else letters)
    if _FINAL_Y.fullmatch(base):
        base = f"{base[:-1]}i"
    return base[:MAX_TOKEN] + tone, fold(base)[:MAX_TOKEN]


def _strip(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(letter for letter in decomposed if unicodedata.category(letter)[0] != "M")


def _number_key(written: str) -> str:
    return re.sub(r"[–—]", "-", re.sub(r"\s", "", fold(written)))
