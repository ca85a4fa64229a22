"""What shadow mode finds: how often a new server would have answered otherwise, and where.

Counts by day, so that a fix shows. Of a call only its path is kept, as a sample, codes of citizens'
files hidden; of answers only the place of a difference, never what stood there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select

from catalogue.database import storable, upsert
from catalogue.schema import shadow_count as table
from catalogue.spool import Collected, CountSpool, fold_spool
from redirects.calendar import today_in_vietnam

MOST_COUNTED = 2_000
"""Places held in memory between two handings-over."""

MOST_PLACES = 300
"""Places of one route and day with a row of their own; the others are counted as one."""

KEPT = timedelta(days=100)
"""How long counts are kept."""

OUTCOME = "outcome"
OTHERS = "(others)"
_LONGEST_PLACE = 200
_LONGEST_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class ShadowCount:
    """So many calls of a route had one outcome, or differed at one place."""

    route: str
    part: str
    place: str
    calls: int
    sample: str
    last_on: date


class ShadowCounts:
    """All that shadow mode found."""

    def __init__(self, connection: Connection, *, most: int = MOST_PLACES) -> None:
        """Work inside the transaction of `connection`; keep so many places of a day apart."""
        self._connection = connection
        self._most = most

    def add(self, counts: Iterable[ShadowCount]) -> None:
        """Add counts to their days (`last_on`)."""
        rooms: dict[tuple[str, date], set[tuple[str, str]]] = {}
        rows = []
        for count in counts:
            day = (count.route, count.last_on)
            if day not in rooms:
                rooms[day] = self._known(*day)
            rows.append(_row(count, self._placed(count, rooms[day])))
        if not rows:
            return
        statement = upsert(self._connection, table)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(table.primary_key.columns),
                set_={"calls": table.c.calls + statement.excluded.calls},
            ),
            rows,
        )

    def since(self, day: date, route: str | None = None) -> list[ShadowCount]:
        """Sum up what was found from a day on: by route, the most frequent first."""
        calls = func.sum(table.c.calls).label("calls")
        statement = (
            select(
                table.c.route,
                table.c.part,
                table.c.place,
                calls,
                func.max(table.c.sample).label("sample"),
                func.max(table.c.on).label("last_on"),
            )
            .where(table.c.on >= day)
            .group_by(table.c.route, table.c.part, table.c.place)
            .order_by(table.c.route, calls.desc(), table.c.part, table.c.place)
        )
        if route is not None:
            statement = statement.where(table.c.route == route)
        return [
            ShadowCount(row.route, row.part, row.place, int(row.calls), row.sample, row.last_on)
            for row in self._connection.execute(statement)
        ]

    def forget(self, before: date) -> None:
        """Forget what was found before a day."""
        self._connection.execute(delete(table).where(table.c.on < before))

    def _known(self, route: str, day: date) -> set[tuple[str, str]]:
        rows = self._connection.execute(
            select(table.c.part, table.c.place).where(table.c.route == route, table.c.on == day)
        )
        return {(row.part, row.place) for row in rows}

    def _placed(self, count: ShadowCount, known: set[tuple[str, str]]) -> str:
        place = count.place[:_LONGEST_PLACE]
        if count.part == OUTCOME or (count.part, place) in known:
            return place
        if len(known) >= self._most:
            return OTHERS
        known.add((count.part, place))
        return place


class ShadowSpool(CountSpool[tuple[str, str, str, date]]):
    """Counts in memory what shadow mode finds and hands it over in files (spool.py)."""

    def __init__(self, directory: Path, today: Callable[[], date] = today_in_vietnam) -> None:
        """Write files into `directory`, which `collect` reads."""
        super().__init__(directory, most=MOST_COUNTED)
        self._today = today

    def count(self, route: str, part: str, place: str, *, sample: str = "") -> None:
        """Count one call's outcome, or one place where it differs; costs no I/O."""
        self.add((route, part, place, self._today()), 1, note=sample)

    @staticmethod
    def collect(directory: Path, connection: Connection) -> Collected:
        """Fold the finished files of a spool into the counts, each exactly once (spool.py)."""

        def take(records: list[Any]) -> int:
            counts = [_read(record) for record in records]
            found = ShadowCounts(connection)
            found.add(counts)
            found.forget(max((count.last_on for count in counts), default=date.min + KEPT) - KEPT)
            return sum(count.calls for count in counts if count.part == OUTCOME)

        return fold_spool(directory, connection, take)


def _row(count: ShadowCount, place: str) -> dict[str, object]:
    return {
        "route": count.route,
        "on": count.last_on,
        "part": count.part,
        "place": storable(place),
        "calls": count.calls,
        "sample": storable(count.sample[:_LONGEST_SAMPLE]),
    }


def _read(record: Any) -> ShadowCount:
    route, part, place, on, sample, calls = record
    return ShadowCount(
        str(route), str(part)[:16], str(place), int(calls), str(sample), date.fromisoformat(on)
    )
