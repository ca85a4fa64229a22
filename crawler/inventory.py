"""Inventories: addresses known beyond links, from access logs and from the owner's own lists."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from redirects.traffic.reading import LogReading
from redirects.traffic.sifting import Sieve, shipped_rules

_SIEVE = Sieve(rule for rule in shipped_rules() if rule.part in {"method", "status"})
"""What a robot or a page asked for is an address too; only what the server refused is none."""


def urls_in_log(path: Path, host: str) -> Iterator[str]:
    """Yield each address once that a server answered, of any log that `redirects.traffic` reads."""
    seen: set[bytes] = set()
    for asked in LogReading(path, _SIEVE).asked():
        if asked.target.startswith(b"/") and asked.target not in seen:
            seen.add(asked.target)
            yield f"http://{host}{asked.target.decode(errors='replace')}"


def urls_in_inventory(path: Path, host: str) -> Iterator[str]:
    """Yield the addresses of a CSV or text file: each line's first cell that is a URL or a path."""
    with _opened(path) as lines:
        for row in csv.reader(lines):
            cells = (cell.strip() for cell in row)
            address = next(
                (cell for cell in cells if cell.startswith(("http://", "https://", "/"))), None
            )
            if address is not None:
                yield f"http://{host}{address}" if address.startswith("/") else address


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
