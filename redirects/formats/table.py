"""Mappings as a table (CSV): what editors keep in a spreadsheet, read as it comes and written back.

Separator and charset are detected, headers and kinds may be English or Vietnamese, and every row
that cannot be taken is named by line, column and value.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator

from redirects.clues import slug
from redirects.formats.cells import bare_cell, guard_cell, write_targets
from redirects.formats.reading import Reading
from redirects.formats.rows import RowError
from redirects.mapping import Mapping
from redirects.site import Portal
from redirects.sites import Sites

COLUMNS = ("old_url", "kind", "target", "reason", "query")
SEPARATORS = (",", ";", "\t", "|")

_HEADERS = {
    "old_url": ("old-url", "old-address", "source", "from", "url", "url-cu", "dia-chi-cu",
                "duong-dan-cu", "lien-ket-cu"),
    "kind": ("kind", "type", "status", "code", "loai", "kieu", "trang-thai", "quyet-dinh", "ma"),
    "target": ("target", "new-url", "new-address", "destination", "to", "url-moi", "dia-chi-moi",
               "dia-chi-dich", "duong-dan-moi", "dich"),
    "reason": ("reason", "note", "ly-do", "ghi-chu"),
    "query": ("query", "parameters", "tham-so", "truy-van"),
}  # fmt: skip
_COLUMN_OF = {slug(name): column for column, names in _HEADERS.items() for name in names}
_TOO_MANY = "Dòng có nhiều ô hơn tiêu đề; ô có dấu phân cách cần đặt trong ngoặc kép."

Rows = Iterable[tuple[int, list[str]]]


def read_table(
    content: bytes, *, sites: Sites, portal: Portal
) -> tuple[list[Mapping], list[RowError]]:
    """Read mappings from a CSV file; rows with an error are left out and reported."""
    reading = Reading(sites, portal)
    read_csv(content, reading)
    return reading.mappings, reading.errors


def read_csv(content: bytes, reading: Reading) -> None:
    """Read every row of a CSV file into `reading`; its separator is found when none is given."""
    text = reading.text_of(content)
    reading.separator = reading.separator or separator_of(text)
    broken: list[RowError] = []
    read_rows(_rows(text, reading.separator, broken), reading)
    reading.errors += broken


def read_rows(rows: Rows, reading: Reading) -> None:
    """Read numbered rows of cells into `reading`; the first of them may be a header."""
    columns: list[str | None] | None = None
    for line, cells in rows:
        if columns is None:
            columns = _columns(cells)
            if columns is not None:
                continue
            columns = list(COLUMNS)  # no header: the cells stand in the order we write them in
        beyond = next((cell for cell in cells[len(columns) :] if cell), "")
        if beyond:
            reading.refuse(line, "", beyond, _TOO_MANY)
            continue
        row = dict(zip(columns, cells, strict=False))
        reading.add_mapping(
            line,
            row.get("old_url", ""),
            row.get("target", ""),
            kind=row.get("kind", ""),
            reason=row.get("reason", ""),
            query=row.get("query", ""),
        )


def write_table(mappings: Iterable[Mapping]) -> bytes:
    """Write mappings as UTF-8 CSV with the byte order mark that spreadsheets need."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for mapping in mappings:
        target = write_targets(mapping.targets) if mapping.targets else mapping.target or ""
        query = "" if mapping.query == "drop" else mapping.query
        cells = (mapping.raw, mapping.kind.value, target, mapping.reason or "", query)
        writer.writerow([guard_cell(cell) for cell in cells])
    return codecs.BOM_UTF8 + file.getvalue().encode()


def separator_of(text: str) -> str:
    """Find what parts the cells: what makes most known headers of the first line, or most cells."""
    first = next((line for line in text.splitlines() if line.strip()), "")

    def fitness(separator: str) -> tuple[int, float]:
        cells = next(csv.reader([first], delimiter=separator), [])
        # "|" also parts the targets of a split, so it is the last to be believed.
        parted = 1.5 if separator == "|" and len(cells) > 1 else len(cells)
        return sum(slug(cell) in _COLUMN_OF for cell in cells), parted

    return max(SEPARATORS, key=fitness)


def _rows(text: str, separator: str, errors: list[RowError]) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that holds something, with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    started = 1
    try:
        for row in reader:
            cells = [bare_cell(cell) for cell in row]
            if any(cells):
                yield started, cells
            started = reader.line_num + 1
    except csv.Error as error:
        errors.append(RowError(started, "", "", f"Không đọc được dòng này: {error}"))


def _columns(cells: list[str]) -> list[str | None] | None:
    columns = [_COLUMN_OF.get(slug(cell)) for cell in cells]
    return columns if "old_url" in columns else None
