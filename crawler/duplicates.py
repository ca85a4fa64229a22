"""Duplicates: pages that say what another page says, from exact to nearly."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator

SAME_WITHIN = 3  # bits of 64: the usual bound for simhash over shingles (Manku et al., 2007)
CONTAINED = 0.95  # of the shorter text's shingles stand in the longer one
CONTAINED_OF = 0.6  # of the longer text's length
_COMPARED = 20_000  # characters of each text
_WORD = re.compile(r"\w+")
_SHINGLE = 3  # words
_LANES = [sum(1 << (16 * bit) for bit in range(8) if byte >> bit & 1) for byte in range(256)]
_LANE_MASK = 0xFFFF
_MAX_SHINGLES = 60_000  # a lane counts to 65,535


def text_digest(text: str) -> str:
    """Return the SHA-256 of a text whose spelling of spaces, case and composition is folded."""
    folded = " ".join(unicodedata.normalize("NFC", text).casefold().split())
    return hashlib.sha256(folded.encode()).hexdigest()


def simhash(text: str) -> int:
    """Return the 64-bit simhash of a text's shingles of three words.

    Sixteen-bit lanes of one large integer count how often each bit is set.
    """
    lanes = count = 0
    for shingle in _shingles(text):
        digest = hashlib.blake2b(shingle.encode(), digest_size=8).digest()
        for place, byte in enumerate(digest):
            lanes += _LANES[byte] << (128 * place)
        count += 1
        if count == _MAX_SHINGLES:
            break
    return sum(1 << bit for bit in range(64) if (lanes >> (16 * bit) & _LANE_MASK) * 2 > count)


def _shingles(text: str) -> Iterator[str]:
    words = _WORD.findall(unicodedata.normalize("NFC", text).casefold())
    for start in range(max(1, len(words) - _SHINGLE + 1)):
        yield " ".join(words[start : start + _SHINGLE])


def distance(one: int, two: int) -> int:
    """Return in how many bits two simhashes differ."""
    return (one ^ two).bit_count()


def are_near(one: str, two: str) -> bool:
    """Return whether two texts are nearly the same: one has a header or a signature more."""
    if not one or not two:
        return False
    one, two = one[:_COMPARED], two[:_COMPARED]
    if distance(simhash(one), simhash(two)) <= SAME_WITHIN:
        return True
    shorter, longer = sorted((_shingle_set(one), _shingle_set(two)), key=len)
    holds = len(shorter & longer) >= CONTAINED * len(shorter)
    return holds and len(shorter) >= CONTAINED_OF * len(longer)


def _shingle_set(text: str) -> frozenset[str]:
    return frozenset(_shingles(text))
