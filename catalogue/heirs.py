"""Heirs: the unit that an old address names, and the page of what became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from catalogue.schema import site as site_table
from catalogue.schema import succession, unit
from redirects.clues import slugs_of
from redirects.mapping import CanonicalUrl
from redirects.suggest import Candidate

OWN = 0.85
"""How sure the page of a unit is that lies in the site's own unit, or is it."""

ONLY = 0.5
"""How sure it is where the one unit of that name lies elsewhere."""

_TIERS = 2  # from a commune to its province


class Heirs:
    """Finds units by the words of addresses, for many addresses at once."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection

    def of(
        self, asked: Sequence[tuple[str, CanonicalUrl]]
    ) -> dict[CanonicalUrl, tuple[Candidate, ...]]:
        """Return the unit pages that addresses such as `/xa-hong-hung` may have become."""
        named = {key: {words.replace("-", " ") for words in slugs_of(key)} for _, key in asked}
        names = sorted({name for each in named.values() for name in each})
        if not names:
            return {}
        rows = self._connection.execute(select(unit).where(unit.c.folded.in_(names))).all()
        if not rows:
            return {}
        by_name: defaultdict[str, list[Row[Any]]] = defaultdict(list)
        for row in rows:
            by_name[row.folded].append(row)
        above = self._above(rows)
        successors = self._successors([row.id for row in rows])
        units = self._units_of_sites()
        found: dict[CanonicalUrl, tuple[Candidate, ...]] = {}
        for site, key in asked:
            of_name = [row for name in named[key] for row in by_name[name]]
            found[key] = _candidates(of_name, above, successors, units.get(site))
        return found

    def _above(self, rows: Sequence[Row[Any]]) -> dict[str, set[str]]:
        """Return, by unit id, its code and those of the units it lay in."""
        parents = {row.id: row.parent_id for row in rows}
        codes = {row.id: row.code for row in rows}
        wanted = {row.parent_id for row in rows if row.parent_id}
        for _ in range(_TIERS):
            known = select(unit.c.id, unit.c.code, unit.c.parent_id).where(
                unit.c.id.in_(sorted(wanted))
            )
            for row in self._connection.execute(known):
                parents[row.id], codes[row.id] = row.parent_id, row.code
            wanted = {parents[each] for each in wanted if parents.get(each)}
        return {row.id: set(_chain(row.id, parents, codes)) for row in rows}

    def _successors(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the code of each unit's default successor; a divided district has none."""
        rows = (
            select(succession.c.from_id, unit.c.code)
            .join(unit, unit.c.id == succession.c.to_id)
            .where(succession.c.from_id.in_(ids), succession.c.is_default == 1)
        )
        return {row.from_id: row.code for row in self._connection.execute(rows)}

    def _units_of_sites(self) -> dict[str, str]:
        rows = self._connection.execute(select(site_table.c.name, site_table.c.unit))
        return {row.name: row.unit for row in rows if row.unit}


def _chain(unit_id: str, parents: dict[str, Any], codes: dict[str, str]) -> Iterable[str]:
    at: str | None = unit_id
    while at is not None and at in codes:
        yield codes[at]
        at = parents.get(at)


def _candidates(
    rows: Sequence[Row[Any]],
    above: dict[str, set[str]],
    successors: dict[str, str],
    site_unit: str | None,
) -> tuple[Candidate, ...]:
    own = [row for row in rows if site_unit is not None and site_unit in above[row.id]]
    if not own and len({row.code for row in rows}) > 1:
        return ()
    sure = OWN if own else ONLY
    found = {
        f"unit:{successors.get(row.id, row.code)}": row.name
        for row in sorted(own or rows, key=lambda row: row.valid_to is None)
    }
    return tuple(
        Candidate(target, name, heir=sure / len(found)) for target, name in sorted(found.items())
    )
