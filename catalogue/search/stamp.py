"""The stamp of an index directory: who made it and by which analysis.

A Whoosh index is made of pickles, and opening a pickle runs it. So a directory is opened only if
it bears our stamp, the stamp is of this version, and nobody else may write there.
"""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

from catalogue.search.analysis import ANALYSIS_VERSION
from catalogue.search.engine import IndexMismatch, SearchUnavailable

if TYPE_CHECKING:
    from pathlib import Path

STAMP = "hopnhat-index.json"
ADVICE = "run `hopnhat index --rebuild`"


def write_stamp(folder: Path, engine: str, layout: int) -> None:
    """Mark a directory as an index of ours, made by this analysis and this layout of fields."""
    (folder / STAMP).write_text(json.dumps(_stamp(engine, layout)) + "\n", encoding="utf-8")


def check_stamp(folder: Path, engine: str, layout: int) -> None:
    """Refuse an index that this version did not make.

    Raises SearchUnavailable where there is none, IndexMismatch where there is another.
    """
    if not folder.is_dir():
        raise SearchUnavailable(f"there is no search index at {folder}: {ADVICE}")
    if folder.stat().st_mode & stat.S_IWOTH:
        raise IndexMismatch(f"anyone may write to the search index at {folder}; {ADVICE}")
    try:
        found = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise IndexMismatch(f"{folder} is not an index of ours (no {STAMP}); {ADVICE}") from None
    except (OSError, ValueError) as error:
        raise IndexMismatch(f"the stamp {folder / STAMP} cannot be read; {ADVICE}") from error
    if found != _stamp(engine, layout):
        raise IndexMismatch(
            f"the search index at {folder} was made by {found}, this is {_stamp(engine, layout)}; "
            f"{ADVICE}"
        )


def _stamp(engine: str, layout: int) -> dict[str, object]:
    return {"engine": engine, "layout": layout, "analysis": ANALYSIS_VERSION}
