"""The misses: requests for old addresses about which nobody has decided, and how they get here.

The public site counts them in memory and spools them (spool.py); the console folds them in.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from catalogue.database import CatalogueError, greatest, least, storable, upsert
from catalogue.schema import miss as table
from catalogue.sites import Sites
from catalogue.spool import Collected, fold_spool, write_spool
from redirects.calendar import today_in_vietnam
from redirects.mapping import CanonicalUrl

MOST_ADDRESSES = 10_000
"""Distinct addresses held in memory, 40 MB at most; a flood of invented ones is not kept."""

LONGEST_ADDRESS = 2_000
"""Bytes of an address worth an editor's decision; PostgreSQL indexes no more than 2,700."""

_Place = tuple[str, CanonicalUrl, date]


@dataclass(frozen=True, slots=True)
class MissCount:
    """Some requests for one address on one day; `raw` is a spelling that was asked for."""

    site: str
    key: CanonicalUrl
    raw: str
    visits: int
    on: date


@dataclass(frozen=True, slots=True)
class Miss:
    """An address that was asked for and is not decided: how often, and from when to when."""

    id: int
    site: str
    key: CanonicalUrl
    raw: str
    visits: int
    first_on: date
    last_on: date


class Misses:
    """Every undecided address that somebody asked for."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def add(self, counts: Iterable[MissCount]) -> None:
        """Add visits to their addresses; raises CatalogueError for a site nobody knows."""
        rows = [
            {
                "site_id": self._sites.id_of(count.site),
                "key": count.key,
                "raw": count.raw,
                "visits": count.visits,
                "first_on": count.on,
                "last_on": count.on,
            }
            for count in counts
        ]
        if not rows:
            return
        statement = upsert(self._connection, table)
        new = statement.excluded
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.key],
                set_={
                    "visits": table.c.visits + new.visits,
                    "first_on": least(table.c.first_on, new.first_on),
                    "last_on": greatest(table.c.last_on, new.last_on),
                },
            ),
            rows,
        )

    def listing(self, site: str | None = None, limit: int = 50, offset: int = 0) -> list[Miss]:
        """Return misses, the most wanted first."""
        statement = select(table).order_by(table.c.visits.desc(), table.c.id)
        if site is not None:
            statement = statement.where(table.c.site_id == self._sites.id_of(site))
        rows = self._connection.execute(statement.limit(limit).offset(offset))
        return [self._miss(row) for row in rows]

    def find(self, key: CanonicalUrl) -> Miss | None:
        """Return the miss of an address."""
        row = self._connection.execute(select(table).where(table.c.key == key)).first()
        return None if row is None else self._miss(row)

    def clear(self, key: CanonicalUrl) -> None:
        """Forget the miss of an address: somebody has decided."""
        self._connection.execute(delete(table).where(table.c.key == key))

    def total(self, site: str | None = None) -> int:
        """Count the addresses that are missed."""
        statement = select(func.count()).select_from(table)
        if site is not None:
            statement = statement.where(table.c.site_id == self._sites.id_of(site))
        return int(self._connection.execute(statement).scalar_one())

    def _miss(self, row: Row[Any]) -> Miss:
        return Miss(
            id=row.id,
            site=self._sites.name_of(row.site_id),
            key=CanonicalUrl(row.key),
            raw=row.raw,
            visits=row.visits,
            first_on=row.first_on,
            last_on=row.last_on,
        )


class MissSpool:
    """Counts misses in memory and hands them over in files; safe to share between threads."""

    def __init__(self, directory: Path, today: Callable[[], date] = today_in_vietnam) -> None:
        """Write files into `directory`, which `collect` reads."""
        self.dropped = 0
        """Visits that were not counted, because too many addresses were asked for."""
        self._directory = directory
        self._today = today
        self._lock = threading.Lock()
        self._visits: Counter[_Place] = Counter()
        self._raw: dict[_Place, str] = {}

    def count(self, site: str, key: CanonicalUrl, raw: str) -> None:
        """Count one request; costs no I/O."""
        place = (site, key, self._today())
        with self._lock:
            if place in self._visits:
                self._visits[place] += 1
            elif _is_storable(key):
                self._add(place, 1, raw[:LONGEST_ADDRESS])

    def flush(self) -> None:
        """Write what was counted to a finished file; nothing counted, no file.

        Raises CatalogueError when it cannot be written; the counts are kept for the next time.
        """
        with self._lock:  # never while writing: counting must not wait for a disk
            visits, self._visits = self._visits, Counter()
            raw, self._raw = self._raw, {}
        if not visits:
            return
        lines = [_line(place, raw[place], count) for place, count in visits.items()]
        try:
            self._write("".join(lines).encode())
        except OSError as error:
            with self._lock:  # the older ones keep their places
                newer, self._visits = self._visits, visits
                newer_raw, self._raw = self._raw, raw
                for place, count in newer.items():
                    self._add(place, count, newer_raw[place])
            raise CatalogueError(f"{self._directory}: {error.strerror}") from error

    def _add(self, place: _Place, visits: int, raw: str) -> None:
        if place in self._visits or len(self._visits) < MOST_ADDRESSES:
            self._visits[place] += visits
            self._raw.setdefault(place, raw)
        else:
            self.dropped += visits

    @staticmethod
    def collect(directory: Path, connection: Connection) -> Collected:
        """Fold the finished files of a spool into the misses, each exactly once.

        Call it once a transaction. A file that cannot be read is renamed to `*.broken` and named in
        the answer; counts for a site that is no longer configured are dropped.
        """
        sites = {site.name for site in Sites(connection).all()}

        def take(records: list[Any]) -> int:
            counts = [_read(record) for record in records]
            known = [count for count in counts if count.site in sites]
            Misses(connection).add(known)
            return sum(count.visits for count in known)

        return fold_spool(directory, connection, take)

    def _write(self, data: bytes) -> None:
        write_spool(self._directory, data)


def _is_storable(key: CanonicalUrl) -> bool:
    try:
        return "\0" not in key and len(key.encode()) <= LONGEST_ADDRESS
    except UnicodeEncodeError:
        return False


def _line(place: _Place, raw: str, visits: int) -> str:
    """Write a count as a line of JSON; a flood has ten thousand of them a second."""
    site, key, on = place
    return (
        f'{{"site": {json.dumps(site)}, "key": {json.dumps(key)}, '
        f'"raw": {json.dumps(storable(raw))}, "visits": {visits}, "on": "{on}"}}\n'
    )


def _read(record: dict[str, Any]) -> MissCount:
    return MissCount(
        site=record["site"],
        key=CanonicalUrl(record["key"]),
        raw=record["raw"],
        visits=int(record["visits"]),
        on=date.fromisoformat(record["on"]),
    )
