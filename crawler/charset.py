"""Charsets: from the bytes of an old page to Vietnamese text, with the reason for each choice.

Order: byte order mark, what the header or the page declares, validity as UTF-8, then the share of
valid Vietnamese syllables each candidate yields. Letters in a legacy font encoding (TCVN3, VNI,
UTF-8 encoded twice) are then repaired block by block: one page often mixes several.
"""

from __future__ import annotations

import codecs
import html
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from crawler.legacy import (
    decode_viscii,
    decode_windows_1258,
    from_tcvn3,
    from_viqr,
    from_vni,
    undo_double_utf8,
)
from crawler.syllables import count_marked, share_of_valid

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_META_WINDOW = 4096  # bytes searched for a declaration; browsers read 1,024
_SAMPLE = 200_000  # characters scored per candidate
_MIN_GAIN = 0.3  # a block is repaired only if this much more of it becomes valid
_MIN_VALID = 0.6
_FEW_WORDS = 3  # a block with fewer proves nothing by itself
_VIQR_MIN_MARKED = 0.3  # of all words: VIQR text is dense with marks, English with "?" is not
_C1 = {code: bytes([code]).decode("cp1252", "replace") for code in range(0x80, 0xA0)}
_DECLARED = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_TOKENS = re.compile(r"(<!--.*?-->|<[^>]*>)", re.DOTALL)
# Letters and signs that no right Vietnamese word has inside: what legacy text looks like.
_SIGN = (
    r"[\xa1-\xbf\xc4-\xc7\xcb\xce-\xd1\xd6-\xd8\xdb\xdc\xde\xdf"
    r"\xe4-\xe7\xeb\xee-\xf1\xf6-\xf8\xfb\xfc\xfe\xff]"
)
_WRONG_LETTER = re.compile(
    rf"[A-Za-z]{_SIGN}|{_SIGN}[A-Za-z]|{_SIGN}{{2}}|[a-z][\xc0-\xdd]"
    r"|[aeoAEO][\xe2\xea\xc2\xca]|[\xc3\xc4\xc6].|\xe1[\xba\xbb]"
)
_ENTITY = re.compile(
    r"&(?!nbsp|amp|lt|gt|quot|#39|#160|ndash|mdash|[lr][ds]quo|hellip|bull|copy|middot)"
)
_FONT = re.compile(
    r"""(?:face\s*=\s*["']?|font-family\s*:\s*["']?)\s*\.?(Vn[A-Za-z]+)""", re.IGNORECASE
)
_INLINE_LIST = "abbr b big em font i ins s small span strike strong sub sup tt u"
_INLINE = frozenset(_INLINE_LIST.split())
_RAW = frozenset(("script", "style"))

