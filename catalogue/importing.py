"""Importing again: what becomes of a document when its old address is read once more. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from catalogue.document import Document, DocumentState

TITLE, SECTION, STATE = "title", "section", "state"
"""The names in `Kept.edited`: the fields an editor may make their own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as the catalogue holds it, with the fields that an editor has set."""

    document: Document
    edited: frozenset[str] = frozenset()


def merge(before: Kept, found: Document, *, newest_title: str) -> Kept:
    """Return what the catalogue holds once `found` has been read from the same address.

    A text or title other than the newest version's is a new version. A title or section that an
    editor set stays. So does a state that an editor set or that is public or rejected, but for
    one case: an accepted document whose new text is suspected goes back to quarantine, because
    what the editor accepted was another text.
    """
    old = before.document
    changed = found.text_digest != old.text_digest or found.title != newest_title
    suspected = (
        changed and old.state is DocumentState.ACCEPTED and found.state is DocumentState.QUARANTINED
    )
    settled = STATE in before.edited or old.state in (
        DocumentState.ACCEPTED,
        DocumentState.REJECTED,
    )
    keeps_state = settled and not suspected
    after = replace(
        found,
        id=old.id,
        version=old.version + 1 if changed else old.version,
        title=old.title if TITLE in before.edited else found.title,
        section=old.section if SECTION in before.edited else found.section,
        state=old.state if keeps_state else found.state,
        duplicate_of=old.duplicate_of if keeps_state else found.duplicate_of,
    )
    return Kept(after, before.edited - {STATE} if suspected else before.edited)
