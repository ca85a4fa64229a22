"""What a search engine does for us, whichever it is, and the values that travel to and from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping

    from catalogue.search.query import Query

FACETS = ("site", "section", "unit", "kind", "year")
"""The names under which `Hits.facets` counts, and the filters of a `Query`."""


class SearchError(Exception):
    """Whatever goes wrong in the search room.

    SearchError
    ├── SearchUnavailable   the index cannot answer now
    └── IndexMismatch       the index was made by another version; it must be rebuilt
    """


class SearchUnavailable(SearchError):  # noqa: N818 - says what is so, like the house's other errors
    """The index cannot be read or written now: locked, missing, broken, closed."""


class IndexMismatch(SearchError):  # noqa: N818 - says what is so, like the house's other errors
    """The index was made by another analysis or engine, or not by us at all."""


MAX_SUGGESTIONS = 20
ALIKE = 5
"""Titles looked at of those that go on with the same eight words: a thousand Thông báo are one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as it is indexed. `url` is its path on the new portal."""

    document_id: int
    title: str
    body: str
    url: str
    site: str
    site_title: str = ""
    number: str = ""
    section: str = ""
    kind: str = ""
    unit_codes: tuple[str, ...] = ()
    published_on: dt.date | None = None
    has_attachment: bool = False


def distinct(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Give entries on; raises ValueError where a document is given twice."""
    seen: set[int] = set()
    for entry in entries:
        if entry.document_id in seen:
            raise ValueError(f"document {entry.document_id} is given twice")
        seen.add(entry.document_id)
        yield entry


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the original text, and whether it is what was searched for."""

    text: str
    is_match: bool = False


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result, ready to print: segments, never markup."""

    document_id: int
    score: float
    title: str
    url: str
    snippet: tuple[Segment, ...]
    site: str
    site_title: str
    section: str
    kind: str
    published_on: dt.date | None
    has_attachment: bool
    title_segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of hits and what is known of all of them.

    `total` and `facets` count every match after filters. `loosened` says that nothing held what is
    asked for first (`Plan.rungs`) and that hits hold less; `truncated` that the query was too
    long and was cut.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    loosened: bool = False
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """Whether an index answers, and what it says of itself."""

    ok: bool
    engine: str
    analysis_version: int
    entries: int
    detail: str = ""


class SearchEngine(Protocol):
    """One index. Every method raises `SearchUnavailable` when it cannot answer, but `health`."""

    def apply(self, entries: Iterable[Entry], removed: Iterable[int] = ()) -> None:
        """Add or replace entries and remove others, in one commit that survives a crash."""

    def search(self, query: Query) -> Hits:
        """Find entries that hold all the words, or failing that, some of them."""

    def suggest(self, prefix: str, limit: int) -> list[str]:
        """Give titles that start with what was typed, then titles that hold it."""

    def count(self) -> int:
        """Count the entries."""

    def document_ids(self) -> set[int]:
        """Give the ids of all entries, for `hopnhat verify`."""

    def health(self) -> Health:
        """Say whether the index answers. Never raises."""

    def close(self) -> None:
        """Let go of files. A closed index raises `SearchUnavailable`."""
