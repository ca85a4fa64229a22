"""The fast engine: tantivy, fed with our tokens, for any portal of one server.

Tantivy never analyses, parses or highlights: a field is a line of tokens, a query is a plan. Any
number of processes may read while one writes; readers see a commit, and an index swapped in by
`rebuild_index`, at the next query.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from tantivy import Index, Query, Searcher

from catalogue.search.analysis import ANALYSIS_VERSION
from catalogue.search.engine import (
    ALIKE,
    FACETS,
    MAX_SUGGESTIONS,
    Entry,
    Health,
    Hits,
    IndexMismatch,
    SearchUnavailable,
    distinct,
)
from catalogue.search.entry_tokens import suggestion_prefix
from catalogue.search.kept_entry import make_hit, unpack
from catalogue.search.query import Plan, parse_query
from catalogue.search.query import Query as Asked
from catalogue.search.stamp import check_stamp, write_stamp
from catalogue.search.swapping import build_beside
from catalogue.search.syncing import sync
from catalogue.search.tantivy_faults import faults_of
from catalogue.search.tantivy_queries import matching, scoring
from catalogue.search.tantivy_schema import LAYOUT, make_document, make_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from tantivy import DocAddress, IndexWriter

ENGINE = "tantivy"
WRITER_MEMORY = 64_000_000
"""Bytes of postings held before they are written out as a segment."""
FACET_VALUES = 10_000
"""Values counted of one facet: more than there are communes; tantivy counts 65,000 in all."""
TIES = 50
"""Hits fetched beyond the page, so that the newer of equals at its end comes first."""

_PAUSE = 0.05
_COUNTED = {
    name: {"terms": {"field": name, "size": FACET_VALUES, "segment_size": FACET_VALUES}}
    for name in FACETS
}


class TantivyEngine:
    """A `SearchEngine` over one directory. Safe to share between threads."""

    def __init__(self, folder: Path, patience: float = 5.0) -> None:
        """Open an index. Raises SearchUnavailable where there is none, IndexMismatch for others'.

        `create_index` and `rebuild_index` make one. `patience` is how many seconds to wait for
        another process that writes.
        """
        self._folder = folder
        self._patience = patience
        self._writing = Lock()
        self._opened: _Opened | None = _Opened(folder)

    def apply(self, entries: Iterable[Entry], removed: Iterable[int] = ()) -> None:
        """Add or replace entries and remove others, in one commit that survives a crash.

        The ids of one call must be distinct; raises ValueError otherwise and changes nothing.
        """
        with self._writer() as writer:
            for document_id in removed:
                writer.delete_documents_by_term("document_id", document_id)
            for entry in distinct(entries):
                writer.delete_documents_by_term("document_id", entry.document_id)
                writer.add_document(make_document(entry))

    def search(self, query: Asked) -> Hits:
        """Find entries that hold all the words, or failing that, some of them."""
        plan = parse_query(query.text)
        with self._reading() as (index, searcher):
            for rung in plan.rungs:
                allowed = matching(index.schema, plan, query, rung)
                total, page = _page(searcher, index, plan, query, allowed)
                if total:
                    break
            else:
                return Hits(facets={name: {} for name in FACETS}, truncated=plan.truncated)
            return Hits(
                hits=tuple(
                    make_hit(_entry(searcher, address), score, plan) for score, address in page
                ),
                total=total,
                facets=_facets(searcher.aggregate(allowed, _COUNTED)),
                loosened=rung is not plan.rungs[0],
                truncated=plan.truncated,
            )

    def suggest(self, prefix: str, limit: int) -> list[str]:
        """Give titles that start with what was typed, then titles that hold it."""
        typed = suggestion_prefix(prefix)
        limit = min(limit, MAX_SUGGESTIONS)
        titles: dict[str, None] = {}
        with self._reading() as (index, searcher):
            live = Query.all_query()
            for start in ("0", "1") if typed else ():
                keys = searcher.terms_with_prefix("suggestions", f"{start}{typed}", live, limit)
                for key, _ in keys:
                    alike = Query.term_query(index.schema, "suggestions", key)
                    for _, address in searcher.search(alike, ALIKE, count=False).hits:
                        titles.setdefault(_entry(searcher, address).title)
                        if len(titles) >= limit:
                            return list(titles)
        return list(titles)

    def count(self) -> int:
        """Count the entries."""
        with self._reading() as (_, searcher):
            return searcher.num_docs

    def document_ids(self) -> set[int]:
        """Give the ids of all entries."""
        with self._reading() as (_, searcher):
            everything = searcher.search(Query.all_query(), max(1, searcher.num_docs), count=False)
            addresses = [address for _, address in everything.hits]
            return {int(number or 0) for number in _fast(searcher, "document_id", addresses)}

    def health(self) -> Health:
        """Say whether the index answers. Never raises."""
        try:
            entries, detail = self.count(), ""
        except (SearchUnavailable, IndexMismatch) as error:
            entries, detail = 0, str(error)
        return Health(
            ok=not detail,
            engine=ENGINE,
            analysis_version=ANALYSIS_VERSION,
            entries=entries,
            detail=detail,
        )

    def close(self) -> None:
        """Let go of files. A closed index raises SearchUnavailable."""
        self._opened = None

    @contextmanager
    def _reading(self) -> Iterator[tuple[Index, Searcher]]:
        """Lend the index and a searcher of its latest commit."""
        with faults_of(self._folder, "read"):
            opened = self._current()
            yield opened.index, opened.latest()

    @contextmanager
    def _writer(self) -> Iterator[IndexWriter]:
        with self._writing:
            writer = self._acquired(self._current().index)
            try:
                yield writer
            except BaseException:
                writer.rollback()
                writer.wait_merging_threads()  # lets go of the lock
                raise
            with faults_of(self._folder, "written"):
                writer.commit()
                sync(self._folder)  # tantivy renames its table of contents without
                writer.wait_merging_threads()

    def _acquired(self, index: Index) -> IndexWriter:
        """Give the one writer, waiting for another process as long as patience lasts."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return index.writer(WRITER_MEMORY, num_threads=1)
            except (OSError, ValueError) as error:
                if "LockBusy" not in str(error):
                    raise SearchUnavailable(f"{self._folder} cannot be written: {error}") from error
                if time.monotonic() >= deadline:
                    raise SearchUnavailable(
                        f"another process is writing to {self._folder}"
                    ) from error
            time.sleep(_PAUSE)

    def _current(self) -> _Opened:
        """Give the open index, opening again if another was swapped into its place."""
        opened = self._opened
        if opened is None:
            raise SearchUnavailable(f"the index at {self._folder} is closed")
        if opened.is_swapped():
            self._opened = opened = _Opened(self._folder)
        return opened


