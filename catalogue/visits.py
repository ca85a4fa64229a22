"""The visits: how often each old address is asked for, month by month, as access logs tell it.

A log that is imported again, or has grown since, adds only its new lines: what was read is known
by the digest of the whole lines it began with. No IP address, browser or cookie comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, func, select

from catalogue.database import upsert
from catalogue.schema import site as site_table
from catalogue.schema import traffic_log
from catalogue.schema import visit as table
from catalogue.sites import Sites
from catalogue.tally import MonthOfVisits
from redirects.mapping import CanonicalUrl

_CHUNK = 2_000  # rows written in one statement


@dataclass(frozen=True, slots=True)
class LogMark:
    """The whole lines of a log: how many bytes they are, and their SHA-256."""

    length: int
    digest: str


class Visits:
    """How often every old address is asked for."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def add(self, site: str, months: Iterable[MonthOfVisits]) -> None:
        """Add visits to their addresses; raises CatalogueError for a site nobody knows."""
        site_id = self._sites.id_of(site)
        statement = upsert(self._connection, table)
        statement = statement.on_conflict_do_update(
            index_elements=[table.c.key, table.c.month],
            set_={"visits": table.c.visits + statement.excluded.visits},
        )
        rest = iter(months)
        while chunk := list(islice(rest, _CHUNK)):
            rows = [
                {"key": one.key, "month": one.month, "site_id": site_id, "visits": one.visits}
                for one in chunk
            ]
            self._connection.execute(statement, rows)

    def addresses(self, site: str) -> Iterator[tuple[CanonicalUrl, int]]:
        """Give the addresses of a site with their visits of all months, most visited first."""
        total = func.sum(table.c.visits).label("total")
        statement = (
            select(table.c.key, total)
            .where(table.c.site_id == self._sites.id_of(site))
            .group_by(table.c.key)
            .order_by(total.desc(), table.c.key)
        )
        for row in self._connection.execute(statement.execution_options(yield_per=_CHUNK)):
            yield CanonicalUrl(row.key), int(row.total)

    def sites(self) -> frozenset[str]:
        """Name the sites of which a log was read."""
        statement = (
            select(site_table.c.name)
            .join(traffic_log, traffic_log.c.site_id == site_table.c.id)
            .distinct()
        )
        return frozenset(self._connection.execute(statement).scalars())

    def imports(self) -> int:
        """Count the logs that were read: who keeps what was added up asks again when it rises."""
        statement = select(func.count()).select_from(traffic_log)
        return int(self._connection.execute(statement).scalar_one())

    def total(self, site: str) -> int:
        """Count all visits of a site."""
        statement = select(func.coalesce(func.sum(table.c.visits), 0)).where(
            table.c.site_id == self._sites.id_of(site)
        )
        return int(self._connection.execute(statement).scalar_one())

    def marks(self, site: str) -> frozenset[LogMark]:
        """Return how far which logs of a site were read."""
        rows = self._connection.execute(
            select(traffic_log.c.length, traffic_log.c.digest).where(
                traffic_log.c.site_id == self._sites.id_of(site)
            )
        )
        return frozenset(LogMark(row.length, row.digest) for row in rows)

    def mark(self, site: str, mark: LogMark, *, visits: int, now: datetime) -> None:
        """Remember that a log was read up to here."""
        values = {
            "digest": mark.digest,
            "site_id": self._sites.id_of(site),
            "length": mark.length,
            "visits": visits,
            "imported_at": now,
        }
        statement = upsert(self._connection, traffic_log).values(values)
        self._connection.execute(
            statement.on_conflict_do_nothing(
                index_elements=[traffic_log.c.digest, traffic_log.c.site_id]
            )
        )
