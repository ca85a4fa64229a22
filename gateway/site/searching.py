"""The search page: one box, results that show why they were found, and ways to narrow them.

Everything is a link or a GET form, so that it works without script and can be sent to a friend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from catalogue.document import SECTIONS
from catalogue.search.engine import Hit, Hits, SearchEngine, SearchError
from catalogue.search.query import MAX_LENGTH, MAX_OFFSET, Query
from gateway.logs import log
from gateway.rendering import Pages
from redirects.sites import Sites

PAGE = 10
FACET_VALUES = 12


class SearchIndex:
    """The index, opened when it is first asked: the site starts before there is one."""

    def __init__(self, open_engine: Callable[[], SearchEngine]) -> None:
        self._open_engine = open_engine
        self._engine: SearchEngine | None = None
        self._lock = Lock()
        self._is_failing = False

    def search(self, query: Query) -> Hits:
        """Ask the index. Raises SearchError when it cannot answer now."""
        try:
            hits = self._opened().search(query)
        except SearchError as error:
            if not self._is_failing:  # said once, not at every visit
                log.warning("search.unavailable", error=str(error))
            self._is_failing = True
            raise
        self._is_failing = False
        return hits

    def _opened(self) -> SearchEngine:
        with self._lock:
            if self._engine is None:
                self._engine = self._open_engine()
            return self._engine

    def close(self) -> None:
        """Let go of its files."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None

    def best(self, text: str, limit: int) -> tuple[Hit, ...]:
        """Return the best matches, or none where the index cannot answer: they are a courtesy."""
        if not text:
            return ()
        try:
            return self.search(Query(text=text, limit=limit)).hits
        except SearchError:
            return ()


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet: a link that narrows the results, or widens them again if chosen."""

    label: str
    count: int
    location: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address of a results page asks for."""

    text: str
    site: str | None
    section: str | None
    year: int | None
    page: int

    def location(self, **changes: str | int | None) -> str:
        """Return the address of these results with some of it changed."""
        values = {
            "q": self.text,
            "cong": self.site,
            "muc": self.section,
            "nam": self.year,
            "trang": self.page if self.page > 1 else None,
        } | changes
        kept = {name: value for name, value in values.items() if value not in (None, "")}
        return f"/tim-kiem?{urlencode(kept)}"


class SearchPage:
    """`/tim-kiem`."""

    def __init__(self, *, index: SearchIndex, pages: Pages, sites: Sites) -> None:
        self._index = index
        self._pages = pages
        self._sites = sites

    def page(self, request: Request) -> Response:
        """Show what was found; what was typed stays in the box."""
        asked = read_asked(request.query_params)
        hits: Hits | None = None
        failed = False
        if asked.text or asked.site or asked.section or asked.year:
            try:
                hits = self._index.search(query_of(asked))
            except SearchError:
                failed = True
        return self._pages.page(
            request,
            "site/search.html",
            status=503 if failed else 200,
            headers={"retry-after": "30"} if failed else None,
            typed=asked.text,
            asked=asked,
            hits=hits,
            failed=failed,
            site_choices=_choices(hits, asked, "site", "cong", asked.site, self._site_title),
            section_choices=_choices(hits, asked, "section", "muc", asked.section, _section_title),
            year_choices=_choices(hits, asked, "year", "nam", asked.year, str),
            previous=asked.location(trang=asked.page - 1) if asked.page > 1 else None,
            following=_following(hits, asked),
        )

    def _site_title(self, name: str) -> str:
        site = self._sites.named(name)
        return site.title if site else name


def read_asked(parameters: Mapping[str, str]) -> Asked:
    """Read the address of a results page; what makes no sense is left out, not refused."""
    year = parameters.get("nam", "")
    page = parameters.get("trang", "")
    section = parameters.get("muc", "")
    return Asked(
        text=" ".join(parameters.get("q", "").split())[:MAX_LENGTH],
        site=parameters.get("cong") or None,
        section=section if section in SECTIONS else None,
        year=int(year) if year.isascii() and year.isdecimal() and len(year) <= 4 else None,  # noqa: PLR2004 - digits of a year
        page=_page_number(page),
    )


def query_of(asked: Asked) -> Query:
    """Return the question put to the index."""
    return Query(
        text=asked.text,
        site=asked.site,
        section=asked.section,
        year=asked.year,
        offset=(asked.page - 1) * PAGE,
        limit=PAGE,
    )


def _page_number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6):  # noqa: PLR2004 - below any int limit
        return 1
    return min(max(int(text), 1), MAX_OFFSET // PAGE)


def _following(hits: Hits | None, asked: Asked) -> str | None:
    if hits is None or asked.page * PAGE >= min(hits.total, MAX_OFFSET):
        return None
    return asked.location(trang=asked.page + 1)


def _choices(  # noqa: PLR0917 - one facet, named at each call site by its columns
    hits: Hits | None,
    asked: Asked,
    facet: str,
    parameter: str,
    chosen: str | int | None,
    title: Callable[[str], str],
) -> list[Choice]:
    counts = hits.facets.get(facet, {}) if hits else {}
    values = list(counts)[:FACET_VALUES]
    if chosen is not None and str(chosen) not in values:
        values.insert(0, str(chosen))
    if facet == "year":
        values.sort(reverse=True)
    return [
        Choice(
            label=title(value),
            count=counts.get(value, 0),
            location=asked.location(
                **{parameter: None if value == str(chosen) else value, "trang": None}
            ),
            is_chosen=value == str(chosen),
        )
        for value in values
    ]


def _section_title(name: str) -> str:
    return SECTIONS.get(name, name)
