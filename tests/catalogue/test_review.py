"""Review: what each verb does to a document, and what it cannot do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogue.document import DocumentState
from catalogue.review import Decision, ReviewError, Verb, decide
from tests.catalogue.worlds import a_document


@pytest.mark.parametrize(
    ("verb", "state"),
    [
        (Verb.ACCEPT, DocumentState.ACCEPTED),
        (Verb.REJECT, DocumentState.REJECTED),
        (Verb.QUARANTINE, DocumentState.QUARANTINED),
        (Verb.REOPEN, DocumentState.IMPORTED),
    ],
)
@pytest.mark.parametrize("before", [each for each in DocumentState if each != "duplicate"])
def test_each_verb_leads_to_its_state(
    verb: Verb, state: DocumentState, before: DocumentState
) -> None:
    document = a_document(id=7, state=before)
    assert decide(document, Decision(7, verb)) == replace(document, state=state)


def test_an_edit_changes_what_it_names_and_nothing_else() -> None:
    document = a_document(id=7)
    assert decide(document, Decision(7, Verb.EDIT)) == document
    assert decide(document, Decision(7, Verb.EDIT, title="  Mới ")) == replace(
        document, title="Mới"
    )
    assert decide(document, Decision(7, Verb.EDIT, section="van-ban")).section == "van-ban"


def test_a_duplicate_is_reopened_before_it_is_decided() -> None:
    duplicate = a_document(id=7, state=DocumentState.DUPLICATE, duplicate_of=3)
    for verb in (Verb.ACCEPT, Verb.REJECT, Verb.QUARANTINE, Verb.EDIT):
        with pytest.raises(ReviewError, match="document 7 is a duplicate of 3"):
            decide(duplicate, Decision(7, verb))
    reopened = decide(duplicate, Decision(7, Verb.REOPEN))
    assert (reopened.state, reopened.duplicate_of) == (DocumentState.IMPORTED, None)


@pytest.mark.parametrize(
    ("decision", "complaint"),
    [
        (Decision(7, Verb.EDIT, title="  "), "document 7 needs a title"),
        (Decision(7, Verb.EDIT, section="bao-chi"), "no section is called 'bao-chi'"),
    ],
)
def test_an_edit_that_makes_no_sense_is_named(decision: Decision, complaint: str) -> None:
    with pytest.raises(ReviewError, match=complaint):
        decide(a_document(id=7), decision)
