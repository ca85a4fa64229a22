"""The manual: its examples are run, its table of states is the one that the code allows."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from catalogue.document import DocumentState
from catalogue.importing import Kept, merge
from catalogue.review import Decision, ReviewError, Verb, decide
from tests.catalogue.test_archive import EXCHANGE
from tests.catalogue.worlds import a_document

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "catalogue.md"


def test_the_examples_of_the_manual_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"Path": Path, "exchange": EXCHANGE}
    examples = re.findall(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    for example in examples:
        exec(example, names)
    database = names["database"]
    database.close()
    assert len(examples) == 2


def reached_by_editors(before: DocumentState) -> set[DocumentState]:
    document = a_document(id=7, state=before, duplicate_of=3 if before == "duplicate" else None)
    reached = set()
    for verb in Verb:
        try:
            reached.add(decide(document, Decision(7, verb)).state)
        except ReviewError:
            continue
    return reached - {before}


def reached_by_crawler(before: DocumentState, *, new_text: bool) -> set[DocumentState]:
    document = a_document(id=7, state=before)
    digest = "1" * 64 if new_text else document.text_digest
    found = {
        state: replace(document, state=state, text_digest=digest)
        for state in (
            DocumentState.IMPORTED,
            DocumentState.QUARANTINED,
            DocumentState.DUPLICATE,
        )
    }
    return {
        merge(Kept(document), each, newest_title=each.title).document.state
        for each in found.values()
    } - {before}


def test_the_states_of_the_manual_are_those_the_code_allows() -> None:
    rows = re.findall(r"^\| (\w[\w ]*) \|(.*)\|$", MANUAL.read_text(), re.MULTILINE)
    cells = {name: [cell.strip() for cell in rest.split("|")] for name, rest in rows}
    columns = ["imported", "accepted", "rejected", "quarantined", "duplicate"]
    for before in DocumentState:
        written = dict(zip(columns, cells[before.value], strict=True))
        editors = {name for name, cell in written.items() if "editor" in cell}
        crawler = {name for name, cell in written.items() if "crawler" in cell}
        assert editors == {state.value for state in reached_by_editors(before)}
        assert crawler == {state.value for state in reached_by_crawler(before, new_text=True)}
    assert not reached_by_crawler(DocumentState.ACCEPTED, new_text=False)
