"""An entry: what a snapshot holds of one old address, in as few bytes as serving needs.

The first byte is the kind, in upper case where an archived copy is held; the rest belongs to the
kind. Read a hundred times for each time it is written, so reading is a slice.
"""

from __future__ import annotations

import json
from hashlib import blake2b

from redirects.resolution import Successor

MOVED, TEMPORARY = b"m", b"t"  # nobody knows since when
OLD_MOVED, OLD_TEMPORARY = b"o", b"p"  # for long
NEW_MOVED, NEW_TEMPORARY = b"n", b"v"  # of late: 4 bytes say when
PASSING = b"q"  # a redirect's entry behind it: the visitor's query goes on too
SPLIT, GONE = b"s", b"g"
ARCHIVED, UNRESOLVED = b"a", b"u"
KEEP = b"k"
COPY_ONLY = b"C"  # nobody decided, but a copy is held

_DIGEST_BYTES = 12
_REDIRECTS: dict[int, tuple[bool, int | None, int]] = {
    ord(case(kind)): shape
    for kind, shape in (
        (MOVED, (False, None, 1)),
        (TEMPORARY, (True, None, 1)),
        (OLD_MOVED, (False, 0, 1)),
        (OLD_TEMPORARY, (True, 0, 1)),
        (NEW_MOVED, (False, None, 5)),
        (NEW_TEMPORARY, (True, None, 5)),
    )
    for case in (bytes.lower, bytes.upper)
}


def digest(key: str) -> bytes:
    """Make the 12 bytes a key is stored under: 1 in 10^14 that any two of 20 M share theirs."""
    return blake2b(key.encode(), digest_size=_DIGEST_BYTES).digest()


def digest_of_bytes(key: bytes) -> bytes:
    """Make the digest of a key that is at hand in UTF-8."""
    return blake2b(key, digest_size=12).digest()  # written out: it is asked most


def names_digest(path_key: str) -> bytes:
    """Where the names of the parameters are stored that the mappings of one path speak of."""
    return blake2b(path_key.encode(), digest_size=_DIGEST_BYTES, person=b"names").digest()


def redirect_entry(location: str, since: int | None, *, on_trial: bool) -> bytes:
    """Write where a redirect leads; `since` is None where nobody knows, 0 where it is long ago."""
    if since is None:
        return (TEMPORARY if on_trial else MOVED) + location.encode()
    if since == 0:
        return (OLD_TEMPORARY if on_trial else OLD_MOVED) + location.encode()
    moment = since.to_bytes(4, "little")
    return (NEW_TEMPORARY if on_trial else NEW_MOVED) + moment + location.encode()


def read_redirect(entry: bytes) -> tuple[str, bool, int | None] | None:
    """Read where an entry leads, whether on trial, and since when; None where it is no redirect."""
    found = read_redirect_as_bytes(entry)
    return None if found is None else (found[0].decode(), found[1], found[2])


def read_redirect_as_bytes(entry: bytes) -> tuple[bytes, bool, int | None] | None:
    """Do as `read_redirect` does, and leave the location in UTF-8."""
    shape = _REDIRECTS.get(entry[0]) if entry else None
    if shape is None:
        return None
    on_trial, since, start = shape
    if start > 1:
        since = int.from_bytes(entry[1:start], "little")
    return entry[start:], on_trial, since


def passing(redirect: bytes) -> bytes:
    """Write that a redirect takes the visitor's query along."""
    return PASSING + redirect


def passes_query(entry: bytes) -> bool:
    """Tell whether an entry is a redirect that takes the visitor's query along."""
    return entry[:1].lower() == PASSING


def bare_redirect(entry: bytes) -> bytes:
    """Take an entry without what it says about queries."""
    return entry[1:] if passes_query(entry) else entry


def is_redirect(entry: bytes) -> bool:
    """Tell whether an entry leads anywhere."""
    return entry != b"" and (entry[0] in _REDIRECTS or passes_query(entry))


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
