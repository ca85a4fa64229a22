"""Encoders for the charsets that old Vietnamese pages were written in."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_TONES: Final = frozenset("\u0300\u0301\u0303\u0309\u0323")

_LOWER: Final = (
    "A8ă A9â AAê ABô ACơ ADư AEđ B5à B6ả B7ã B8á B9ạ BBằ BCẳ BDẵ BEắ C6ặ C7ầ C8ẩ C9ẫ CAấ CBậ CCè "
    "CEẻ CFẽ D0é D1ẹ D2ề D3ể D4ễ D5ế D6ệ D7ì D8ỉ DCĩ DDí DEị DFò E1ỏ E2õ E3ó E4ọ E5ồ E6ổ E7ỗ E8ố "
    "E9ộ EAờ EBở ECỡ EDớ EEợ EFù F1ủ F2ũ F3ú F4ụ F5ừ F6ử F7ữ F8ứ F9ự FAỳ FBỷ FCỹ FDý FEỵ"
)
_UPPER: Final = "A1Ă A2Â A3Ê A4Ô A5Ơ A6Ư A7Đ"
_TCVN3: Final = {entry[2:]: chr(int(entry[:2], 16)) for entry in (*_LOWER.split(), *_UPPER.split())}
"""Letter to the ISO 8859-1 character whose byte TCVN3 (ABC fonts) uses for it."""

_tag_or_text = re.compile(r"<script.*?</script>|<style.*?</style>|<[^>]*>|[^<]+", re.DOTALL)
_word = re.compile(r"[^\W\d_]+")


def to_windows_1258(text: str) -> bytes:
    """The text in windows-1258: base letters followed by combining tones, as Windows typed them."""
    return "".join(_tone_apart(char) for char in unicodedata.normalize("NFC", text)).encode(
        "cp1258"
    )


def _tone_apart(char: str) -> str:
    try:
        char.encode("cp1258")
    except UnicodeEncodeError:
        parts = unicodedata.normalize("NFD", char)
        tone = "".join(part for part in parts if part in _TONES)
        base = "".join(part for part in parts if part not in _TONES)
        return unicodedata.normalize("NFC", base) + tone
    return char


def to_tcvn3(page: str) -> bytes:
    """An HTML page in TCVN3, to be read as ISO 8859-1 in the .VnTime fonts.

    Capital letters with a tone have no byte: the font .VnTimeH draws them for lower-case letters,
    so such runs are wrapped in it. In titles and attributes, where no font can be named, they are
    simply lower-case, as they were.
    """
    out, in_title = [], False
    for part in _tag_or_text.findall(unicodedata.normalize("NFC", page)):
        if part.startswith("<"):
            in_title = part.startswith("<title") or (in_title and part != "</title>")
            out.append(_letters(part))
        else:
            out.append(_letters(part) if in_title else _word.sub(_in_capitals_font, part))
            out[-1] = _letters(out[-1])
    return "".join(out).encode("iso-8859-1", "xmlcharrefreplace")


def _in_capitals_font(word: re.Match[str]) -> str:
    text = word[0]
    if text.isupper() and any(_lacks_byte(char) for char in text):
        return _capitals(text)
    return "".join(_capitals(char) if _lacks_byte(char) else char for char in text)


def _lacks_byte(char: str) -> bool:
    return char.isupper() and not char.isascii() and char not in _TCVN3


def _capitals(text: str) -> str:
    return f'<font face=".VnTimeH">{text.lower()}</font>'


def _letters(text: str) -> str:
    return "".join(_TCVN3.get(c) or _TCVN3.get(c.lower(), c) for c in text)
