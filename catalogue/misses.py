"""The misses: requests for old addresses about which nobody has decided, and how they get here.

The public site counts them in memory and spools them (spool.py); the console folds them in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from json.encoder import encode_basestring_ascii as _in_json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from catalogue.database import greatest, least, upsert
from catalogue.schema import miss as table
from catalogue.sites import Sites
from catalogue.spool import Collected, CountSpool, fold_spool
from redirects.calendar import today_in_vietnam
from redirects.mapping import CanonicalUrl

MOST_NOTED_BYTES = 16 * 1024 * 1024
"""Of requests noted until they are counted; what a flood asks for beyond is dropped."""

_BYTES_OF_A_TEXT, _BYTES_OF_A_LETTER = 88, 4

MOST_ADDRESSES = 10_000
"""Distinct addresses held in memory, 40 MB at most; a flood of invented ones is not kept."""

LONGEST_ADDRESS = 2_000
"""Bytes of an address worth an editor's decision; PostgreSQL indexes no more than 2,700."""


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


class MissSpool(CountSpool[tuple[str, CanonicalUrl, date]]):
    """Counts misses in memory and hands them over in files (spool.py)."""

    def __init__(self, directory: Path, today: Callable[[], date] = today_in_vietnam) -> None:
        """Write files into `directory`, which `collect` reads."""
        super().__init__(directory, most=MOST_ADDRESSES)
        self._today = today
        self._plain: dict[str, list[CanonicalUrl]] = {}
        self._room = MOST_NOTED_BYTES

    def count(self, site: str, key: CanonicalUrl, raw: str = "") -> None:
        """Count one request; costs no I/O. `raw` is needed where it says more than the key."""
        with self._lock:
            if not raw:
                self._note(site, key)
            elif _is_storable(key):
                self._add((site, key, self._today()), (1,), raw[:LONGEST_ADDRESS])

    def flush(self) -> None:
        """Write what was counted, as `CountSpool` does."""
        with self._lock:
            plain, self._plain = self._plain, {}
            self._room = MOST_NOTED_BYTES
        day = self._today()  # which began no more than a flush ago
        for site, keys in plain.items():
            for key, visits in Counter(keys).items():
                if _is_storable(key):
                    self.add((site, key, day), visits)
        super().flush()

    def _note(self, site: str, key: CanonicalUrl) -> None:
        """Note a request to be counted when it is written: in a row that costs a fifth."""
        room = self._room - _BYTES_OF_A_TEXT - _BYTES_OF_A_LETTER * len(key)
        if room < 0:
            self.dropped += 1
            return
        self._room = room
        keys = self._plain.get(site)
        if keys is None:
            keys = self._plain[site] = []
        keys.append(key)

    def _line(
        self, place: tuple[str, CanonicalUrl, date], note: str, amounts: Sequence[int]
    ) -> str:
        # Written out: a flood of invented addresses has ten thousand lines a second.
        site, key, on = place
        text = f'"{on.isoformat()}", {_in_json(note)}, {amounts[0]}'
        return f"[{_in_json(site)}, {_in_json(key)}, {text}]"

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


def _is_storable(key: CanonicalUrl) -> bool:
    try:
        return "\0" not in key and len(key.encode()) <= LONGEST_ADDRESS
    except UnicodeEncodeError:
        return False


def _read(record: Any) -> MissCount:
    site, key, on, raw, visits = record
    day = date.fromisoformat(on)
    return MissCount(site, CanonicalUrl(key), raw or f"http://{key}", int(visits), day)
