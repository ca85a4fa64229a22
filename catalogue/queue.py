"""The queue: an editor's place among the documents of a filter, found by id and never by offset."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from catalogue.filtering import DocumentFilter, narrow
from catalogue.schema import document as table
from catalogue.sites import Sites


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The documents before and after one of them, under the same filter."""

    before: int | None
    after: int | None


class Queue:
    """The documents of a filter in order of id, whether or not the current one still matches."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def neighbours(self, filters: DocumentFilter, document_id: int) -> Neighbours:
        """Return the ids around `document_id`; None at either end."""
        statement = narrow(select(table.c.id), filters, self._sites)
        after = statement.where(table.c.id > document_id).order_by(table.c.id).limit(1)
        return Neighbours(
            before=next(iter(self._before(filters, document_id, 1)), None),
            after=self._connection.execute(after).scalar_one_or_none(),
        )

    def page_before(self, filters: DocumentFilter, first_id: int, limit: int) -> int | None:
        """Return the `after` of the page that ends before `first_id`; None on the first page."""
        ids = self._before(filters, first_id, limit + 1)
        if not ids:
            return None
        return ids[limit] if len(ids) > limit else 0

    def _before(self, filters: DocumentFilter, document_id: int, limit: int) -> list[int]:
        statement = narrow(select(table.c.id), filters, self._sites)
        statement = statement.where(table.c.id < document_id).order_by(table.c.id.desc())
        return list(self._connection.execute(statement.limit(limit)).scalars())
