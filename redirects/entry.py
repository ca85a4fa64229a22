"""An entry: what a snapshot holds of one old address, in as few bytes as serving needs.

The first byte is the kind, in upper case where an archived copy is held; the rest belongs to the
kind. Read a hundred times for each time it is written, so reading is a slice.
"""

from __future__ import annotations

import json
from hashlib import blake2b

from redirects.resolution import Successor

MOVED, TEMPORARY, SPLIT, GONE = b"m", b"t", b"s", b"g"
ARCHIVED, UNRESOLVED = b"a", b"u"
COPY_ONLY = b"C"  # nobody decided, but a copy is held

_DIGEST_BYTES = 12


def digest(key: str) -> bytes:
    """Make the 12 bytes a key is stored under: 1 in 10^14 that any two of 20 M share theirs."""
    return blake2b(key.encode(), digest_size=_DIGEST_BYTES).digest()


def names_digest(path_key: str) -> bytes:
    """Where the names of the parameters are stored that the mappings of one path speak of."""
    return blake2b(path_key.encode(), digest_size=_DIGEST_BYTES, person=b"names").digest()


def with_copy(entry: bytes) -> bytes:
    """Mark that an archived copy of the address is held."""
    return entry[:1].upper() + entry[1:]


def split_entry(successors: tuple[Successor, ...], reason: str | None) -> bytes:
    """Write the successors of a split page."""
    pairs = [[item.label, item.location] for item in successors]
    return SPLIT + json.dumps([pairs, reason], ensure_ascii=False, separators=(",", ":")).encode()


def read_split(entry: bytes) -> tuple[tuple[Successor, ...], str | None]:
    """Read what `split_entry` wrote."""
    pairs, reason = json.loads(entry[1:])
    return tuple(Successor(label, address) for label, address in pairs), reason


def gone_entry(reason: str | None) -> bytes:
    """Write why an address is gone."""
    return GONE + (reason or "").encode()


def read_reason(entry: bytes) -> str | None:
    """Read what `gone_entry` wrote."""
    return entry[1:].decode() or None
