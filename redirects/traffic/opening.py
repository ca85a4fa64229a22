"""Opening a log, however it was packed: whole lines of bytes, in constant memory."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

LONGEST_LINE = 65_536
"""Bytes of a line that are looked at; servers refuse longer requests."""

_READ = 1 << 20
_UNPACKERS: tuple[tuple[bytes, Callable[[BinaryIO], BinaryIO]], ...] = (
    (b"\x1f\x8b", lambda file: cast("BinaryIO", gzip.GzipFile(fileobj=file))),
    (b"BZh", lambda file: cast("BinaryIO", bz2.BZ2File(file))),
    (b"\xfd7zXZ\x00", lambda file: cast("BinaryIO", lzma.LZMAFile(file))),  # noqa: SIM115 - its file is closed by the caller
    (
        b"\x28\xb5\x2f\xfd",
        lambda file: cast(
            "BinaryIO", zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        ),
    ),
)
_UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


class LogError(Exception):
    """A log that cannot be read at all; the message names it."""


def lines_of(path: Path) -> Iterator[bytes]:
    """Give the lines of a log with their ends; the last may have none: it is torn.

    gzip, bzip2, xz and zstd are told by their first bytes; UTF-16 with a byte order mark becomes
    UTF-8. A packed file that breaks off gives what was in it, the last line without its end. Of a
    line longer than LONGEST_LINE the rest is passed over, its end is kept.

    Raises:
        LogError: the file cannot be opened or unpacked.
    """
    try:
        with path.open("rb") as file:
            yield from _lines(_chunks(_unpacked(file)))
    except (OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise LogError(f"{path}: cannot be read: {error}") from error


def _unpacked(file: BinaryIO) -> BinaryIO:
    start = file.read(8)
    file.seek(0)
    for magic, unpack in _UNPACKERS:
        if start.startswith(magic):
            return unpack(file)
    return file


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """Give the file piece by piece, in UTF-8 if it began as UTF-16."""
    chunk = _read(file)
    charset = _UTF16.get(chunk[:2])
    if charset is None:
        chunk = chunk.removeprefix(codecs.BOM_UTF8)
        while chunk:
            yield chunk
            chunk = _read(file)
        return
    decoder = codecs.getincrementaldecoder(charset)("replace")
    chunk = chunk[2:]
    while chunk:
        yield decoder.decode(chunk).encode(errors="replace")
        chunk = _read(file)


def _read(file: BinaryIO) -> bytes:
    try:
        return file.read(_READ)
    except EOFError:  # packed, and broken off: what came before it was given
        return b""


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for chunk in chunks:
        for line in io.BytesIO(chunk):
            whole = rest + line
            if line.endswith(b"\n"):
                rest = b""
                yield whole if len(whole) <= LONGEST_LINE else whole[:LONGEST_LINE] + b"\n"
            else:
                rest = whole[:LONGEST_LINE]
    if rest:
        yield rest
