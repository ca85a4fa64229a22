"""Content codings of bodies that are to be changed: read within a bound, and written again."""

from __future__ import annotations

import gzip
import re
import zlib

_NOUGHT = re.compile(rb"\s*q\s*=\s*0(?:\.0*)?\s*")
_GZIP = frozenset({b"gzip", b"x-gzip"})


def takes_gzip(accepted: bytes) -> bool:
    """Say whether an Accept-Encoding allows gzip: by name, else by `*` (RFC 9110, 12.5.3)."""
    weights = {}
    for part in accepted.lower().split(b","):
        name, _, parameter = part.partition(b";")
        weights[name.strip()] = not _NOUGHT.fullmatch(parameter)
    return weights.get(b"gzip", weights.get(b"*", False))


def decoded(body: bytes, coding: bytes, most: int) -> bytes:
    """Return a body without its coding. Raises ValueError for what cannot be read, or is too long.

    gzip and deflate (with zlib's head or, as many servers send it, without: RFC 9110, 8.4.1.2).
    """
    coding = coding.strip().lower()
    if coding in {b"", b"identity"}:
        return body
    if coding not in _GZIP and coding != b"deflate":
        raise ValueError(f"coded in {coding.decode('latin-1')}")
    kinds = (31,) if coding in _GZIP else (15, -15)
    for kind in kinds:
        reader = zlib.decompressobj(kind)
        try:
            read = reader.decompress(body, most + 1)
        except zlib.error:
            continue
        if len(read) > most:
            raise ValueError("too long")
        if reader.eof and not reader.unused_data:
            return read
    raise ValueError("not what its coding says")


def encoded(body: bytes, coding: bytes) -> tuple[bytes, bytes]:
    """Return a body in its coding again, and the coding: gzip stays, anything else is left off."""
    if coding.strip().lower() in _GZIP:
        return gzip.compress(body, 5, mtime=0), coding
    return body, b""
