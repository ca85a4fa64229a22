"""Reads a spreadsheet file (XLSX, XLS, ODS) as the table that its first sheet is."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from redirects.formats.cells import bare_cell
from redirects.formats.reading import Reading
from redirects.formats.table import read_rows
from redirects.formats.workbook_size import WorkbookSizeError, check_size


def read_workbook(content: bytes, reading: Reading) -> None:
    """Read every row of the first sheet into `reading`."""
    try:
        check_size(content)
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        rows = sheet.to_python(skip_empty_area=False)
    except (CalamineError, WorkbookSizeError) as error:
        reading.refuse(1, "", "", f"Không đọc được bảng tính: {error}")
        return
    read_rows(_cells(rows), reading)


def _cells(rows: list[list[Any]]) -> Iterator[tuple[int, list[str]]]:
    for number, row in enumerate(rows, start=1):
        cells = [bare_cell(_text(cell)) for cell in row]
        if any(cells):
            yield number, cells


def _text(cell: object) -> str:
    """Write a cell as it is shown: 301 is no 301.0."""
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)
