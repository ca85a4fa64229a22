"""Row states: the decided columns of a row as JSON, read before a decision and written after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from catalogue.audit import RowState, SubjectKind
from catalogue.schema import document, mapping, miss, rule

CHUNK = 500
"""Ids named in one statement."""


@dataclass(frozen=True, slots=True)
class RowStates:
    """The rows of one table that decisions change, and the columns they change.

    `stamp` is the column that says when a row last changed; it is set by every write and is no
    part of the state. `name` are the columns that no two rows share.
    """

    subject: SubjectKind
    table: Table
    columns: tuple[str, ...]
    stamp: str | None
    name: tuple[str, ...] = ("key",)

    def read(self, connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Return the state of each of the rows that exist."""
        found: dict[int, dict[str, Any]] = {}
        for chunk in _chunks(ids):
            found |= self.where(connection, self.table.c.id.in_(chunk))
        return found

    def where(
        self, connection: Connection, condition: ColumnElement[bool]
    ) -> dict[int, dict[str, Any]]:
        """Return the state of each row that meets a condition."""
        columns = [self.table.c[name] for name in self.columns]
        statement = select(self.table.c.id, *columns).where(condition).order_by(self.table.c.id)
        return {
            row["id"]: {name: _plain(row[name]) for name in self.columns}
            for row in connection.execute(statement).mappings()
        }

    def name_of(self, state: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what a row is known by, beside its id."""
        return tuple(state[each] for each in self.name)

    def named(self, connection: Connection, names: Sequence[tuple[Any, ...]]) -> set[Any]:
        """Return which of the names some row bears."""
        last = self.table.c[self.name[-1]]
        found: set[Any] = set()
        for chunk in _chunks(names):
            wanted = set(chunk)
            states = self.where(connection, last.in_([each[-1] for each in chunk])).values()
            found |= {name for state in states if (name := self.name_of(state)) in wanted}
        return found

    def write(self, connection: Connection, states: Mapping[int, RowState], now: datetime) -> None:
        """Give rows these states: None deletes a row, a state without its row inserts it."""
        known = set(self.read(connection, list(states)))
        gone = [each for each, state in states.items() if state is None]
        for chunk in _chunks(gone):
            connection.execute(delete(self.table).where(self.table.c.id.in_(chunk)))
        kept = {each: state for each, state in states.items() if state is not None}
        changed = [self._values(each, state, now) for each, state in kept.items() if each in known]
        if changed:
            names = [name for name in changed[0] if name != "id"]
            statement = (
                update(self.table)
                .where(self.table.c.id == bindparam("row_id"))
                .values({name: bindparam(f"new_{name}") for name in names})
            )
            connection.execute(
                statement,
                [
                    {"row_id": row["id"], **{f"new_{name}": row[name] for name in names}}
                    for row in changed
                ],
            )
        missing = [
            self._values(each, state, now) for each, state in kept.items() if each not in known
        ]
        if missing:
            connection.execute(insert(self.table), missing)

    def _values(self, row_id: int, state: dict[str, Any], now: datetime) -> dict[str, Any]:
        values = {name: self._typed(name, state[name]) for name in self.columns} | {"id": row_id}
        return values if self.stamp is None else values | {self.stamp: now}

    def _typed(self, name: str, value: Any) -> Any:
        if isinstance(self.table.c[name].type, Date) and value is not None:
            return date.fromisoformat(value)
        return value


DOCUMENTS = RowStates(
    "document",
    document,
    ("state", "title", "title_folded", "section", "duplicate_of", "edited"),
    "updated_at",
)
MAPPINGS = RowStates(
    "mapping",
    mapping,
    tuple(each.name for each in mapping.c if each.name not in ("id", "updated_at")),
    "updated_at",
)
MISSES = RowStates("miss", miss, tuple(each.name for each in miss.c if each.name != "id"), None)
RULES = RowStates(
    "rule",
    rule,
    tuple(each.name for each in rule.c if each.name != "id"),
    None,
    name=("site_id", "name"),
)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _chunks(ids: Sequence[Any]) -> Iterator[list[Any]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