Repair = Callable[[str], str]
_REPAIRS: dict[str, Repair] = {
    "tcvn3": from_tcvn3,
    "vni": from_vni,
    "double-utf-8": undo_double_utf8,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text and how it was won: `charset` of the bytes, legacy `repairs` found in blocks, `score`.

    `score` is the share of valid syllables among words with non-ASCII letters (0 to 1).
    """

    text: str
    charset: str
    repairs: tuple[str, ...]
    score: float


def decode_page(payload: bytes, content_type: str = "") -> Decoded:
    """Decode an HTML page (content coding undone) and repair legacy letters in its blocks."""
    charset, text = _decode_bytes(payload, declared_charset(payload, content_type))
    repaired, repairs = repair_html(text)
    repaired = unicodedata.normalize("NFC", repaired)
    return Decoded(repaired, charset, repairs, share_of_valid(_TAG.sub(" ", repaired[:_SAMPLE])))


def decode_text(payload: bytes, content_type: str = "") -> Decoded:
    """Decode plain text in any encoding we know, VIQR included."""
    charset, text = _decode_bytes(payload, declared_charset(payload, content_type))
    if text.isascii():
        return _decode_ascii(text)
    name, repaired = _best_repair(text, _REPAIRS)
    return Decoded(repaired, charset, (name,) if name else (), share_of_valid(repaired))


def _decode_ascii(text: str) -> Decoded:
    candidate = from_viqr(text)
    valid, marked = count_marked(candidate)
    if marked >= _VIQR_MIN_MARKED * len(text.split()) and valid >= 0.8 * max(marked, 1):
        return Decoded(candidate, "ascii", ("viqr",), valid / max(marked, 1))
    return Decoded(text, "ascii", (), 1.0)


def declared_charset(payload: bytes, content_type: str) -> str | None:
    """Return the charset the header names, else the page itself, in Python's spelling."""
    for source in (content_type.encode("latin-1", "replace"), payload[:_META_WINDOW]):
        found = _DECLARED.search(source)
        if found is not None:
            return _python_name(found[1].decode("ascii"))
    return None


def _python_name(name: str) -> str | None:
    try:
        return codecs.lookup(name).name
    except LookupError:
        return None


def _decode_bytes(payload: bytes, declared: str | None) -> tuple[str, str]:
    for mark, name in _BOMS:
        if payload.startswith(mark):
            return name, payload[len(mark) :].decode(name, "replace")
    try:
        return "utf-8", payload.decode("utf-8")
    except UnicodeDecodeError:
        return _best_decoding(payload, declared)


def _best_decoding(payload: bytes, declared: str | None) -> tuple[str, str]:
    """Score every candidate; the declared one wins a tie, then the order below."""
    candidates = dict(_decodings(payload, declared))
    scores = {name: _plain_score(text) for name, text in candidates.items()}
    best = max(candidates, key=lambda name: (round(scores[name], 2), name == declared))
    return best, candidates[best]


def _decodings(payload: bytes, declared: str | None) -> Iterator[tuple[str, str]]:
    mixed = decode_mixed(payload)
    if mixed is not None:
        yield "mixed", mixed
    yield "cp1258", decode_windows_1258(payload)
    yield "cp1252", decode_western(payload)
    yield "viscii", decode_viscii(payload)
    if declared not in (None, "utf-8", "cp1258", "cp1252", "iso8859-1"):
        yield declared, payload.decode(declared, "replace")


def _plain_score(text: str) -> float:
    plain = _TAG.sub(" ", text[:_SAMPLE])
    readings = (plain, *(repair(plain) for repair in _REPAIRS.values()))
    best = max(map(share_of_valid, readings))
    broken = plain.count("\ufffd") + sum(1 for letter in plain if "\x80" <= letter <= "\x9f")
    return best - min(0.5, broken / max(len(plain), 1) * 10)


def decode_western(payload: bytes) -> str:
    """Decode as browsers do for "iso-8859-1": Latin-1, with windows-1252 quotes and dashes."""
    return payload.decode("latin-1").translate(_C1)


def decode_mixed(payload: bytes) -> str | None:
    """Decode run by run between tags: UTF-8 where valid, all others in their best encoding.

    Returns None where no run is UTF-8 beyond ASCII: nothing is mixed then.
    """
    runs = re.split(rb"(?=<)", payload)
    other = [run for run in runs if not _is_utf8(run)]
    if not any(not run.isascii() and _is_utf8(run) for run in runs):
        return None
    whole = b" ".join(other)
    decoders = (decode_windows_1258, decode_western)
    best = max(decoders, key=lambda decode: _plain_score(decode(whole)))
    return "".join(run.decode("utf-8") if _is_utf8(run) else best(run) for run in runs)


def _is_utf8(run: bytes) -> bool:
    try:
        run.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Run:
    """Text between two tags: where it stands, and the legacy font it is set in (lower case)."""

    place: int
    text: str
    font: str | None

    @property
    def is_capital(self) -> bool:
        """Fonts named `.Vn…H` draw small letters as capitals."""
        return self.font is not None and self.font.endswith("h")


def repair_html(markup: str) -> tuple[str, tuple[str, ...]]:
    """Repair legacy letters block by block; returns the markup and the names of repairs made."""
    if not _FONT.search(markup) and not _looks_wrong(markup):
        return markup, ()
    tokens = _TOKENS.split(markup)
    blocks = list(_blocks(tokens))
    usual = _usual_repair(blocks)
    made: Counter[str] = Counter()
    for block in blocks:
        name = _repair_of(block, usual)
        if name:
            made[name] += 1
            for run in block:
                tokens[run.place] = _repaired_run(run, _REPAIRS[name])
    return "".join(tokens), tuple(sorted(made))


def _looks_wrong(markup: str) -> bool:
    if _WRONG_LETTER.search(markup) is not None:
        return True
    return _ENTITY.search(markup) is not None and bool(_WRONG_LETTER.search(html.unescape(markup)))


def _blocks(tokens: list[str]) -> Iterator[list[_Run]]:
    """Group runs of text that stand in one block; font elements are followed as they nest."""
    fonts: list[tuple[str, str | None]] = []
    raw: str | None = None
    block: list[_Run] = []
    for place, token in enumerate(tokens):
        if place % 2 == 0:
            if raw is None and token.strip():
                block.append(_Run(place, html.unescape(token), fonts[-1][1] if fonts else None))
            continue
        name, closes = _tag_name(token)
        if raw is not None:
            raw = None if closes and name == raw else raw
            continue
        if name in _RAW and not closes:
            raw = name
        _follow_font(fonts, token, name, closes=closes)
        if name not in _INLINE and block:
            yield block
            block = []
    if block:
        yield block


def _tag_name(token: str) -> tuple[str, bool]:
    found = re.match(r"<(/?)\s*([A-Za-z0-9]+)", token)
    return (found[2].lower(), bool(found[1])) if found else ("", False)


def _follow_font(
    fonts: list[tuple[str, str | None]], token: str, name: str, *, closes: bool
) -> None:
    if closes:
        if any(opened == name for opened, _ in fonts):
            while fonts and fonts.pop()[0] != name:
                pass
        return
    names_font = "face" in token or "font-family" in token
    if names_font or any(opened == name for opened, _ in fonts):
        found = _FONT.search(token)
        inherited = fonts[-1][1] if fonts else None
        own = found[1].lower() if found else (None if names_font else inherited)
        fonts.append((name, own))


def _usual_repair(blocks: Iterable[list[_Run]]) -> str | None:
    """Return the repair that long blocks of this page need, to lean on for short ones."""
    votes: Counter[str] = Counter()
    for block in blocks:
        name, _ = _best_repair(_text_of(block), _REPAIRS)
        if name and len(_text_of(block).split()) >= _FEW_WORDS:
            votes[name] += 1
    return votes.most_common(1)[0][0] if votes else None


def _repair_of(block: list[_Run], usual: str | None) -> str | None:
    text = _text_of(block)
    if any(run.font for run in block):
        valid_before, valid_after = share_of_valid(text), share_of_valid(from_tcvn3(text))
        if valid_after >= valid_before or text.isascii():
            return "tcvn3"
    name, _ = _best_repair(text, _REPAIRS)
    if name and name != usual and len(text.split()) < _FEW_WORDS:
        return None
    return name


def _text_of(block: list[_Run]) -> str:
    return "".join(run.text for run in block)


def _best_repair(text: str, repairs: dict[str, Repair]) -> tuple[str | None, str]:
    if _WRONG_LETTER.search(text) is None:
        return None, text
    before = share_of_valid(text)
    best: tuple[float, str | None, str] = (before, None, text)
    for name, repair in repairs.items():
        repaired = repair(text)
        after = share_of_valid(repaired) if repaired != text else before
        gains = after >= max(_MIN_VALID, before + _MIN_GAIN)
        if gains and after > best[0]:
            best = (after, name, repaired)
    return best[1], best[2]


def _repaired_run(run: _Run, repair: Repair) -> str:
    text = repair(run.text)
    if run.is_capital and repair is from_tcvn3:
        text = text.upper()
    return html.escape(text, quote=False)
