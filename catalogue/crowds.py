"""Crowds in the catalogue: targets that too many of a site's active redirects lead to."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from catalogue.schema import mapping as table
from catalogue.sites import Sites
from redirects.crowding import FEWEST, Crowd
from redirects.mapping import MappingKind

_REDIRECTS = (MappingKind.MOVED, MappingKind.TEMPORARY)


def crowds(connection: Connection) -> list[Crowd]:
    """Return every crowd, the largest first; reads all active mappings, so ask once a revision."""
    sites = Sites(connection)
    count = func.count().label("size")
    active = table.c.state == "active", table.c.kind.in_(_REDIRECTS)
    totals = {
        row.site_id: row.size
        for row in connection.execute(
            select(table.c.site_id, count).where(*active).group_by(table.c.site_id)
        )
    }
    rows = connection.execute(
        select(table.c.site_id, table.c.target, count)
        .where(*active)
        .group_by(table.c.site_id, table.c.target)
        .having(count >= FEWEST)
        .order_by(count.desc(), table.c.target)
    )
    found = [
        Crowd(sites.name_of(row.site_id), row.target, row.size, totals[row.site_id]) for row in rows
    ]
    return [crowd for crowd in found if crowd.is_crowded]
