"""Checking a pasted list: where each address leads, by the rungs that the public site climbs."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from gateway.console import addresses
from gateway.console.checking import newest_snapshot, request_for, url_of
from gateway.console.pages import Pages
from gateway.console.visit import Visit
from gateway.i18n import _
from redirects.formats.cells import guard_cell
from redirects.resolution import Explanation, Gone, Moved, Proxied, Retired, Split
from redirects.resolver import Resolver
from redirects.snapshot import SnapshotError

MOST_ADDRESSES = 5_000
_ATTACHED = {"Content-Disposition": 'attachment; filename="kiem-tra.csv"'}
_COLUMNS = ("old_url", "outcome", "status", "target", "rung", "key")
UNREADABLE = "Unreadable"


@dataclass(frozen=True, slots=True)
class Checked:
    """One address of the list: what comes of it, on which rung, and under which key."""

    typed: str
    outcome: str
    status: str = ""
    target: str = ""
    rung: str = ""
    key: str = ""


class CheckingList:
    """The page that answers for many addresses at once, one a line."""

    def __init__(self, pages: Pages, snapshots: Path) -> None:
        self._pages = pages
        self._snapshots = snapshots

    def show(self, visit: Visit) -> Response:
        """The form and, once posted, the table of answers, or the same as CSV."""
        pasted = visit.form.one("danh-sach")
        typed = list(dict.fromkeys(line.strip() for line in pasted.splitlines() if line.strip()))
        rows: list[Checked] = []
        problem = ""
        if len(typed) > MOST_ADDRESSES:
            problem = _("Danh sách quá dài: mỗi lần kiểm tra nhiều nhất 5.000 địa chỉ.")
        elif typed:
            problem, rows = self._check(typed)
        if rows and visit.form.one("dang") == "csv":
            return Response(_table(rows), media_type="text/csv; charset=utf-8", headers=_ATTACHED)
        return self._pages.answer(
            visit,
            "check_list.html",
            tab=addresses.CHECK,
            typed=pasted,
            problem=problem,
            rows=rows,
            counts=Counter(row.outcome for row in rows).most_common(),
        )

    def _check(self, typed: Sequence[str]) -> tuple[str, list[Checked]]:
        try:
            snapshot = newest_snapshot(self._snapshots)
        except (SnapshotError, OSError):
            return _("Không mở được bản công bố mới nhất."), []
        if snapshot is None:
            return _("Chưa có bản công bố nào: trang công khai chưa chạy lần nào."), []
        try:
            resolver = snapshot.resolver()
            return "", [check_one(resolver, address) for address in typed]
        finally:
            snapshot.close()


def check_one(resolver: Resolver, typed: str) -> Checked:
    """Ask for one address as a browser would."""
    url = url_of(typed)
    if url is None:
        return Checked(typed, UNREADABLE)
    explanation = resolver.explain(request_for(url))
    status, target = _leads(explanation)
    resolution = explanation.resolution
    return Checked(
        typed,
        type(resolution).__name__,
        status,
        target,
        explanation.steps[-1].rung,
        getattr(resolution, "key", ""),
    )


def _leads(explanation: Explanation) -> tuple[str, str]:
    match explanation.resolution:
        case Moved(status=status, location=location):
            return str(status), location
        case Split(successors=successors):
            return "", " | ".join(f"{one.label}={one.location}" for one in successors)
        case Gone(reason=reason):
            return "410", reason or ""
        case Proxied(route=route):
            return "", route.name
        case Retired(route=route):
            return "410", route.successor or route.name
        case _:
            return "", ""


def _table(rows: Sequence[Checked]) -> bytes:
    """Write the answers as UTF-8 CSV that a spreadsheet opens and runs nothing of."""
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(_COLUMNS)
    for row in rows:
        cells = (row.typed, row.outcome.lower(), row.status, row.target, row.rung, row.key)
        writer.writerow([guard_cell(cell) for cell in cells])
    return codecs.BOM_UTF8 + file.getvalue().encode("utf-8", "backslashreplace")
