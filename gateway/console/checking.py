"""Checking an address: the ladder that the public site climbs, shown rung by rung."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response

from catalogue.database import Database, current_revision
from gateway.console import addresses, words
from gateway.console.pages import Pages
from gateway.console.visit import Visit
from gateway.i18n import _
from gateway.publishing import snapshots_on_disk
from redirects.resolution import Explanation, Request, Step
from redirects.resolver import describe
from redirects.snapshot import Snapshot, SnapshotError, open_snapshot
from redirects.url import Url, UrlError, parse_url


class Checking:
    """The page that answers "where does this address lead?"."""

    def __init__(self, database: Database, pages: Pages, snapshots: Path) -> None:
        self._database = database
        self._pages = pages
        self._snapshots = snapshots

    def show(self, visit: Visit) -> Response:
        """The form and, given an address, the explanation by the newest published snapshot."""
        address = visit.params.one("dia-chi")[:4000]
        problem, explanation, revision = "", None, 0
        url = url_of(address) if address else None
        if address and url is None:
            problem = _("Đây không phải là một địa chỉ http(s).")
        elif url is not None:
            problem, explanation, revision = self._explain(url)
        with self._database.reading() as connection:
            newest = current_revision(connection)
        return self._pages.answer(
            visit,
            "check.html",
            tab=addresses.CHECK,
            typed=address,
            problem=problem,
            explanation=explanation,
            outcome=type(explanation.resolution).__name__ if explanation else "",
            rungs=[spoken(step, explanation) for step in explanation.steps] if explanation else [],
            revision=revision,
            newest=newest,
        )

    def _explain(self, url: Url) -> tuple[str, Explanation | None, int]:
        try:
            snapshot = newest_snapshot(self._snapshots)
        except (SnapshotError, OSError):
            return _("Không mở được bản công bố mới nhất."), None, 0
        if snapshot is None:
            return _("Chưa có bản công bố nào: trang công khai chưa chạy lần nào."), None, 0
        try:
            return "", snapshot.resolver().explain(request_for(url)), snapshot.revision
        finally:
            snapshot.close()


def newest_snapshot(directory: Path) -> Snapshot | None:
    """Open what was published last; None before anything was.

    Raises:
        SnapshotError, OSError: it cannot be opened.
    """
    path = next(iter(snapshots_on_disk(directory)), None)
    return None if path is None else open_snapshot(path)


def request_for(url: Url) -> Request:
    """Return the request a browser makes for an address."""
    host = url.host if url.port is None else f"{url.host}:{url.port}"
    return Request(host, url.path.encode(), url.query.encode())


@dataclass(frozen=True, slots=True)
class SpokenRung:
    """One rung for an editor: what was tried, how it went (both for gettext), and names as is."""

    label: str
    text: str
    detail: str = ""


def spoken(step: Step, explanation: Explanation) -> SpokenRung:
    """Say a step in the editor's words; what has no words is shown as the resolver put it."""
    label = words.RUNGS.get(step.rung, step.rung)
    if step.outcome in words.STEP_OUTCOMES:
        return SpokenRung(label, words.STEP_OUTCOMES[step.outcome])
    answer = describe(explanation.resolution)
    if step.outcome.startswith(answer):
        outcome = words.OUTCOMES[type(explanation.resolution).__name__]
        return SpokenRung(label, outcome, step.outcome.removeprefix(answer).lstrip(", "))
    return SpokenRung(label, "", step.outcome)


def url_of(address: str) -> Url | None:
    """Read what an editor typed, http where no scheme is said; None for what is no address."""
    try:
        return parse_url(address if "://" in address[:12] else f"http://{address}")
    except UrlError:
        return None
