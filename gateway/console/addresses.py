"""Addresses of the console: every path by name, so that pages and templates agree."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

INBOX = "/"
DOCUMENTS = "/tai-lieu"
MAPPINGS = "/anh-xa"
MAPPING_FORM = "/anh-xa/sua"
INTAKE = "/anh-xa/nhap"
MAPPING_TABLE = "/anh-xa/bang.csv"
RULES = "/quy-tac"
RULE_FORM = "/quy-tac/sua"
MISSES = "/chua-ro"
CHECK = "/kiem-tra"
CHECK_LIST = "/kiem-tra/danh-sach"
READINESS = "/san-sang"
CALLERS = "/nguoi-goi"

NOTICE = "lo"
"""The parameter that says which batch a page is to report."""

CAME_FROM = "tu"
"""The parameter that says which document was decided just before this one."""

LEFT = "giu"
"""The parameter that says how many rows an undo left as they were."""


def document(document_id: int, query: str = "") -> str:
    """The page of one document, with the place it is seen from."""
    return f"{DOCUMENTS}/{document_id}" + (f"?{query}" if query else "")


def with_notice(path: str, batch_id: str, came_from: int | None = None, *, left: int = 0) -> str:
    """The same page, reporting a batch; an older report is dropped."""
    parts = urlsplit(path)
    reports = (NOTICE, CAME_FROM, LEFT)
    kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in reports]
    added = [(NOTICE, batch_id)]
    if came_from is not None:
        added.append((CAME_FROM, str(came_from)))
    if left:
        added.append((LEFT, str(left)))
    return f"{parts.path}?{urlencode(kept + added)}"
