"""Who calls which preserved API: so that callers can be told before it changes, and found silent.

No personal data is kept: of an API key a keyed hash, of an address the network or the name the
settings give it, of a browser or program its family. Counting is in memory, then by spool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select

from catalogue.database import greatest, least, upsert
from catalogue.schema import api_use as table
from catalogue.spool import Collected, CountSpool, fold_spool
from redirects.calendar import today_in_vietnam

MOST_COUNTED = 5_000
"""Callers held in memory between two handings-over; a flood of invented keys is not kept."""

MOST_KEPT = 5_000
"""Callers of one route with a row of their own; those who come later are counted as one."""


KEPT = timedelta(days=400)
"""How long a silent caller is kept: a year's reports are called for once a year."""


class CallerKind(StrEnum):
    """What a caller is known by."""

    KEY = "key"  # a keyed hash of its API key
    NAMED = "named"  # a network that the settings name
    NETWORK = "network"  # such as 203.0.113.0/24
    OTHER = "other"  # all for whom there was no room


class Caller(NamedTuple):
    """Who called: as much as may be known. `agent` is a family of programs, such as "curl"."""

    kind: CallerKind
    name: str
    agent: str


_OTHERS = Caller(CallerKind.OTHER, "", "")


@dataclass(frozen=True, slots=True)
class Use:
    """What one caller did with one route. `errors` are calls answered with 400 or more."""

    route: str
    caller: Caller
    calls: int
    errors: int
    first_on: date
    last_on: date


class Usage:
    """Every caller of every preserved API."""

    def __init__(self, connection: Connection, *, most: int = MOST_KEPT) -> None:
        """Work inside the transaction of `connection`; keep so many callers of a route apart."""
        self._connection = connection
        self._most = most

    def add(self, uses: Iterable[Use]) -> None:
        """Add calls to their callers."""
        rooms: dict[str, set[Caller]] = {}
        rows = []
        for use in uses:
            if use.route not in rooms:
                rooms[use.route] = self._known(use.route)
            rows.append(_row(use, self._placed(use.caller, rooms[use.route])))
        if not rows:
            return
        statement = upsert(self._connection, table)
        new = statement.excluded
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(table.primary_key.columns),
                set_={
                    "calls": table.c.calls + new.calls,
                    "errors": table.c.errors + new.errors,
                    "first_on": least(table.c.first_on, new.first_on),
                    "last_on": greatest(table.c.last_on, new.last_on),
                },
            ),
            rows,
        )

    def listing(
        self, route: str | None = None, *, until: date | None = None, limit: int | None = None
    ) -> list[Use]:
        """Return who calls, by route, the busiest first; `until` is the last day they called."""
        statement = select(table).order_by(
            table.c.route, table.c.calls.desc(), table.c.kind, table.c.caller, table.c.agent
        )
        if route is not None:
            statement = statement.where(table.c.route == route)
        if until is not None:
            statement = statement.where(table.c.last_on <= until)
        return [
            Use(
                route=row.route,
                caller=Caller(CallerKind(row.kind), row.caller, row.agent),
                calls=row.calls,
                errors=row.errors,
                first_on=row.first_on,
                last_on=row.last_on,
            )
            for row in self._connection.execute(statement.limit(limit))
        ]

    def forget(self, before: date) -> None:
        """Forget who has not called since a day: it is of no more use, and should not be kept."""
        self._connection.execute(delete(table).where(table.c.last_on < before))

    def _known(self, route: str) -> set[Caller]:
        rows = self._connection.execute(
            select(table.c.kind, table.c.caller, table.c.agent).where(table.c.route == route)
        )
        return {Caller(CallerKind(row.kind), row.caller, row.agent) for row in rows}

    def _placed(self, caller: Caller, known: set[Caller]) -> Caller:
        if caller not in known:
            if len(known) >= self._most:
                return _OTHERS
            known.add(caller)
        return caller


class UsageSpool(CountSpool[tuple[str, Caller, date]]):
    """Counts calls in memory and hands them over in files (spool.py)."""

    def __init__(self, directory: Path, today: Callable[[], date] = today_in_vietnam) -> None:
        """Write files into `directory`, which `collect` reads."""
        super().__init__(directory, most=MOST_COUNTED)
        self._today = today

    def count(self, route: str, caller: Caller, *, is_error: bool) -> None:
        """Count one call; costs no I/O."""
        place = (route, caller, self._today())
        self.add(place, 1, int(is_error))

    @staticmethod
    def collect(directory: Path, connection: Connection) -> Collected:
        """Fold the finished files of a spool into the usage, each exactly once (spool.py)."""

        def take(records: list[Any]) -> int:
            uses = [_read(record) for record in records]
            usage = Usage(connection)
            usage.add(uses)
            newest = max((use.last_on for use in uses), default=date.min + KEPT)
            usage.forget(newest - KEPT)
            return sum(use.calls for use in uses)

        return fold_spool(directory, connection, take)


def _row(use: Use, caller: Caller) -> dict[str, object]:
    return {
        "route": use.route,
        "kind": caller.kind.value,
        "caller": caller.name,
        "agent": caller.agent,
        "calls": use.calls,
        "errors": use.errors,
        "first_on": use.first_on,
        "last_on": use.last_on,
    }


def _read(record: Any) -> Use:
    route, (kind, name, agent), on, _note, calls, errors = record
    day = date.fromisoformat(on)
    caller = Caller(CallerKind(kind), str(name)[:64], str(agent)[:32])
    return Use(str(route), caller, int(calls), int(errors), day, day)
