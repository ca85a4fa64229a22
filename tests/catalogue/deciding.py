"""Deciding in tests: many at once, and what stands afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from catalogue import schema
from catalogue.decisions import (
    Batch,
    take,
)
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.mappings import Mappings, MappingState
from catalogue.review import Decision, Verb
from tests.catalogue.worlds import NOW, key_of

ACCEPTED, REJECTED = DocumentState.ACCEPTED, DocumentState.REJECTED
IMPORTED, QUARANTINED = DocumentState.IMPORTED, DocumentState.QUARANTINED


def decide_all(connection: Connection, verb: Verb, ids: Sequence[int]) -> Batch:
    return take(connection, [Decision(each, verb) for each in ids], editor="bientap", now=NOW)


def state_of(connection: Connection, document_id: int) -> DocumentState:
    document = Documents(connection).find(document_id)
    assert document is not None
    return document.state


def mapping_state(connection: Connection, path: str) -> MappingState | None:
    stored = Mappings(connection).find(key_of(path))
    return None if stored is None else stored.state


def rows(connection: Connection) -> dict[str, list[Any]]:
    """Everything decisions may change, but for the time stamps."""
    found = {}
    for table in (schema.document, schema.mapping, schema.miss, schema.rule):
        columns = [each for each in table.c if each.name != "updated_at"]
        found[table.name] = list(connection.execute(select(*columns).order_by(table.c.id)))
    return found
