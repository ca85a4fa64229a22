"""Content codings: undo gzip, deflate and zstd, never past a size that was agreed before."""

from __future__ import annotations

import zlib
from io import BytesIO

import zstandard

_GZIP = b"\x1f\x8b"


class CodingError(Exception):
    """A payload whose content coding cannot be undone, and why."""


def undo_codings(payload: bytes, codings: str, *, limit: int) -> bytes:
    """Undo what a Content-Encoding header names, the last coding first (RFC 9110, 8.4).

    Raises CodingError for an unknown coding, broken data, or more than `limit` bytes.
    """
    for name in reversed([each.strip().lower() for each in codings.split(",")]):
        if not payload:
            return payload
        payload = _undo(payload, name, limit)
    return payload


def _undo(payload: bytes, coding: str, limit: int) -> bytes:
    match coding:
        case "" | "identity":
            return payload
        case "gzip" | "x-gzip" if not payload.startswith(_GZIP):
            return payload  # old servers claim gzip and send it plain; browsers show it
        case "gzip" | "x-gzip":
            return _inflate(payload, zlib.MAX_WBITS | 16, limit)
        case "deflate":
            return _undo_deflate(payload, limit)
        case "zstd":
            return _undo_zstd(payload, limit)
        case _:  # br too: its package has no bounded call, and the crawler never asks for it
            raise CodingError(f"content coding {coding!r} is not read here")


def _undo_deflate(payload: bytes, limit: int) -> bytes:
    # RFC 9110 means zlib; some servers send bare deflate, and browsers read both.
    zlib_header = len(payload) > 1 and int.from_bytes(payload[:2]) % 31 == 0
    return _inflate(payload, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, limit)


def _inflate(payload: bytes, window: int, limit: int) -> bytes:
    parts: list[bytes] = []
    room = limit + 1
    while payload:
        inflater = zlib.decompressobj(window)
        try:
            part = inflater.decompress(payload, room)
        except zlib.error as error:
            if parts:  # padding after the last member, as some servers send
                break
            raise CodingError(f"broken data ({error})") from error
        parts.append(part)
        room -= len(part)
        if room <= 0:
            raise CodingError(f"more than {limit} bytes")
        # A stream that ends early gives what it held, as in a browser.
        payload = inflater.unused_data if inflater.eof else b""
    return b"".join(parts)


def _undo_zstd(payload: bytes, limit: int) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(
        BytesIO(payload), read_across_frames=True
    )
    try:
        data = reader.read(limit + 1)
    except zstandard.ZstdError as error:
        raise CodingError(f"broken data ({error})") from error
    return _bounded(data, limit)


def _bounded(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise CodingError(f"more than {limit} bytes")
    return data
