"""Codes of citizens' files in addresses: hidden before anything is kept or shown.

A receipt's QR code asks for `/tra-cuu-tien-do?doccode=000.00.19.H47-260105-0001`. The code names
one citizen's file, so it is replaced by a keyed hash: the same code counts as one address, and
nobody without the key can find out which it was.
"""

from __future__ import annotations

import re
from hashlib import blake2b

from redirects.mapping import CanonicalUrl

_NAMED = re.compile(
    r"((?:^|[?&])(?:doccode|ma[-_]?ho[-_]?so|so[-_]?ho[-_]?so|sobiennhan|so[-_]?bien[-_]?nhan|"
    r"dossier(?:no|id)?|cccd|cmnd|so[-_]?dinh[-_]?danh)=)([^&]+)"
)
_MINUTE = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d"
_CODES = re.compile(
    r"(?:\d{3}\.\d{2}\.\d{2}\.)?h\d{2}(?:\.\d+)*-\d{6}-\d{3,6}"
    # Twelve digits by themselves may be a personal number, or that of somebody's request. But for
    # a minute in a name that has more to it: tb-202506301405, 202506301405.pdf.
    rf"|(?<!\d)(?!{_MINUTE}[^\d/?&=])(?!(?<=[^\d/?&=]){_MINUTE}(?!\d))\d{{12}}(?!\d)",
    re.IGNORECASE | re.ASCII,
)

# Every code has twelve digits in a row, or six between hyphens: in a text whose digits all are 0
# and whose letters all are x that is quick to rule out, where a regular expression that begins
# with a digit tries every letter.
_SHAPES = re.sub(rb"[^0-]", b"x", re.sub(rb"[0-9]", b"0", bytes(range(256))), flags=re.DOTALL)


def hide_codes(key: CanonicalUrl, secret: bytes) -> CanonicalUrl:
    """Return a key whose codes are replaced by `~` and 16 digits that only `secret` makes."""
    text: str = key
    if "=" in text:
        text = _NAMED.sub(lambda found: found[1] + hidden_code(found[2], secret), text)
    if _may_hold_codes(text):
        text = _CODES.sub(lambda found: hidden_code(found[0], secret), text)
    return CanonicalUrl(text)


def hidden_code(code: str, secret: bytes) -> str:
    """Return what stands for a code: the same for the same code, and of no use without `secret`."""
    return "~" + blake2b(code.lower().encode(), key=secret, digest_size=8).hexdigest()


def names_a_file(query: str) -> bool:
    """Say whether a lower-case query names a citizen's file."""
    return _NAMED.search(query) is not None


def without_codes(text: str) -> str:
    """Return an address with `~` for each code: what may be shown where nobody has the key."""
    return _CODES.sub("~", text) if _may_hold_codes(text) else text


def _may_hold_codes(text: str) -> bool:
    shape = text.encode("utf-8", "replace").translate(_SHAPES)
    return b"000000000000" in shape or b"-000000-" in shape
