"""The sites of the catalogue: which old portals are being merged."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from catalogue.database import CatalogueError, raise_revision
from catalogue.schema import capture
from catalogue.schema import site as table
from redirects.site import KeyPolicy, PathPolicy, QueryPolicy, Site


class Sites:
    """Every old portal, kept by its name."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._ids: dict[str, int] = {}

    def keep(self, site: Site) -> int:
        """Insert the site or bring its row up to date; return its id.

        Raises CatalogueError when another site already answers to one of its hosts.
        """
        known = {other.name: other for other in self.all()}
        _refuse_shared_hosts(site, known)
        if known.get(site.name) == site:
            return self.id_of(site.name)
        if site.name in known:
            site_id = self.id_of(site.name)
            self._connection.execute(
                update(table).where(table.c.id == site_id).values(**_values(site))
            )
        else:
            statement = insert(table).values(**_values(site)).returning(table.c.id)
            site_id = int(self._connection.execute(statement).scalar_one())
        raise_revision(self._connection)
        return site_id

    def all(self) -> list[Site]:
        """Return every site, in the order they were first kept."""
        return [_site(row) for row in self._connection.execute(select(table).order_by(table.c.id))]

    def find(self, name: str) -> Site | None:
        """Return the site of that name."""
        row = self._connection.execute(select(table).where(table.c.name == name)).first()
        return None if row is None else _site(row)

    def id_of(self, name: str) -> int:
        """Return the row id of a site; raises CatalogueError when there is none of that name."""
        if name not in self._ids:
            self._read_ids()
        if name not in self._ids:
            raise CatalogueError(f"no site is called {name!r}")
        return self._ids[name]

    def name_of(self, site_id: int) -> str:
        """Return the name of the site with that row id."""
        if site_id not in self._ids.values():
            self._read_ids()
        return next(name for name, known in self._ids.items() if known == site_id)

    def has_unread_captures(self, name: str) -> bool:
        """Say whether a site has captures newer than those read into documents."""
        newest = select(func.max(capture.c.id)).where(capture.c.site_id == self.id_of(name))
        read_to = select(table.c.read_to).where(table.c.id == self.id_of(name))
        found = self._connection.execute(newest).scalar_one()
        return found is not None and int(found) > self._connection.execute(read_to).scalar_one()

    def mark_read(self, name: str, capture_id: int) -> None:
        """Note that captures up to this one were read into documents."""
        statement = update(table).where(table.c.name == name).values(read_to=capture_id)
        self._connection.execute(statement)

    def _read_ids(self) -> None:
        rows = self._connection.execute(select(table.c.name, table.c.id))
        self._ids = {row.name: row.id for row in rows}


def _refuse_shared_hosts(site: Site, known: dict[str, Site]) -> None:
    for other in known.values():
        shared = sorted(set(site.hosts) & set(other.hosts))
        if other.name != site.name and shared:
            raise CatalogueError(f"{site.name}: host {shared[0]} already belongs to {other.name}")


def _values(site: Site) -> dict[str, Any]:
    return {
        "name": site.name,
        "title": site.title,
        "host": site.host,
        "aliases": list(site.aliases),
        "query_mode": site.query.mode,
        "query_names": sorted(site.query.names),
        "key_rules": {
            "cms": site.cms,
            "case": site.case,
            "index_files": sorted(site.index_files),
            "old_server": site.old_server,
            "below": [
                {
                    "prefix": one.prefix,
                    "mode": one.policy.query.mode,
                    "names": sorted(one.policy.query.names),
                    "case": one.policy.case,
                    "index_files": sorted(one.policy.index_files),
                }
                for one in site.below
            ],
        },
        "unit": site.unit,
    }


def _site(row: Row[Any]) -> Site:
    rules = row.key_rules
    return Site(
        name=row.name,
        title=row.title,
        host=row.host,
        aliases=tuple(row.aliases),
        query=QueryPolicy(mode=row.query_mode, names=frozenset(row.query_names)),
        unit=row.unit,
        cms=rules["cms"],
        case=rules["case"],
        index_files=frozenset(rules["index_files"]),
        below=tuple(_path_policy(one) for one in rules["below"]),
        old_server=rules["old_server"],
    )


def _path_policy(item: dict[str, Any]) -> PathPolicy:
    query = QueryPolicy(item["mode"], frozenset(item["names"]))
    return PathPolicy(
        item["prefix"], KeyPolicy(query, item["case"], frozenset(item["index_files"]))
    )
