"""Readiness: how much of each old portal's traffic has a decision, and what to decide first.

Judged by the newest published snapshot, so it is what visitors meet; counted once for a snapshot
and the logs that were imported, however often editors look.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Connection
from starlette.responses import Response

from catalogue.database import Database, current_revision
from catalogue.visits import Visits
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.pages import Pages
from gateway.console.visit import Visit
from gateway.i18n import _
from gateway.publishing import snapshots_on_disk
from gateway.readiness import Readiness, weigh
from gateway.settings.whole import Settings
from redirects.snapshot import Snapshot, SnapshotError, open_snapshot

UNDECIDED_SHOWN = 50


@dataclass(frozen=True, slots=True)
class _Measured:
    """What was counted, and what it was counted by."""

    by: tuple[str, int]
    sites: tuple[Readiness, ...]


class ReadinessPage:
    """The page that says which old host may be switched over."""

    def __init__(self, database: Database, pages: Pages, settings: Settings) -> None:
        self._database = database
        self._pages = pages
        self._settings = settings
        self._names = [site.name for site in settings.site]
        self._one_counts = Lock()
        self._measured = _Measured(("", 0), ())

    def show(self, visit: Visit) -> Response:
        """Every site with its shares and its most visited undecided addresses."""
        problem, revision = "", 0
        sites: tuple[Readiness, ...] = ()
        with self._database.reading() as connection:
            try:
                revision, sites = self._weighed(connection)
            except FileNotFoundError:
                problem = _("Chưa có bản công bố nào: trang công khai chưa chạy lần nào.")
            except (SnapshotError, OSError):
                problem = _("Không mở được bản công bố mới nhất.")
            return self._pages.answer(
                visit,
                "readiness.html",
                tab=addresses.READINESS,
                problem=problem,
                rows=[(each, each.is_go(self._settings.traffic)) for each in sites],
                limits=self._settings.traffic,
                share=share_text,
                revision=revision,
                newest=current_revision(connection),
                notice=notice_of(connection, visit),
            )

    def _weighed(self, connection: Connection) -> tuple[int, tuple[Readiness, ...]]:
        """Count by the newest snapshot, or take what was counted by it before."""
        path = next(iter(snapshots_on_disk(self._settings.snapshot_directory)), None)
        if path is None:
            raise FileNotFoundError(self._settings.snapshot_directory)
        snapshot = open_snapshot(path)
        try:
            with self._one_counts:
                by = snapshot.id, Visits(connection).imports()
                if self._measured.by != by:
                    self._measured = _Measured(by, self._count(connection, snapshot))
                return snapshot.revision, self._measured.sites
        finally:
            snapshot.close()

    def _count(self, connection: Connection, snapshot: Snapshot) -> tuple[Readiness, ...]:
        visits, resolver = Visits(connection), snapshot.resolver()
        known = visits.sites()
        return tuple(
            weigh(name, visits.addresses(name), resolver, shown=UNDECIDED_SHOWN)
            for name in self._names
            if name in known
        )


def share_text(share: float) -> str:
    """Print a share with one decimal, never rounded up to a limit it does not reach: 94,9 %."""
    tenths = math.floor(share * 1000 + 1e-6)
    return f"{tenths // 10},{tenths % 10} %" if tenths % 10 else f"{tenths // 10} %"
