# mypy: disallow-untyped-calls=False
# (Whoosh is only half annotated.)
"""The engine in pure Python: Whoosh, fed with our tokens, for sites of up to some 50,000 documents.

Only what Whoosh 2.7.4 and whoosh3 share is used. Whoosh never analyses, parses or highlights: a
field is a line of tokens, a query is a plan. Any number of processes may read while one writes;
readers see a commit, and an index swapped in by `rebuild_index`, at the next query.
"""

from __future__ import annotations

import pickle
import struct
from collections import Counter
from contextlib import contextmanager
from itertools import chain, islice
from threading import Lock
from typing import TYPE_CHECKING, Any

from whoosh.index import FileIndex, LockError
from whoosh.index import IndexError as WhooshIndexError
from whoosh.reading import ReaderClosed

from catalogue.search import weights
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
from catalogue.search.kept_entry import filter_values, make_hit, unpack
from catalogue.search.query import Plan, Query, Rung, Words, parse_query
from catalogue.search.stamp import ADVICE, check_stamp, write_stamp
from catalogue.search.swapping import build_beside
from catalogue.search.whoosh_commit import Commit
from catalogue.search.whoosh_schema import (
    LAYOUT,
    DurableStorage,
    make_document,
    make_schema,
)

if TYPE_CHECKING:
    from array import array
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from whoosh.searching import Searcher

ENGINE = "whoosh"
WRITER_MEMORY = 256
"""Megabytes of postings held before they are sorted on disk."""

_BROKEN = (OSError, EOFError, struct.error, pickle.UnpicklingError, WhooshIndexError, ReaderClosed)


class WhooshEngine:
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
            held = self.document_ids()
            for document_id in set(removed) & held:
                writer.delete_by_term("document_id", str(document_id))
            for entry in distinct(entries):
                if entry.document_id in held:
                    writer.delete_by_term("document_id", str(entry.document_id))
                writer.add_document(**make_document(entry))

    def search(self, query: Query) -> Hits:
        """Find entries that hold all the words, or failing that, some of them."""
        plan = parse_query(query.text)
        with self._reading() as (commit, searcher):
            search = _Search(commit, searcher, plan)
            allowed = search.allowed(query)
            for rung in plan.rungs:
                found = search.found(rung, allowed)
                if found:
                    break
            else:
                return Hits(facets={name: {} for name in FACETS}, truncated=plan.truncated)
            ranked = search.ranked(found, query)[query.offset :]
            packed = searcher.reader().stored_fields
            return Hits(
                hits=tuple(
                    make_hit(unpack(packed(number)["packed"]), score, plan)
                    for number, score in ranked
                ),
                total=len(found),
                facets=commit.count(found),
                loosened=rung is not plan.rungs[0],
                truncated=plan.truncated,
            )

    def suggest(self, prefix: str, limit: int) -> list[str]:
        """Give titles that start with what was typed, then titles that hold it."""
        typed = suggestion_prefix(prefix)
        limit = min(limit, MAX_SUGGESTIONS)
        titles: dict[str, None] = {}
        with self._reading() as (_, searcher):
            reader = searcher.reader()
            for start in ("0", "1") if typed else ():
                for key in reader.expand_prefix("suggestions", f"{start}{typed}"):
                    for number in islice(reader.postings("suggestions", key).all_ids(), ALIKE):
                        titles.setdefault(unpack(reader.stored_fields(number)["packed"]).title)
                        if len(titles) >= limit:
                            return list(titles)
        return list(titles)

    def count(self) -> int:
        """Count the entries."""
        with self._reading() as (commit, _):
            return len(commit.live)

    def document_ids(self) -> set[int]:
        """Give the ids of all entries."""
        with self._reading() as (commit, _):
            return {commit.identities[number] for number in commit.live}

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
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.commit.close()

    @contextmanager
    def _reading(self) -> Iterator[tuple[Commit, Searcher]]:
        """Lend the latest commit and a searcher of it."""
        try:
            commit = self._current().latest()
            with commit.searcher() as searcher:
                yield commit, searcher
        except _BROKEN as error:
            raise SearchUnavailable(f"{self._folder} cannot be read: {error}; {ADVICE}") from error

    @contextmanager
    def _writer(self) -> Iterator[Any]:
        with self._writing:
            try:
                index = self._current().index
                writer = index.writer(timeout=self._patience, limitmb=WRITER_MEMORY)
            except LockError as error:
                raise SearchUnavailable(f"another process is writing to {self._folder}") from error
            try:
                yield writer
            except BaseException:
                writer.cancel()
                raise
            try:
                writer.commit()
            except OSError as error:
                raise SearchUnavailable(f"{self._folder} cannot be written: {error}") from error

    def _current(self) -> _Opened:
        """Give the open index, opening again if another was swapped into its place."""
        opened = self._opened
        if opened is None:
            raise SearchUnavailable(f"the index at {self._folder} is closed")
        if opened.is_swapped():
            self._opened = opened = _Opened(self._folder)
        return opened


