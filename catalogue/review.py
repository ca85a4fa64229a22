"""Review: what an editor may decide about a document, as a pure function."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from catalogue.document import SECTIONS, Document, DocumentState


class ReviewError(Exception):
    """A decision that cannot be taken, naming the document and why."""


class Verb(StrEnum):
    """What an editor does to a document."""

    ACCEPT = "accept"
    REJECT = "reject"
    QUARANTINE = "quarantine"
    REOPEN = "reopen"
    EDIT = "edit"


@dataclass(frozen=True, slots=True)
class Decision:
    """An editor's verdict on one document; `title` and `section` belong to EDIT."""

    document_id: int
    verb: Verb
    title: str | None = None
    section: str | None = None


def decide(document: Document, decision: Decision) -> Document:
    """Return the document as it stands after the decision.

    Raises ReviewError for a duplicate (its head is decided instead), an unknown section or an
    empty title.
    """
    if document.state is DocumentState.DUPLICATE and decision.verb is not Verb.REOPEN:
        raise ReviewError(f"document {document.id} is a duplicate of {document.duplicate_of}")
    match decision.verb:
        case Verb.ACCEPT:
            return replace(document, state=DocumentState.ACCEPTED)
        case Verb.REJECT:
            return replace(document, state=DocumentState.REJECTED)
        case Verb.QUARANTINE:
            return replace(document, state=DocumentState.QUARANTINED)
        case Verb.REOPEN:
            return replace(document, state=DocumentState.IMPORTED, duplicate_of=None)
        case Verb.EDIT:
            return _edit(document, decision)


def _edit(document: Document, decision: Decision) -> Document:
    title = document.title if decision.title is None else decision.title.strip()
    section = document.section if decision.section is None else decision.section
    if not title:
        raise ReviewError(f"document {document.id} needs a title")
    if section not in SECTIONS:
        raise ReviewError(f"document {document.id}: no section is called {section!r}")
    return replace(document, title=title, section=section)
