"""The demo's own client: asks everything a visitor would and compares with the known truth."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2 as httpx
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import func, select

from catalogue import schema
from catalogue.database import Database
from demo.truth import ApiCase, OldUrlCase, SearchCase
from demo.world import World
from gateway.demo_settings import DemoPorts

FLOOR = 0.98
"""The share of right answers the demo must reach at scale 1, of each kind."""

_FIRST_HITS = 10  # a search counts as found when the document is on the first page
_SAME_HEADERS = ("content-type",)


@dataclass(slots=True)
class CheckSummary:
    """What the client saw: counts for programs, failures for people."""

    counts: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    @property
    def shares(self) -> list[tuple[str, int, int]]:
        """Each kind of question: how many were answered right, how many were asked."""
        counts = self.counts
        return [
            ("old addresses", counts["old_urls_right"], counts["old_urls_tried"]),
            ("API calls", counts["api_calls_equal"], counts["api_calls"]),
            ("searches", counts["searches_found"], counts["searches"]),
        ]

    @property
    def passed(self) -> bool:
        """Whether every kind reached the floor and anything was asked at all."""
        return all(tried and right >= FLOOR * tried for _, right, tried in self.shares)


def check_as_client(world: World, ports: DemoPorts, database: Database) -> CheckSummary:
    """Ask the running portal every known question and say what was answered right."""
    summary = CheckSummary(counts=_holdings(database))
    with httpx.Client(trust_env=False, follow_redirects=False, timeout=30) as client:
        asker = _Asker(client, ports)
        _tally(summary, "old_urls_tried", "old_urls_right", map(asker.old_url, world.old_url_cases))
        _tally(summary, "api_calls", "api_calls_equal", map(asker.api_call, world.api_cases))
        _tally(summary, "searches", "searches_found", map(asker.search, world.search_cases))
    return summary


def _holdings(database: Database) -> dict[str, int]:
    tables = {
        "captures": schema.capture,
        "documents": schema.document,
        "mappings": schema.mapping,
    }
    with database.reading() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in tables.items()
        }


def _tally(summary: CheckSummary, tried: str, right: str, failures: Iterator[str | None]) -> None:
    answers = list(failures)
    summary.counts[tried] = len(answers)
    summary.counts[right] = answers.count(None)
    summary.failures += [failure for failure in answers if failure is not None]


class _Asker:
    """One client: each question returns None when the answer is right, else what was wrong."""

    def __init__(self, client: httpx.Client, ports: DemoPorts) -> None:
        self._client = client
        self._ports = ports

    def _get(self, url: str) -> httpx.Response:
        parts = urlsplit(url)
        target = f"http://127.0.0.1:{self._ports.site}{url.partition(parts.netloc)[2]}"
        host = f"{parts.hostname}:{self._ports.site}"
        return self._client.get(target, headers={"host": host})

    def old_url(self, case: OldUrlCase) -> str | None:
        """One hop to the right document."""
        first = self._get(case.url)
        if first.status_code not in (301, 302):
            return f"{case.url}: answered {first.status_code}, expected a redirect"
        second = self._get(first.headers["location"])
        if second.status_code != httpx.codes.OK:
            return f"{case.url}: led to {second.status_code} at {first.headers['location']}"
        if _same(_heading(second), case.title):
            return None
        return f"{case.url}: landed on {_heading(second)!r}, expected {case.title!r}"

    def api_call(self, case: ApiCase) -> str | None:
        """Byte for byte what the old server says."""
        answers = [self._call(case, port) for port in (self._ports.old, self._ports.site)]
        old, new = (
            (one.status_code, one.content, [one.headers.get(name) for name in _SAME_HEADERS])
            for one in answers
        )
        name = f"{case.method} {case.host}{case.path}"
        return None if old == new else f"{name}: answers differ: {old[0]} and {new[0]}"

    def _call(self, case: ApiCase, port: int) -> httpx.Response:
        return self._client.request(
            case.method,
            f"http://127.0.0.1:{port}{case.path}",
            headers={**dict(case.headers), "host": case.host},
            content=case.body,
        )

    def search(self, case: SearchCase) -> str | None:
        """The document is on the first page of results."""
        answer = self._client.get(
            f"http://127.0.0.1:{self._ports.site}/tim-kiem", params={"q": case.query}
        )
        page = LexborHTMLParser(answer.content)
        links = [hit.css_first("a") for hit in page.css(".hits > li")[:_FIRST_HITS]]
        titles = [link.text() for link in links if link]
        if any(_same(title, case.title) for title in titles):
            return None
        return f"search {case.query!r}: {case.title!r} is not among {titles[:3]}"


def _heading(answer: httpx.Response) -> str:
    heading = LexborHTMLParser(answer.content).css_first("h1")
    return heading.text() if heading else ""


def _same(left: str, right: str) -> bool:
    return _plain(left) == _plain(right)


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()
