"""The archive: every response as it came, in WARC files that outlive this program.

One directory a site, files of about a gigabyte, one gzip member a record. A writer that died in
the middle of a record leaves a torn tail; the next writer cuts it off and goes on.
"""

from __future__ import annotations

import fcntl
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from catalogue.capture import StoredResponse
from catalogue.coding import CodingError, undo_codings
from catalogue.database import CatalogueError
from catalogue.warc import (
    Exchange,
    HttpResponse,
    WarcError,
    WarcRecord,
    digest_of,
    exchange_records,
    info_record,
    parse_record,
    parse_response,
)

ROTATE_AT = 1_000_000_000
"""Bytes after which a new file is begun: what copies and checks well."""

READ_LIMIT = 256_000_000
"""Bytes a record may hold once its gzip is undone, and a payload once its coding is."""

_SITE = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_MEMBER_START = b"\x1f\x8b\x08"
_WINDOW = 1 << 20


class ArchiveError(CatalogueError):
    """A WARC file that cannot be read or written; names the file and the offset."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a response was put: `digest` and `length` are those of its payload."""

    file: str
    offset: int
    digest: str
    length: int


@dataclass(frozen=True, slots=True)
class PlacedRecord:
    """A record and where it lies: `length` is that of its gzip member in the file."""

    file: str
    offset: int
    length: int
    record: WarcRecord


class Archive:
    """The directory of WARC files. Reading needs no writer and no database."""

    def __init__(self, directory: Path, *, read_limit: int = READ_LIMIT) -> None:
        """Keep files under `directory`; no record longer than `read_limit` bytes is read."""
        self.directory = directory
        self._read_limit = read_limit

    def writer(self, site: str, *, rotate_at: int = ROTATE_AT) -> ArchiveWriter:
        """Return a writer that goes on where the site's last one ended."""
        if not _SITE.fullmatch(site):
            raise ArchiveError(f"{site!r} cannot name a directory of the archive")
        return ArchiveWriter(self.directory, site, rotate_at=rotate_at)

    def files(self, site: str | None = None) -> list[str]:
        """Return the names of the files, relative to the directory, in the order of writing."""
        pattern = f"{site or '*'}/*.warc.gz"
        return sorted(
            str(path.relative_to(self.directory)) for path in self.directory.glob(pattern)
        )

    def read(self, file: str, offset: int) -> StoredResponse:
        """Read the response at an offset, content coding undone.

        Raises ArchiveError when there is none, or it is broken or too long.
        """
        record = self._record_at(file, offset)
        try:
            response = parse_response(record.block)
            return StoredResponse(
                url=record.url,
                captured_at=record.captured_at,
                status=response.status,
                headers=response.headers,
                payload=undo_codings(
                    response.payload, _content_encoding(response), limit=self._read_limit
                ),
            )
        except (WarcError, CodingError) as error:
            raise ArchiveError(f"{file} at {offset}: {error}") from error

    def records(self, file: str) -> Iterator[PlacedRecord]:
        """Walk every record of a file; raises ArchiveError where one is torn or broken."""
        offset = 0
        with self._open(file) as descriptor:
            size = os.fstat(descriptor).st_size
            while offset < size:
                record, length = self._parse_at(descriptor, file, offset)
                yield PlacedRecord(file, offset, length, record)
                offset += length

    def _record_at(self, file: str, offset: int) -> WarcRecord:
        with self._open(file) as descriptor:
            return self._parse_at(descriptor, file, offset)[0]

    def _parse_at(self, descriptor: int, file: str, offset: int) -> tuple[WarcRecord, int]:
        try:
            content, length = _read_member(descriptor, offset, self._read_limit)
            return parse_record(content), length
        except WarcError as error:
            raise ArchiveError(f"{file} at {offset}: {error}") from error

    @contextmanager
    def _open(self, file: str) -> Iterator[int]:
        path = self.directory / file
        if not path.resolve().is_relative_to(self.directory.resolve()):
            raise ArchiveError(f"{file}: outside the archive")
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError as error:
            raise ArchiveError(f"{file}: {error.strerror}") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)


