"""What tantivy's failures mean: it says ValueError of most, and panics on bad bytes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from catalogue.search.engine import SearchUnavailable
from catalogue.search.stamp import ADVICE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def faults_of(folder: Path, act: Literal["read", "written"]) -> Iterator[None]:
    """Turn tantivy's failures into SearchUnavailable: the index at `folder` cannot be `act`."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, OSError | ValueError) or _is_panic(error):
            advice = f"; {ADVICE}" if act == "read" else ""
            raise SearchUnavailable(f"{folder} cannot be {act}: {error}{advice}") from error
        raise


def _is_panic(error: BaseException) -> bool:
    """Rust's panics are no Exception and their class has no name to import."""
    return type(error).__name__ == "PanicException"
