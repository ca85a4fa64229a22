"""Inventories: addresses known beyond links, from access logs and from the owner's own lists."""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

_COMMON_LOG = re.compile(r'"(?:GET|HEAD) (\S+)(?: HTTP/[\d.]+)?" (\d{3})')
_SERVED = frozenset(("200", "301", "302", "304", "307", "308"))


def urls_in_log(path: Path, host: str) -> Iterator[str]:
    """Yield each address once that a server answered (Apache, nginx or IIS W3C logs, also .gz)."""
    seen: set[str] = set()
    with _opened(path) as lines:
        fields: list[str] = []
        for line in lines:
            if line.startswith("#Fields:"):
                fields = line.split()[1:]
                continue
            target = _w3c_target(line, fields) if fields else _common_target(line)
            if target and target.startswith("/") and target not in seen:
                seen.add(target)
                yield f"http://{host}{target}"


def _common_target(line: str) -> str | None:
    found = _COMMON_LOG.search(line)
    return found[1] if found and found[2] in _SERVED else None


def _w3c_target(line: str, fields: list[str]) -> str | None:
    values = dict(zip(fields, line.split(), strict=False))
    if values.get("cs-method") not in ("GET", "HEAD") or values.get("sc-status") not in _SERVED:
        return None
    query = values.get("cs-uri-query", "-")
    path = values.get("cs-uri-stem", "")
    return path if query == "-" else f"{path}?{query}"


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
