"""Mappings as a table (CSV): what editors keep in a spreadsheet, read as it comes and written back.

Separator and charset are detected, headers and kinds may be English or Vietnamese, and every row
that cannot be taken is named by line, column and value.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from unicodedata import normalize

from redirects.formats.cells import bare_cell, guard_cell, read_targets, write_targets
from redirects.mapping import Mapping, MappingKind
from redirects.site import Portal
from redirects.sites import Sites
from redirects.suggest import slug
from redirects.targets import TargetError, check_target, fault_message
from redirects.url import UrlError, parse_url

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
_KINDS = {
    MappingKind.MOVED: ("moved", "301", "308", "permanent", "redirect", "da-chuyen", "chuyen",
                        "chuyen-huong", "chuyen-han"),
    MappingKind.TEMPORARY: ("temporary", "302", "303", "307", "tam-thoi", "chuyen-tam"),
    MappingKind.SPLIT: ("split", "300", "tach", "chia-tach"),
    MappingKind.GONE: ("gone", "410", "da-go", "go-bo", "khong-con"),
    MappingKind.ARCHIVED: ("archived", "archive", "200", "luu-tru", "ban-luu"),
    MappingKind.UNRESOLVED: ("unresolved", "404", "chua-quyet-dinh", "chua-xu-ly"),
}  # fmt: skip
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names}
_SEPARATORS = (",", ";", "\t")


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not taken: the line it starts on, the column, the value, and why."""

    line: int
    column: str
    value: str
    message: str


class _Refusal(Exception):  # noqa: N818  it is no error of ours, it carries one out of a row
    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value, self.message = column, value, message


def read_table(
    content: bytes, *, sites: Sites, portal: Portal
) -> tuple[list[Mapping], list[RowError]]:
    """Read mappings from a CSV file; rows with an error are left out and reported."""
    text = _decode(content)
    mappings: list[Mapping] = []
    errors: list[RowError] = []
    columns: list[str | None] | None = None
    for line, cells in _rows(text, errors):
        if columns is None:
            columns = _columns(cells)
            if columns is not None:
                continue
            columns = list(COLUMNS)  # no header: the cells stand in the order we write them in
        try:
            mappings.append(_mapping(_by_column(cells, columns), sites, portal))
        except _Refusal as refusal:
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


def _decode(content: bytes) -> str:
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
        raise _Refusal(
            "",
            beyond[0],
            "Dòng có nhiều ô hơn tiêu đề; ô có dấu phân cách cần đặt trong ngoặc kép.",
        )
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column}


def _mapping(row: dict[str, str], sites: Sites, portal: Portal) -> Mapping:
    raw, target = row.get("old_url", ""), row.get("target", "")
    found = sites.key_of(raw)
    if found is None:
        raise _Refusal("old_url", raw, _why_nobodys(raw))
    kind = _kind(row.get("kind", ""), target)
    reason = row.get("reason") or None
    match kind:
        case MappingKind.MOVED | MappingKind.TEMPORARY:
            _check(target, target, portal)
            return Mapping(found[1], raw, kind, target=target, reason=reason)
        case MappingKind.SPLIT:
            targets = read_targets(target)
            for item in targets:
                _check(item.target, target, portal)
            if not targets:
                raise _Refusal("target", target, "Trang tách cần ít nhất một địa chỉ đích.")
            return Mapping(found[1], raw, kind, targets=targets, reason=reason)
        case MappingKind.GONE | MappingKind.ARCHIVED | MappingKind.UNRESOLVED:
            return Mapping(found[1], raw, kind, reason=reason)


def _kind(text: str, target: str) -> MappingKind:
    if not text:
        return MappingKind.MOVED if target else MappingKind.UNRESOLVED
    kind = _KIND_OF.get(slug(text))
    if kind is None:
        known = ", ".join(sorted(kind.value for kind in MappingKind))
        raise _Refusal("kind", text, f"Không hiểu loại này; các loại là: {known}.")
    return kind


def _check(target: str, cell: str, portal: Portal) -> None:
    try:
        check_target(target, portal)
    except TargetError as error:
        raise _Refusal("target", cell, fault_message(error)) from error


def _why_nobodys(raw: str) -> str:
    if not raw:
        return "Chưa có địa chỉ cũ."
    try:
        host = parse_url(raw if "://" in raw else f"http://{raw}").host
    except UrlError:
        return "Địa chỉ cũ không đọc được."
    return f"Không có cổng cũ nào mang tên miền {host}."
