"""Rebuilding an index: beside the old one, and in its place only when it is complete."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from catalogue.search.syncing import sync

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from catalogue.search.engine import Entry, SearchEngine


def build_beside(
    folder: Path, create: Callable[[Path], SearchEngine], entries: Iterable[Entry]
) -> None:
    """Build an index beside the old one, whoever made that, and swap it in when it is complete.

    Running readers answer from the old index until then and from the new one afterwards.
    """
    beside = folder.with_name(f"{folder.name}.new")
    old = folder.with_name(f"{folder.name}.old")
    shutil.rmtree(beside, ignore_errors=True)
    engine = create(beside)
    try:
        engine.apply(entries)
    finally:
        engine.close()
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    beside.rename(folder)
    sync(folder.parent)
    shutil.rmtree(old, ignore_errors=True)
