"""The captures of the catalogue: where in the archive each stored response lies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select

from catalogue.capture import Capture
from catalogue.schema import capture as table
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl

PAGE = 500
"""Rows read at a time by `of_site`, so that a long walk holds no cursor open."""


class Captures:
    """Every stored response, in the order it was stored."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def add(self, capture: Capture) -> int:
        """Insert the capture and return its id; call it after the archive was synced."""
        values = {
            each.name: getattr(capture, each.name)
            for each in fields(capture)
            if each.name not in ("id", "site")
        }
        values["site_id"] = self._sites.id_of(capture.site)
        return int(
            self._connection.execute(
                insert(table).values(values).returning(table.c.id)
            ).scalar_one()
        )

    def find(self, capture_id: int) -> Capture | None:
        """Return the capture with that id."""
        row = (
            self._connection.execute(select(table).where(table.c.id == capture_id))
            .mappings()
            .first()
        )
        return None if row is None else self._capture(row)

    def latest(self, key: CanonicalUrl) -> Capture | None:
        """Return the newest capture of an address."""
        newest = _newest_first(key).limit(1)
        row = self._connection.execute(newest).mappings().first()
        return None if row is None else self._capture(row)

    def versions(self, key: CanonicalUrl) -> list[Capture]:
        """Return every capture of an address, the newest first."""
        rows = self._connection.execute(_newest_first(key)).mappings()
        return [self._capture(row) for row in rows]

    def of_site(self, site: str, after: int = 0) -> Iterator[Capture]:
        """Walk the captures of a site in order of id, from the one that follows `after`."""
        site_id = self._sites.id_of(site)
        while True:
            statement = (
                select(table)
                .where(table.c.site_id == site_id, table.c.id > after)
                .order_by(table.c.id)
                .limit(PAGE)
            )
            rows = self._connection.execute(statement).mappings()
            page = [self._capture(row) for row in rows]
            yield from page
            if len(page) < PAGE:
                return
            after = page[-1].id

    def count(self, site: str | None = None) -> int:
        """Count the captures of one site, or of all."""
        statement = select(func.count()).select_from(table)
        if site is not None:
            statement = statement.where(table.c.site_id == self._sites.id_of(site))
        return int(self._connection.execute(statement).scalar_one())

    def _capture(self, row: RowMapping) -> Capture:
        values = dict(row)
        return Capture(site=self._sites.name_of(values.pop("site_id")), **values)


def _newest_first(key: CanonicalUrl) -> Select[Any]:
    return (
        select(table)
        .where(table.c.key == key)
        .order_by(table.c.captured_at.desc(), table.c.id.desc())
    )
