"""Bytes of a file turned into text: the charset found out, or said by whoever knows it better."""

from __future__ import annotations

import codecs
from enum import StrEnum
from unicodedata import normalize


class Charset(StrEnum):
    """What a file may be written in."""

    UTF_8 = "utf-8"
    UTF_16_LE = "utf-16-le"
    UTF_16_BE = "utf-16-be"
    WINDOWS_1258 = "windows-1258"
    WINDOWS_1252 = "windows-1252"


_MARKS = (
    (codecs.BOM_UTF8, Charset.UTF_8),
    (codecs.BOM_UTF16_LE, Charset.UTF_16_LE),
    (codecs.BOM_UTF16_BE, Charset.UTF_16_BE),
)
_CODECS = {Charset.WINDOWS_1258: "cp1258", Charset.WINDOWS_1252: "cp1252"}
_SAMPLE = 4096
_OFTEN = 0.3  # of every second byte: addresses are mostly ASCII, so in UTF-16 most of them are 0


def charset_of(content: bytes) -> Charset:
    """Find the charset: by its mark, by the zeros of UTF-16, else UTF-8, else windows-1258."""
    for mark, charset in _MARKS:
        if content.startswith(mark):
            return charset
    sample = content[:_SAMPLE]
    pairs = len(sample) // 2
    if pairs and sample[1::2].count(0) > pairs * _OFTEN:
        return Charset.UTF_16_LE
    if pairs and sample[0::2].count(0) > pairs * _OFTEN:
        return Charset.UTF_16_BE
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return Charset.WINDOWS_1258
    return Charset.UTF_8


def decode(content: bytes, charset: Charset | None = None) -> str:
    """Read bytes as text, in the charset that is found when none is given."""
    charset = charset or charset_of(content)
    text = content.decode(_CODECS.get(charset, charset.value), errors="replace")
    if charset is Charset.WINDOWS_1258:
        return normalize("NFC", text)  # which writes a tone behind its letter
    return text.removeprefix("\ufeff")
