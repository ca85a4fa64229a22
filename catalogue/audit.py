"""The audit: what each batch did to each row, so that it can be read later and taken back.

A row's state before and after is kept as JSON; null stands for "there was no such row".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, func, insert, select

from catalogue.schema import batch as batch_table
from catalogue.schema import decision as table

SubjectKind = Literal["document", "mapping", "miss", "rule"]
RowState = dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Decisions taken together by one editor.

    `size` counts the documents, or the mappings and rules where it has none. `verb` is that of its
    decisions, "mixed", "map" or "undo". `undoes` is the batch it took back; `left` are the rows
    that it did not restore, because another batch has changed them since.
    """

    id: str
    editor: str
    decided_at: datetime
    size: int
    verb: str
    undoes: str | None = None
    left: tuple[tuple[SubjectKind, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to one row."""

    subject: SubjectKind
    subject_id: int
    verb: str
    before: RowState
    after: RowState


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a document's history: who did what to it, when, in which batch."""

    batch: str
    editor: str
    decided_at: datetime
    change: Change


class Audit:
    """The append-only record of batches."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection

    def record(
        self,
        changes: Sequence[Change],
        *,
        editor: str,
        now: datetime,
        verb: str,
        undoes: str | None = None,
        left: tuple[tuple[SubjectKind, int], ...] = (),
    ) -> Batch:
        """Append a batch and its changes."""
        kinds = [change.subject for change in changes]
        made = Batch(
            id=uuid.uuid4().hex,
            editor=editor,
            decided_at=now,
            size=kinds.count("document") or kinds.count("mapping") + kinds.count("rule"),
            verb=verb,
            undoes=undoes,
            left=left,
        )
        last = self._connection.execute(select(func.max(batch_table.c.number))).scalar_one()
        self._connection.execute(
            insert(batch_table).values(
                id=made.id,
                number=(last or 0) + 1,
                editor=made.editor,
                decided_at=made.decided_at,
                verb=made.verb,
                size=made.size,
                undoes=made.undoes,
                left=[list(each) for each in left],
            )
        )
        if changes:
            self._connection.execute(insert(table), [_values(made.id, each) for each in changes])
        return made

    def find(self, batch_id: str) -> Batch | None:
        """Return the batch with that id."""
        statement = select(batch_table).where(batch_table.c.id == batch_id)
        row = self._connection.execute(statement).first()
        return None if row is None else _batch(row)

    def recent(self, limit: int) -> list[Batch]:
        """Return the latest batches, the newest first."""
        statement = select(batch_table).order_by(batch_table.c.number.desc()).limit(limit)
        return [_batch(row) for row in self._connection.execute(statement)]

    def changes(self, batch_id: str) -> list[Change]:
        """Return what a batch did, in the order it did it."""
        statement = select(table).where(table.c.batch == batch_id).order_by(table.c.id)
        return [_change(row) for row in self._connection.execute(statement)]

    def history(self, subject: SubjectKind, subject_id: int) -> list[Entry]:
        """Return everything that was decided about one row, the newest first."""
        statement = (
            select(table, batch_table.c.editor, batch_table.c.decided_at)
            .join(batch_table, batch_table.c.id == table.c.batch)
            .where(table.c.subject == subject, table.c.subject_id == subject_id)
            .order_by(table.c.id.desc())
        )
        return [
            Entry(row.batch, row.editor, row.decided_at, _change(row))
            for row in self._connection.execute(statement)
        ]

    def states(self, subject: SubjectKind) -> Iterator[dict[str, Any]]:
        """Give every state that rows of a kind were ever decided to have or to lose."""
        statement = select(table.c.before, table.c.after).where(table.c.subject == subject)
        for row in self._connection.execute(statement.execution_options(yield_per=2_000)):
            yield from (state for state in (row.before, row.after) if state is not None)

    def standing_after(self, batch_id: str) -> dict[tuple[SubjectKind, int], bool]:
        """Say of each row of a batch whether the batch's word on it still stands.

        It does unless the batch was taken back there, or another one has decided since. A later
        batch that was itself taken back does not count.
        """
        mine = table.alias("mine")
        later = (
            select(table.c.subject, table.c.subject_id, table.c.batch, batch_table.c.undoes)
            .join(batch_table, batch_table.c.id == table.c.batch)
            .join(
                mine,
                (mine.c.subject == table.c.subject)
                & (mine.c.subject_id == table.c.subject_id)
                & (mine.c.id < table.c.id),
            )
            .where(mine.c.batch == batch_id, table.c.batch != batch_id)
            .order_by(table.c.id)
        )
        words: dict[tuple[SubjectKind, int], list[str]] = {
            (change.subject, change.subject_id): [batch_id] for change in self.changes(batch_id)
        }
        for row in self._connection.execute(later):
            stack = words[row.subject, row.subject_id]
            if row.undoes in stack:
                stack.remove(row.undoes)
            else:
                stack.append(row.batch)
        return {subject: stack == [batch_id] for subject, stack in words.items()}


def verb_of(verbs: Iterable[str]) -> str:
    """Return the one verb of a batch, or "mixed"."""
    names = set(verbs)
    return names.pop() if len(names) == 1 else "mixed"


def _values(batch_id: str, change: Change) -> dict[str, Any]:
    return {
        "batch": batch_id,
        "verb": change.verb,
        "subject": change.subject,
        "subject_id": change.subject_id,
        "before": change.before,
        "after": change.after,
    }


def _change(row: Row[Any]) -> Change:
    return Change(row.subject, row.subject_id, row.verb, row.before, row.after)


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        id=row.id,
        editor=row.editor,
        decided_at=row.decided_at,
        size=row.size,
        verb=row.verb,
        undoes=row.undoes,
        left=tuple((subject, subject_id) for subject, subject_id in row.left),
    )
