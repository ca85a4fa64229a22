"""How verbs speak: findings to standard error, tables and JSON to standard output."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console

out = Console()
err = Console(stderr=True)


def complain(error: object) -> None:
    """Print a failure, one finding a line."""
    for line in str(error).splitlines():
        err.print(f"hopnhat: {line}", style="red", markup=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """Print one JSON value on a line of its own."""
    out.out(json.dumps(value, ensure_ascii=False, default=_plain), highlight=False)


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
