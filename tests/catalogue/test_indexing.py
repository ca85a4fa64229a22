"""Indexing: what is public is found, what no longer is public is not, and a crash loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from catalogue import schema
from catalogue.database import Database
from catalogue.decisions import take
from catalogue.document import AttachmentLink, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.indexing import accepted_entries, bring_up_to_date, entry_of, rebuild
from catalogue.review import Decision, Verb
from catalogue.search.engine import Entry, SearchError
from catalogue.search.whoosh_engine import WhooshEngine, create_index, rebuild_index
from catalogue.unit_table import UnitTable
from tests.catalogue.worlds import GIALOC, HAIDUONG, NOW, World, a_document, key_of

ACCEPTED = DocumentState.ACCEPTED


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[WhooshEngine]:
    engine = create_index(tmp_path / "index")
    yield engine
    engine.close()


def test_an_entry_says_what_is_searched_and_printed() -> None:
    link = AttachmentLink("http://haiduong.gov.vn/q.pdf", key_of("/q.pdf"), "Quyết định")
    document = a_document(id=7, number="12/QĐ-UBND")
    body = DocumentBody(html="<p>Sáng</p>", text="Sáng", attachments=(link,))
    assert entry_of(document, body, HAIDUONG, {"30": ("30", "31")}) == Entry(
        document_id=7,
        title=document.title,
        body="Sáng",
        url="/tin-tuc/khoi-cong-cau-dong-viet-7",
        site="haiduong",
        site_title=HAIDUONG.title,
        number="12/QĐ-UBND",
        section="tin-tuc",
        kind="article",
        unit_codes=("30", "31"),
        published_on=date(2025, 3, 4),
        has_attachment=True,
    )


def test_a_file_has_an_attachment_and_a_unit_without_register_stands_alone() -> None:
    file = a_document(id=7, kind=DocumentKind.ATTACHMENT, slug="q.pdf", unit="297")
    entry = entry_of(file, DocumentBody("", ""), HAIDUONG, {})
    assert (entry.has_attachment, entry.unit_codes) == (True, ("297",))
    assert entry_of(replace(file, unit=None), DocumentBody("", ""), GIALOC, {}).unit_codes == ()


def test_decisions_reach_the_index(database: Database, engine: WhooshEngine) -> None:
    with database.writing() as connection:
        world = World(connection)
        ids = [world.document(f"/{number}").id for number in range(3)]
    assert bring_up_to_date(database, engine, limit=9) == 3
    assert engine.document_ids() == set()
    with database.writing() as connection:
        take(connection, [Decision(each, Verb.ACCEPT) for each in ids], editor="bientap", now=NOW)
    assert [bring_up_to_date(database, engine, limit=2) for _ in range(3)] == [2, 1, 0]
    assert engine.document_ids() == set(ids)
    with database.writing() as connection:
        take(connection, [Decision(ids[0], Verb.REJECT)], editor="bientap", now=NOW)
    bring_up_to_date(database, engine, limit=9)
    assert engine.document_ids() == set(ids[1:])


def test_documents_stay_due_when_the_index_cannot_be_written(
    database: Database, engine: WhooshEngine
) -> None:
    with database.writing() as connection:
        page = World(connection).document(state=ACCEPTED)
    engine.close()
    with pytest.raises(SearchError):
        bring_up_to_date(database, engine, limit=9)
    with database.reading() as connection:
        assert Documents(connection).count_due() == 1
    assert page.id


def test_a_rebuild_drops_what_should_not_be_there_and_adds_what_should(
    database: Database, engine: WhooshEngine, tmp_path: Path
) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a", state=ACCEPTED)
        world.document("/b")
    assert [entry.document_id for entry in accepted_entries(database)] == [page.id]
    stray = entry_of(a_document(id=999), DocumentBody("", "x"), HAIDUONG, {})
    engine.apply([stray])
    build = partial(rebuild_index, tmp_path / "index")
    assert rebuild(database, build, since=NOW) == 1
    assert engine.document_ids() == {page.id}


def test_what_is_decided_while_an_index_is_rebuilt_is_not_lost(
    database: Database, engine: WhooshEngine, tmp_path: Path
) -> None:
    """A bug once: a running console indexed it into the old index, which was then swapped away."""
    with database.writing() as connection:
        page = World(connection).document("/a")
    later = NOW + timedelta(seconds=1)

    def build(entries: Iterable[Entry]) -> WhooshEngine:
        kept = list(entries)
        with database.writing() as connection:
            take(connection, [Decision(page.id, Verb.ACCEPT)], editor="bientap", now=later)
        bring_up_to_date(database, engine, limit=9)  # the console, into the old index
        return rebuild_index(tmp_path / "index", kept)

    assert rebuild(database, build, since=later) == 1
    assert engine.document_ids() == {page.id}


def test_a_document_is_indexed_under_the_units_that_took_its_place(
    database: Database, engine: WhooshEngine
) -> None:
    first, merged = date(1997, 1, 1), date(2025, 7, 1)
    with database.writing() as connection:
        _add_unit(connection, "30@1997", "30", first, merged)
        _add_unit(connection, "31@1997", "31", first, merged)
        _add_unit(connection, "31@2025", "31", merged, None)
        connection.execute(
            insert(schema.succession),
            [
                {"from_id": f"{code}@1997", "to_id": "31@2025", "kind": "whole", "is_default": 1}
                for code in ("30", "31")
            ],
        )
        units = UnitTable(connection)
        assert units.successors(["30", "31", "99"]) == {"30": ("30", "31"), "31": ("31",)}
        assert units.successors([]) == {}
        World(connection).document(state=ACCEPTED)
    bring_up_to_date(database, engine, limit=9)
    assert engine.count() == 1


def _add_unit(
    connection: Connection, unit_id: str, code: str, valid_from: date, valid_to: date | None
) -> None:
    connection.execute(
        insert(schema.unit).values(
            id=unit_id,
            code=code,
            level="tinh",
            name="Hải Phòng",
            type="Thành phố",
            folded="hai phong",
            valid_from=valid_from,
            valid_to=valid_to,
            legal_basis="NQ 202/2025/QH15",
        )
    )