class ArchiveWriter:
    """Appends to a site's files. What `sync` has returned from survives the power failing.

    One thread at a time; a second writer of the same site is refused.
    """

    def __init__(self, directory: Path, site: str, *, rotate_at: int = ROTATE_AT) -> None:
        """Use Archive.writer, and `with`."""
        self._directory = directory
        self._site = site
        self._rotate_at = rotate_at
        self._lock = -1
        self._descriptor = -1
        self._serial = 1
        self._end = 0

    def __enter__(self) -> Self:
        folder = self._directory / self._site
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(folder, os.O_RDONLY)
        except OSError as error:
            raise ArchiveError(f"{folder}: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            files = sorted(folder.glob("*.warc.gz"))
            if files:
                self._serial = int(files[-1].name.split(".")[0].rpartition("-")[2])
            self._open()
        except OSError as error:
            os.close(self._lock)
            busy = isinstance(error, BlockingIOError)
            reason = "another writer is at work" if busy else error.strerror
            raise ArchiveError(f"{folder}: {reason}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.sync()
        finally:
            os.close(self._descriptor)
            os.close(self._lock)

    @property
    def file(self) -> str:
        """The file being written, relative to the archive's directory."""
        return f"{self._site}/{self._site}-{self._serial:05d}.warc.gz"

    def add(self, exchange: Exchange) -> Placed:
        """Append an exchange; it is safe once `sync` has returned.

        Raises ArchiveError when it cannot be written; the file is left as it was before.
        """
        if self._end >= self._rotate_at:
            self._rotate()
        start = self._end
        try:
            response, request = exchange_records(exchange)
        except WarcError as error:
            raise ArchiveError(f"{exchange.url!r}: {error}") from error
        opening = b"" if start else info_record(self.file, made_at=exchange.captured_at)
        self._append(opening + response + request)
        return Placed(
            file=self.file,
            offset=start + len(opening),
            digest=digest_of(exchange.payload),
            length=len(exchange.payload),
        )

    def sync(self) -> None:
        """Wait until everything added is on the disk."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise ArchiveError(f"{self.file}: {error.strerror}") from error

    def _append(self, data: bytes) -> None:
        rest = memoryview(data)
        position = self._end
        try:
            while rest:
                written = os.pwrite(self._descriptor, rest, position)
                position += written
                rest = rest[written:]
        except OSError as error:
            os.ftruncate(self._descriptor, self._end)
            raise ArchiveError(f"{self.file} at {self._end}: {error.strerror}") from error
        self._end = position

    def _rotate(self) -> None:
        self.sync()
        full = self._descriptor
        self._serial += 1
        try:
            self._open()
        except OSError as error:
            self._serial -= 1  # the full file stays the one that is written
            raise ArchiveError(f"{self.file}: no file can follow it: {error.strerror}") from error
        os.close(full)

    def _open(self) -> None:
        path = self._directory / self.file
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        os.fsync(self._lock)  # the directory: the new name itself is on the disk
        self._end = _end_of_last_record(self._descriptor)
        os.ftruncate(self._descriptor, self._end)


def _read_member(descriptor: int, offset: int, limit: int) -> tuple[bytes, int]:
    """Undo the gzip member at an offset: its content and its length in the file.

    Raises WarcError for bytes that are no whole gzip member, and for more than `limit` bytes.
    """
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts: list[bytes] = []
    room, position = limit + 1, offset
    while not inflater.eof:
        data = os.pread(descriptor, _WINDOW, position)
        if not data:
            raise WarcError("torn: the file ends inside the record")
        position += len(data)
        try:
            parts.append(inflater.decompress(data, room))
        except zlib.error as error:
            raise WarcError(f"not a gzip member ({error})") from error
        room -= len(parts[-1])
        if room <= 0:
            raise WarcError(f"longer than {limit} bytes")
    return b"".join(parts), position - len(inflater.unused_data) - offset


def _end_of_last_record(descriptor: int) -> int:
    """Return where the last whole record ends: search backwards for a member that is one."""
    size = os.fstat(descriptor).st_size
    window_end = size
    while window_end > 0:
        window_start = max(0, window_end - _WINDOW)
        # Two bytes more, so that a start across the border of two windows is seen.
        data = os.pread(descriptor, window_end - window_start + 2, window_start)
        found = data.rfind(_MEMBER_START)
        while found >= 0:
            length = _whole_record_length(descriptor, window_start + found)
            if length is not None:
                return window_start + found + length
            found = data.rfind(_MEMBER_START, 0, found + 2)
        window_end = window_start
    return 0


def _whole_record_length(descriptor: int, offset: int) -> int | None:
    try:
        content, length = _read_member(descriptor, offset, READ_LIMIT)
        parse_record(content)
    except WarcError:  # torn, or only bytes that look like a start
        return None
    return length


def _content_encoding(response: HttpResponse) -> str:
    return ",".join(value for name, value in response.headers if name.lower() == "content-encoding")
