"""Mappings as a table (CSV): what editors keep in a spreadsheet, read as it comes and written back.

Separator and charset are detected, headers and kinds may be English or Vietnamese, and every row
that cannot be taken is named by line, column and value.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from unicodedata import normalize

from redirects.clues import slug
from redirects.formats.cells import bare_cell, guard_cell, write_targets
from redirects.formats.rows import Refusal, RowError, mapping_of
from redirects.mapping import Mapping
from redirects.site import Portal
from redirects.sites import Sites

COLUMNS = ("old_url", "kind", "target", "reason")

_HEADERS = {
    "old_url": ("old-url", "old-address", "source", "from", "url", "url-cu", "dia-chi-cu",
                "duong-dan-cu", "lien-ket-cu"),
    "kind": ("kind", "type", "status", "code", "loai", "kieu", "trang-thai", "quyet-dinh", "ma"),
    "target": ("target", "new-url", "new-address", "destination", "to", "url-moi", "dia-chi-moi",
               "dia-chi-dich", "duong-dan-moi", "dich"),
    "reason": ("reason", "note", "ly-do", "ghi-chu"),
}  # fmt: skip
_COLUMN_OF = {slug(name): column for column, names in _HEADERS.items() for name in names}
_SEPARATORS = (",", ";", "\t")


def read_table(
    content: bytes, *, sites: Sites, portal: Portal
) -> tuple[list[Mapping], list[RowError]]:
    """Read mappings from a CSV file; rows with an error are left out and reported."""
    errors: list[RowError] = []
    mappings, wrong = read_rows(_rows(decode(content), errors), sites=sites, portal=portal)
    return mappings, [*wrong, *errors]


def read_rows(
    rows: Iterable[tuple[int, list[str]]], *, sites: Sites, portal: Portal
) -> tuple[list[Mapping], list[RowError]]:
    """Read mappings from numbered rows of cells, the first of which may be a header."""
    mappings: list[Mapping] = []
    errors: list[RowError] = []
    columns: list[str | None] | None = None
    for line, cells in rows:
        if columns is None:
            columns = _columns(cells)
            if columns is not None:
                continue
            columns = list(COLUMNS)  # no header: the cells stand in the order we write them in
        try:
            mappings.append(mapping_of(_by_column(cells, columns), sites, portal))
        except Refusal as refusal:
            errors.append(RowError(line, refusal.column, refusal.value, refusal.message))
    return mappings, errors


def write_table(mappings: Iterable[Mapping]) -> bytes:
    """Write mappings as UTF-8 CSV with the byte order mark that spreadsheets need."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for mapping in mappings:
        target = write_targets(mapping.targets) if mapping.targets else mapping.target or ""
        cells = (mapping.raw, mapping.kind.value, target, mapping.reason or "")
        writer.writerow([guard_cell(cell) for cell in cells])
    return codecs.BOM_UTF8 + file.getvalue().encode()


def decode(content: bytes) -> str:
    """Read bytes as UTF-8, UTF-16 with its mark, else windows-1258."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return normalize("NFC", content.decode("cp1258", errors="replace"))


def _rows(text: str, errors: list[RowError]) -> Iterator[tuple[int, list[str]]]:
    """Yield every row that holds something, with the line it starts on."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text))
    started = 1
    try:
        for row in reader:
            cells = [bare_cell(cell) for cell in row]
            if any(cells):
                yield started, cells
            started = reader.line_num + 1
    except csv.Error as error:
        errors.append(RowError(started, "", "", f"Không đọc được dòng này: {error}"))


def _separator(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")

    def fitness(separator: str) -> tuple[int, int]:
        cells = next(csv.reader([first], delimiter=separator), [])
        return sum(slug(cell) in _COLUMN_OF for cell in cells), len(cells)

    return max(_SEPARATORS, key=fitness)


def _columns(cells: list[str]) -> list[str | None] | None:
    columns = [_COLUMN_OF.get(slug(cell)) for cell in cells]
    return columns if "old_url" in columns else None


def _by_column(cells: list[str], columns: list[str | None]) -> dict[str, str]:
    beyond = [cell for cell in cells[len(columns) :] if cell]
    if beyond:
        raise Refusal(
            "",
            beyond[0],
            "Dòng có nhiều ô hơn tiêu đề; ô có dấu phân cách cần đặt trong ngoặc kép.",
        )
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column}
