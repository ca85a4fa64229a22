"""Batches: what was just decided, said in one line, and the button that takes it back."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from catalogue.audit import Audit
from catalogue.database import Database
from catalogue.decisions import Batch, undo
from catalogue.documents import Documents
from gateway.console import addresses
from gateway.console.visit import Visit, local_path


@dataclass(frozen=True, slots=True)
class Notice:
    """A batch a page reports, and where undoing it leads."""

    batch: Batch
    back: str
    title: str = ""
    left: int = 0

    @property
    def can_undo(self) -> bool:
        """Undoing is not undone: the documents are simply decided again."""
        return self.batch.verb != "undo"


def notice_of(connection: Connection, visit: Visit) -> Notice | None:
    """Find the batch that the address names; the title is that of the one document it decided."""
    wanted = visit.params.one(addresses.NOTICE)
    batch = Audit(connection).find(wanted) if wanted else None
    if batch is None:
        return None
    came_from = visit.params.number(addresses.CAME_FROM)
    document = Documents(connection).find(came_from) if came_from is not None else None
    return Notice(
        batch=batch,
        back=visit.address if document is None else _document_address(visit, document.id),
        title="" if document is None else document.title,
        left=visit.params.number(addresses.LEFT) or 0,
    )


def _document_address(visit: Visit, document_id: int) -> str:
    """After undoing, an editor who came from a document stands before it again."""
    return addresses.document(document_id, visit.request.url.query)


class Batches:
    """Undoing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def undo(self, visit: Visit) -> Response:
        """Restore what a batch changed, row by row; a batch nobody knows changes nothing."""
        back = local_path(visit.form.one("ve", addresses.INBOX))
        wanted = visit.form.one("lo")
        with self._database.writing() as connection:
            if Audit(connection).find(wanted) is None:
                return RedirectResponse(back, 303)
            batch = undo(connection, wanted, editor=visit.editor.name, now=visit.now)
        back = addresses.with_notice(back, batch.id, left=len(batch.left))
        return RedirectResponse(back, 303)
