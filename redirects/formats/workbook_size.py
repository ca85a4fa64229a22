"""How large a spreadsheet file becomes once it is unpacked, found out before it is.

A few kilobytes can unpack to gigabytes, and two cells in opposite corners make a table of
seventeen thousand million. Neither is a table of decisions.
"""

from __future__ import annotations

import io
import re
import zlib
from zipfile import BadZipFile, ZipFile, ZipInfo

MOST_BYTES = 400_000_000
"""Unpacked, all parts together: about a million rows."""

MOST_CELLS = 20_000_000

_CHUNK = 1_000_000
_OVERLAP = 64
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_ROW = re.compile(rb'<(?:\w+:)?row\b[^<>]{0,200}?\br="([0-9]{1,7})"')


class WorkbookSizeError(ValueError):
    """A spreadsheet file that would need more memory than a table of decisions ever does."""


def check_size(content: bytes) -> None:
    """Let a spreadsheet pass that unpacks to a table of sensible size.

    What is no ZIP file (XLS) is not larger than it is, and passes.

    Raises:
        WorkbookSizeError: it would not fit.
    """
    try:
        archive = ZipFile(io.BytesIO(content))
    except BadZipFile:
        return
    left = MOST_BYTES
    with archive:
        for part in archive.infolist():
            try:
                left -= _check_part(archive, part, left)
            except (BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error) as error:
                raise WorkbookSizeError("tệp nén bị hỏng") from error


def _check_part(archive: ZipFile, part: ZipInfo, left: int) -> int:
    """Unpack one part, hold its last row and column in mind, and return its size."""
    part.file_size = left + 2 * _CHUNK  # what the file says of itself may be a lie
    is_sheet = "sheet" in part.filename and part.filename.endswith(".xml")
    size = rows = columns = 0
    before = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise WorkbookSizeError("tệp bung ra quá lớn")
            if is_sheet:
                seen = before + chunk
                rows, columns = _extent(seen, rows, columns)
                before = seen[-_OVERLAP:]
            if rows * columns > MOST_CELLS:
                raise WorkbookSizeError("bảng có quá nhiều ô")
    return size


def _extent(text: bytes, rows: int, columns: int) -> tuple[int, int]:
    for found in _ROW.finditer(text):
        rows = max(rows, int(found[1]))
    for found in _CELL.finditer(text):
        rows = max(rows, int(found[2]))
        columns = max(columns, _column(found[1]))
    return rows, columns


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number
