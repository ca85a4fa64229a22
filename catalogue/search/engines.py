"""Which engine a portal searches with: the one place that names them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from catalogue.search import tantivy_engine, whoosh_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from catalogue.search.engine import Entry, SearchEngine

EngineName = Literal["tantivy", "whoosh"]

_READERS: dict[EngineName, Callable[[Path], SearchEngine]] = {
    "tantivy": tantivy_engine.TantivyEngine,
    "whoosh": whoosh_engine.WhooshEngine,
}
_MAKERS: dict[EngineName, Callable[[Path], SearchEngine]] = {
    "tantivy": tantivy_engine.create_index,
    "whoosh": whoosh_engine.create_index,
}
_REBUILDERS: dict[EngineName, Callable[[Path, Iterable[Entry]], SearchEngine]] = {
    "tantivy": tantivy_engine.rebuild_index,
    "whoosh": whoosh_engine.rebuild_index,
}


def read_index(engine: EngineName, folder: Path) -> SearchEngine:
    """Open the index of a directory.

    Raises SearchUnavailable where there is none, IndexMismatch where another engine made it.
    """
    return _READERS[engine](folder)


def open_index(engine: EngineName, folder: Path) -> SearchEngine:
    """Open the index of a directory, or make an empty one where there is nothing yet."""
    if folder.exists() and any(folder.iterdir()):
        return read_index(engine, folder)
    return _MAKERS[engine](folder)


def rebuild_index(engine: EngineName, folder: Path, entries: Iterable[Entry]) -> SearchEngine:
    """Build an index beside the old one, whoever made that, and swap it in when it is complete."""
    return _REBUILDERS[engine](folder, entries)
