"""Rows of any table of decisions: the words for kinds, and a row turned into a mapping."""

from __future__ import annotations

from dataclasses import dataclass

from redirects.clues import slug
from redirects.formats.cells import read_targets
from redirects.mapping import Mapping, MappingKind, QueryHandling
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.targets import TargetError, check_target, fault_message
from redirects.url import UrlError, parse_url

_KINDS = {
    MappingKind.MOVED: ("moved", "301", "308", "permanent", "redirect", "da-chuyen", "chuyen",
                        "chuyen-huong", "chuyen-han"),
    MappingKind.TEMPORARY: ("temporary", "302", "303", "307", "tam-thoi", "chuyen-tam"),
    MappingKind.SPLIT: ("split", "300", "tach", "chia-tach"),
    MappingKind.GONE: ("gone", "410", "da-go", "go-bo", "khong-con"),
    MappingKind.ARCHIVED: ("archived", "archive", "200", "luu-tru", "ban-luu"),
    MappingKind.KEEP: ("keep", "giu-nguyen", "giu", "may-chu-cu"),
    MappingKind.UNRESOLVED: ("unresolved", "404", "418", "chua-quyet-dinh", "chua-xu-ly"),
}  # fmt: skip
_QUERY_BY_NAME: dict[str, QueryHandling] = {
    **dict.fromkeys(("", "drop", "bo", "khong"), "drop"),
    **dict.fromkeys(("pass", "chuyen-tiep", "mang-theo", "giu", "co"), "pass"),
}
_KIND_BY_NAME = {name: kind for kind, names in _KINDS.items() for name in names}


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not taken: the line it starts on, the column, the value, and why."""

    line: int
    column: str
    value: str
    message: str


class Refusal(Exception):  # noqa: N818  it is no error of ours, it carries one out of a row
    """A row that is not taken, on its way to be a `RowError`."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value, self.message = column, value, message


def mapping_of(row: dict[str, str], sites: Sites, portal: Portal) -> tuple[Site, Mapping]:
    """Make a mapping of a row, and say whose it is.

    The cells are old_url, kind, target, reason and query, by name.

    Raises:
        Refusal: a cell cannot be taken.
    """
    raw, target = row.get("old_url", ""), row.get("target", "")
    found = sites.key_of(raw)
    if found is None:
        raise Refusal("old_url", raw, _why_nobodys(raw))
    site, key = found
    kind = kind_of(row.get("kind", ""), target)
    query = _query_of(row.get("query", ""))
    reason = row.get("reason") or None
    match kind:
        case MappingKind.MOVED | MappingKind.TEMPORARY:
            _check(target, target, portal)
            return site, Mapping(key, raw, kind, target=target, reason=reason, query=query)
        case MappingKind.SPLIT:
            targets = read_targets(target)
            for item in targets:
                _check(item.target, target, portal)
            if not targets:
                raise Refusal("target", target, "Trang tách cần ít nhất một địa chỉ đích.")
            return site, Mapping(key, raw, kind, targets=targets, reason=reason)
        case MappingKind.GONE | MappingKind.ARCHIVED | MappingKind.KEEP | MappingKind.UNRESOLVED:
            return site, Mapping(key, raw, kind, reason=reason)


def kind_of(text: str, target: str) -> MappingKind:
    """Read a kind by its name, status or Vietnamese word. Raises Refusal."""
    if not text:
        return MappingKind.MOVED if target else MappingKind.UNRESOLVED
    kind = _KIND_BY_NAME.get(slug(text))
    if kind is None:
        known = ", ".join(sorted(kind.value for kind in MappingKind))
        raise Refusal("kind", text, f"Không hiểu loại này; các loại là: {known}.")
    return kind


def _query_of(text: str) -> QueryHandling:
    """Read what becomes of a visitor's query; nothing said, it is left behind. Raises Refusal."""
    query = _QUERY_BY_NAME.get(slug(text))
    if query is None:
        message = "Không hiểu ô này; viết “pass” (chuyển tiếp) hoặc “drop” (bỏ)."
        raise Refusal("query", text, message)
    return query


def _check(target: str, cell: str, portal: Portal) -> None:
    try:
        check_target(target, portal)
    except TargetError as error:
        raise Refusal("target", cell, fault_message(error)) from error


def _why_nobodys(raw: str) -> str:
    if not raw:
        return "Chưa có địa chỉ cũ."
    try:
        host = parse_url(raw if "://" in raw else f"http://{raw}").host
    except UrlError:
        return "Địa chỉ cũ không đọc được."
    return f"Không có cổng cũ nào mang tên miền {host}."
