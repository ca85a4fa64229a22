"""The unit table: the register of administrative units, at rest for queries and joins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, delete, func, insert, select

from catalogue.schema import succession
from catalogue.schema import unit as table
from catalogue.units.register import Register


class UnitTable:
    """The administrative units and what became of them."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection

    def load(self, register: Register) -> None:
        """Make the tables hold what the register holds; a no-op where they do.

        A district's successors, which the register works out from its communes, are rows like
        any other.
        """
        units = [
            {
                "id": unit.id,
                "code": unit.code,
                "level": unit.level.value,
                "name": unit.name,
                "type": unit.type,
                "folded": unit.folded,
                "parent_id": unit.parent_id,
                "valid_from": unit.valid_from,
                "valid_to": unit.valid_to,
                "legal_basis": unit.legal_basis,
            }
            for unit in register
        ]
        successions = [
            {
                "from_id": unit.id,
                "to_id": heir.unit.id,
                "kind": heir.kind.value,
                "is_default": int(heir.is_default),
            }
            for unit in register
            for heir in register.successors(unit)
        ]
        if self._holds(table, units) and self._holds(succession, successions):
            return
        self._connection.execute(delete(succession))
        self._connection.execute(delete(table))
        for target, rows in ((table, units), (succession, successions)):
            if rows:
                self._connection.execute(insert(target), rows)

    def count(self) -> int:
        """Count the units, each with its dates."""
        return int(self._connection.execute(select(func.count()).select_from(table)).scalar_one())

    def successors(self, codes: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return for each code that code itself and those of the units that took its place.

        A code alone is not a unit. A portal spoke for a unit on that unit's last day, so of several
        units that had the code, the one that ended last is meant. Codes without an ended unit are
        left out.
        """
        ended: dict[str, str] = {}
        statement = (
            select(table.c.code, table.c.id)
            .where(table.c.code.in_(sorted(set(codes))), table.c.valid_to.is_not(None))
            .order_by(table.c.valid_to)
        )
        for row in self._connection.execute(statement):
            ended[row.code] = row.id
        code_of = {unit_id: code for code, unit_id in ended.items()}
        found = {code: [code] for code in ended}
        edges = (
            select(succession.c.from_id, table.c.code)
            .join(table, table.c.id == succession.c.to_id)
            .where(succession.c.from_id.in_(sorted(code_of)))
            .order_by(table.c.code)
        )
        for row in self._connection.execute(edges):
            found[code_of[row.from_id]].append(row.code)
        return {code: tuple(dict.fromkeys(names)) for code, names in found.items()}

    def _holds(self, target: Table, rows: list[dict[str, Any]]) -> bool:
        columns = [column.name for column in target.c]
        held = {tuple(row) for row in self._connection.execute(select(target))}
        return held == {tuple(row[name] for name in columns) for row in rows}
