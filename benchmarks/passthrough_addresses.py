"""Many addresses instead of one that everything has at hand: decided ones, and units on days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from benchmarks.measure import write_requests
from benchmarks.passthrough_servers import HOST, PORTAL_HOST
from catalogue.database import open_database
from catalogue.mappings import Mappings
from catalogue.sites import Sites
from catalogue.units.register import load_register
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import Site

DECIDED = 20_000
ASKED = 20_000
"""More than any store of answers holds, so that each is made anew."""

_SITE = Site("haiduong", "Cổng Thông tin điện tử tỉnh Hải Dương", HOST)
_LAST_DAY = dt.date(2025, 6, 30)


def decide(data: Path, now: dt.datetime) -> None:
    """Decide the addresses in the catalogue of a site."""
    database = open_database(f"sqlite:///{data / 'catalogue.db'}")
    with database.writing() as connection:
        Sites(connection).keep(_SITE)
        decided = [(_SITE.name, _mapping(number)) for number in range(DECIDED)]
        Mappings(connection).put_all(decided, state="active", source="editor", now=now)
    database.close()


def write_redirects(folder: Path) -> Path:
    """Write the load of decided addresses; gives the script."""
    return _write(folder, "redirects", HOST, (_path(number) for number in range(DECIDED)))


def write_look_ups(folder: Path) -> Path:
    """Write the load of units by code and day; gives the script."""
    units = [unit for unit in load_register() if unit.is_valid(_LAST_DAY)]
    paths = (
        f"/api/v1/don-vi/{unit.code}?ngay={_LAST_DAY - dt.timedelta(days)}"
        for days in range(10)
        for unit in units
    )
    return _write(folder, "look-ups", PORTAL_HOST, islice(paths, ASKED))


def _path(number: int) -> str:
    return f"/cu/bai-viet-so-{number}.html"


def _mapping(number: int) -> Mapping:
    key, raw = CanonicalUrl(HOST + _path(number)), f"http://{HOST}{_path(number)}"
    return Mapping(key, raw, MappingKind.MOVED, f"/tai-lieu/{number}")


def _write(folder: Path, name: str, host: str, paths: Iterable[str]) -> Path:
    requests = [f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n" for path in paths]
    return write_requests(folder, name, requests)
