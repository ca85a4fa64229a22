"""Inventories: addresses known beyond links, from access logs and from the owner's own lists."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from redirects.site import Site
from redirects.traffic.reading import LogReading
from redirects.traffic.sifting import Sieve, shipped_rules

_SIEVE = Sieve(rule for rule in shipped_rules() if rule.part in {"method", "status"})
"""What a robot or a page asked for is an address too; only what the server refused is none."""


class InventoryError(ValueError):
    """A line of an owner's list says too little; the message names file, line and address."""


def urls_in_log(path: Path, site: Site) -> Iterator[str]:
    """Yield each address once that a server answered, of any log that `redirects.traffic` reads.

    The aliases of a site show the same pages: its addresses are asked of the main host. Raises
    LogError.
    """
    seen: set[tuple[str, bytes]] = set()
    for named, target, _ in LogReading(path, _SIEVE).asked_of(site):
        host = named if site.has_many_hosts else site.host
        if target.startswith(b"/") and (host, target) not in seen:
            seen.add((host, target))
            yield f"http://{host}{target.decode(errors='replace')}"


def urls_in_inventory(path: Path, site: Site) -> Iterator[str]:
    """Yield the addresses of a CSV or text file: each line's first cell that is a URL or a path.

    Raises InventoryError for a path where the site's main host is a pattern.
    """
    with _opened(path) as lines:
        rows = csv.reader(lines)
        for row in rows:
            cells = (cell.strip() for cell in row)
            address = next(
                (cell for cell in cells if cell.startswith(("http://", "https://", "/"))), None
            )
            if address is None:
                continue
            if address.startswith("/"):
                if site.has_many_hosts:
                    raise InventoryError(
                        f"{path}: line {rows.line_num}: {address} names no host, and the site "
                        f"{site.name} has many"
                    )
                address = f"http://{site.host}{address}"
            yield address


def _opened(path: Path) -> TextIO:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
    return path.open(encoding="utf-8-sig", errors="replace", newline="")