def create_index(folder: Path) -> TantivyEngine:
    """Make an empty index in a directory that does not exist yet or is empty."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if any(folder.iterdir()):
        raise SearchUnavailable(f"{folder} is not empty, so no index is made there")
    Index(make_schema(), path=str(folder))
    write_stamp(folder, ENGINE, LAYOUT)
    return TantivyEngine(folder)


def rebuild_index(folder: Path, entries: Iterable[Entry]) -> TantivyEngine:
    """Build an index beside the old one, whoever made that, and swap it in when it is complete.

    Running readers answer from the old index until then and from the new one afterwards.
    """
    build_beside(folder, create_index, entries)
    return TantivyEngine(folder)


class _Opened:
    """One directory as it was when opened, and the latest commit looked at."""

    def __init__(self, folder: Path) -> None:
        check_stamp(folder, ENGINE, LAYOUT)
        self._folder = folder
        self._inode = folder.stat().st_ino
        self._commit = self._table()
        with faults_of(folder, "read"):
            self.index = Index.open(str(folder))
            self.index.config_reader("manual")

    def is_swapped(self) -> bool:
        try:
            return self._folder.stat().st_ino != self._inode
        except FileNotFoundError:  # the moment between the two renames of a swap
            return False

    def latest(self) -> Searcher:
        """Give a searcher of the latest commit; a commit puts a new table of contents in place."""
        commit = self._table()
        if commit is not None and commit != self._commit:
            self.index.reload()
            self._commit = commit
        return self.index.searcher()

    def _table(self) -> tuple[int, int, int] | None:
        try:
            found = (self._folder / "meta.json").stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _page(
    searcher: Searcher, index: Index, plan: Plan, query: Asked, allowed: Query
) -> tuple[int, list[tuple[float, DocAddress]]]:
    """Give how many entries match, and the asked-for page of them with scores."""
    if query.sort == "date" or plan.asks_for_nothing:
        newest = searcher.search(
            allowed, query.limit, order_by_field="freshness", offset=query.offset
        )
        return _total(newest), [(0.0, address) for _, address in newest.hits]
    end = query.offset + query.limit
    best = searcher.search(scoring(index.schema, plan, allowed), end + TIES)
    fresh = _fast(searcher, "freshness", [address for _, address in best.hits])
    ranked = sorted(
        zip(best.hits, fresh, strict=True), key=lambda pair: (pair[0][0], pair[1]), reverse=True
    )
    return _total(best), [hit for hit, _ in ranked[query.offset : end]]


def _total(result: Any) -> int:
    return int(result.count)  # tantivy's annotations leave it out


def _fast(searcher: Searcher, name: str, addresses: list[DocAddress]) -> list[Any]:
    return searcher.fast_field_values(name, addresses) if addresses else []


def _entry(searcher: Searcher, address: DocAddress) -> Entry:
    packed = searcher.doc(address).get_first("packed")
    assert isinstance(packed, bytes)
    return unpack(packed)


def _facets(counted: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Give each facet's counts, most frequent first."""
    facets = {}
    for name in FACETS:
        buckets = [(bucket["key"], bucket["doc_count"]) for bucket in counted[name]["buckets"]]
        facets[name] = dict(sorted(buckets, key=lambda pair: (-pair[1], pair[0])))
    return facets