def create_index(folder: Path) -> WhooshEngine:
    """Make an empty index in a directory that does not exist yet or is empty."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    if any(folder.iterdir()):
        raise SearchUnavailable(f"{folder} is not empty, so no index is made there")
    FileIndex.create(DurableStorage(folder), make_schema())
    write_stamp(folder, ENGINE, LAYOUT)
    return WhooshEngine(folder)


def rebuild_index(folder: Path, entries: Iterable[Entry]) -> WhooshEngine:
    """Build an index beside the old one, whoever made that, and swap it in when it is complete.

    Running readers answer from the old index until then and from the new one afterwards.
    """
    build_beside(folder, create_index, entries)
    return WhooshEngine(folder)


class _Opened:
    """One directory as it was when opened, and its latest commit."""

    def __init__(self, folder: Path) -> None:
        check_stamp(folder, ENGINE, LAYOUT)
        self._folder = folder
        self._inode = folder.stat().st_ino
        try:
            self.index = FileIndex(DurableStorage(folder))
            self.commit = Commit(self.index, {})
        except Exception as error:  # a damaged file raises whatever its bytes lead Whoosh to
            raise SearchUnavailable(f"{folder} cannot be read: {error}; {ADVICE}") from error

    def is_swapped(self) -> bool:
        try:
            return self._folder.stat().st_ino != self._inode
        except FileNotFoundError:  # the moment between the two renames of a swap
            return False

    def latest(self) -> Commit:
        commit = self.commit
        if self._folder.exists() and self.index.latest_generation() != commit.generation:
            self.commit = Commit(self.index, commit.segments)
            commit.close()
        return self.commit


class _Search:
    """One plan against one commit: which entries match, and in what order."""

    def __init__(self, commit: Commit, searcher: Searcher, plan: Plan) -> None:
        self._commit = commit
        self._searcher = searcher
        self._plan = plan

    def allowed(self, query: Query) -> frozenset[int] | set[int] | None:
        """Give what filters, phrases and exclusions leave; None where there are none of them."""
        sets = [set(self._numbers(name, value)) for name, value in filter_values(query).items()]
        sets += [self._phrase(words) for words in self._plan.phrases]
        if not sets and not self._plan.excluded:
            return None
        left = set.intersection(*sets) if sets else set(self._commit.live)
        return left.difference(*map(self._phrase, self._plan.excluded))

    def found(self, rung: Rung, allowed: frozenset[int] | set[int] | None) -> set[int]:
        """Give what matches at this rung."""
        if self._plan.asks_for_nothing:
            return set(self._commit.live if allowed is None else allowed)
        words = [self._numbers("folded", word) for word in dict.fromkeys(self._plan.words.folded)]
        found: set[int]
        match rung:
            case Rung.ALL:
                found = set(words[0]).intersection(*words[1:])
            case Rung.MOST:
                held = Counter(chain.from_iterable(words))
                found = {number for number, times in held.items() if times >= self._plan.most}
                found.update(*(self._numbers("numbers", key) for key in self._plan.numbers))
            case Rung.ANY:
                found = set().union(*words)
        return found if allowed is None else found & allowed

    def ranked(self, found: set[int], query: Query) -> list[tuple[int, float]]:
        """Order what was found as far as the page asked for, with scores."""
        limit = query.offset + query.limit
        if query.sort == "date" or self._plan.asks_for_nothing:
            return self._commit.newest(found, limit)
        speaking = (
            (self._commit.postings(self._searcher, name, token), weight)
            for name, token, weight in weights.weighted_tokens(self._plan)
        )
        return self._commit.best(found, speaking, limit)

    def _numbers(self, name: str, token: str) -> array[int]:
        return self._commit.postings(self._searcher, name, token).numbers

    def _phrase(self, words: Words) -> set[int]:
        name = "exact" if words.marked else "folded"
        return self._commit.phrase(self._searcher, name, words.spelling)
