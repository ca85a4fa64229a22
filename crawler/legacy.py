"""Legacy Vietnamese encodings that no codec library knows: TCVN3, VNI, VIQR, VISCII.

TCVN3 and VNI text reaches us as wrong letters ("C«ng nghÖ"): bytes that were read as Latin-1,
often stored as valid UTF-8 since. Each function turns such letters into Vietnamese; whether to
call it is decided in `crawler.charset`.
"""

from __future__ import annotations

import re
import unicodedata

_TCVN3_LETTERS = (
    "A1Ă A2Â A3Ê A4Ô A5Ơ A6Ư A7Đ A8ă A9â AAê ABô ACơ ADư AEđ AFẰ B5à B6ả B7ã B8á B9ạ BBằ BCẳ BDẵ "
    "BEắ C6ặ C7ầ C8ẩ C9ẫ CAấ CBậ CCè CEẻ CFẽ D0é D1ẹ D2ề D3ể D4ễ D5ế D6ệ D7ì D8ỉ DCĩ DDí DEị DFò "
    "E1ỏ E2õ E3ó E4ọ E5ồ E6ổ E7ỗ E8ố E9ộ EAờ EBở ECỡ EDớ EEợ EFù F1ủ F2ũ F3ú F4ụ F5ừ F6ử F7ữ F8ứ "
    "F9ự FAỳ FBỷ FCỹ FDý FEỵ"
)
_TCVN3 = {int(entry[:2], 16): entry[2] for entry in _TCVN3_LETTERS.split()}

_VISCII = (
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝ"
    "ỡưàáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ"
)  # RFC 1456, from 0x80 on
_VISCII_LOW = {0x02: "Ẳ", 0x05: "Ẵ", 0x06: "Ẫ", 0x14: "Ỷ", 0x19: "Ỹ", 0x1E: "Ỵ"}
_VISCII_TABLE = _VISCII_LOW | {0x80 + place: letter for place, letter in enumerate(_VISCII)}

_GRAVE, _ACUTE, _TILDE, _HOOK, _DOT = "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"
_CIRCUMFLEX, _BREVE, _HORN = "\u0302", "\u0306", "\u031b"

_TONED_PAIR = re.compile("([AĂÂEÊIOÔƠUƯY])([à-ỹ])")


def from_tcvn3(text: str) -> str:
    """Turn TCVN3 read as Latin-1 into Vietnamese.

    Toned capitals do not exist in TCVN3; a capital followed by the toned small letter of the same
    base ("BA¸O") is how they were typed without a capital font.
    """
    return _TONED_PAIR.sub(_joined_capital, text.translate(_TCVN3))


def _joined_capital(match: re.Match[str]) -> str:
    capital, small = match[1], match[2]
    letters = unicodedata.normalize("NFD", small)
    tone = next((mark for mark in letters if mark in {_GRAVE, _ACUTE, _TILDE, _HOOK, _DOT}), "")
    untoned = unicodedata.normalize("NFC", letters.replace(tone, "")) if tone else small
    if not tone or untoned != capital.lower():
        return match[0]
    return small.upper()


def _vni_table() -> dict[str, str]:
    tones = {"ø": _GRAVE, "ù": _ACUTE, "õ": _TILDE, "û": _HOOK, "ï": _DOT}
    hatted = {"à": _GRAVE, "á": _ACUTE, "ã": _TILDE, "å": _HOOK, "ä": _DOT, "â": ""}
    breved = {"è": _GRAVE, "é": _ACUTE, "ü": _TILDE, "ú": _HOOK, "ë": _DOT, "ê": ""}
    table = {
        "ñ": "đ",
        "ô": "ơ",
        "ö": "ư",
        "æ": "ỉ",
        "ó": "ĩ",
        "ò": "ị",
        "î": "ỵ",
        "ì": "ì",
        "í": "í",
    }
    for base in "aeouy":
        table |= {base + sign: base + tone for sign, tone in tones.items()}
    for base in "aeo":
        table |= {base + sign: base + _CIRCUMFLEX + tone for sign, tone in hatted.items()}
    table |= {"a" + sign: "a" + _BREVE + tone for sign, tone in breved.items()}
    for sign, base in (("ô", "o" + _HORN), ("ö", "u" + _HORN)):
        table |= {sign + mark: base + tone for mark, tone in tones.items()}
    composed = {old: unicodedata.normalize("NFC", new) for old, new in table.items()}
    capitals = {old.upper(): new.upper() for old, new in composed.items()}
    mixed = {old[0].upper() + old[1:]: new.upper() for old, new in composed.items()}
    return composed | mixed | capitals


def _viqr_table() -> dict[str, str]:
    tones = {"`": _GRAVE, "'": _ACUTE, "~": _TILDE, "?": _HOOK, ".": _DOT, "": ""}
    shapes = {"a^": _CIRCUMFLEX, "a(": _BREVE, "e^": _CIRCUMFLEX, "o^": _CIRCUMFLEX}
    shapes |= {"o+": _HORN, "u+": _HORN}
    table = {
        shape + sign: shape[0] + mark + tone
        for shape, mark in shapes.items()
        for sign, tone in tones.items()
    }
    table |= {base + sign: base + tone for base in "aeiouy" for sign, tone in tones.items() if sign}
    composed = {old: unicodedata.normalize("NFC", new) for old, new in table.items()} | {"dd": "đ"}
    capitals = {old[0].upper() + old[1:]: new.upper() for old, new in composed.items()}
    return composed | capitals | {"DD": "Đ"}


def _longest_first(table: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(old) for old in sorted(table, key=len, reverse=True)))


_VNI = _vni_table()
_VNI_PATTERN = _longest_first(_VNI)
_VIQR = _viqr_table()
_VIQR_PATTERN = re.compile(f"(?:{_longest_first(_VIQR).pattern})(?<![.](?=[.]))")


def from_vni(text: str) -> str:
    """Turn VNI read as Latin-1 (a letter and its sign side by side) into Vietnamese."""
    return _VNI_PATTERN.sub(lambda match: _VNI[match[0]], text)


def from_viqr(text: str) -> str:
    """Turn VIQR (RFC 1456: marks typed as ASCII signs) into Vietnamese; addresses stay."""
    words = re.split(r"(\s+)", text)
    return "".join(word if "://" in word else _viqr_word(word) for word in words)


def _viqr_word(word: str) -> str:
    return _VIQR_PATTERN.sub(lambda match: _VIQR[match[0]], word)


def decode_viscii(payload: bytes) -> str:
    """Decode VISCII 1.1 (RFC 1456)."""
    return payload.decode("latin-1").translate(_VISCII_TABLE)


def decode_windows_1258(payload: bytes) -> str:
    """Decode windows-1258, whose tones are separate marks, into composed letters (NFC)."""
    return unicodedata.normalize("NFC", payload.decode("cp1258", "replace"))


def undo_double_utf8(text: str) -> str:
    """Undo UTF-8 that was read as windows-1252 and stored as UTF-8 again; as is if it was not."""
    try:
        return b"".join(map(_cp1252_byte, text)).decode("utf-8")
    except UnicodeError:
        return text


def _cp1252_byte(letter: str) -> bytes:
    return letter.encode("latin-1") if "\x80" <= letter <= "\x9f" else letter.encode("cp1252")
