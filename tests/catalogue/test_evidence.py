"""Evidence: what the catalogue finds for undecided addresses, and how much it asks for that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from catalogue.accepting import accept, acceptable, offers, undecided
from catalogue.clues import COMMONEST, Clues, LinkTexts
from catalogue.database import Database
from catalogue.decisions import undo
from catalogue.document import DocumentKind, DocumentState
from catalogue.evidence import AT_ONCE, Evidence, document_of
from catalogue.indexing import bring_up_to_date
from catalogue.mappings import Mappings
from catalogue.misses import MissCount, Misses
from catalogue.search.engine import Hit, Hits, SearchUnavailable
from catalogue.search.engines import open_index
from catalogue.sites import Sites
from catalogue.unit_table import UnitTable
from catalogue.units.register import load_register
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.suggest import AUTO_ACCEPT, Reason, Suggestion
from tests.catalogue.worlds import GIALOC, NOW, World, a_document, key_of

TITLE = "Quyết định ban hành quy chế quản lý cây xanh đô thị"


def text_of(*words: str) -> str:
    return sha256(" ".join(words).encode()).hexdigest()


def grow(world: World, path: str, title: str = TITLE, **changes: Any) -> int:
    """Keep a public document whose bytes and text are its own; return its id."""
    digest = changes.pop("digest", text_of(path))
    capture = world.capture(path, digest=f"sha256:{digest}")
    values = {"title": title, "text_digest": text_of(path, title), "state": DocumentState.ACCEPTED}
    values |= {"slug": "bai-viet", "number": None, "published_on": None} | changes
    return world.keep(a_document(path, capture_id=capture.id, **values)).id


def found(world: World, path: str, site: str = "haiduong") -> list[Suggestion]:
    (suggestions,) = Evidence(world.connection).suggestions([(site, key_of(path))])
    return suggestions


def test_a_document_is_found_by_the_slug_of_its_title_with_the_letter_dropped(
    database: Database,
) -> None:
    with database.writing() as connection:
        world = World(connection)
        right = grow(world, "/chi-tiet?id=1")
        grow(world, "/chi-tiet?id=2", "Thông báo lịch tiếp công dân")
        best = found(world, "/-/quyet-inh-ban-hanh-quy-che-quan-ly-cay-xanh-o-thi")[0]

    assert (best.candidate.target, best.reasons[0]) == (f"doc:{right}", Reason.SLUG)
    assert best.score >= AUTO_ACCEPT


def test_the_old_title_still_finds_a_document_an_editor_renamed(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        right = grow(world, "/chi-tiet?id=1")
        grow(world, "/chi-tiet?id=1", "Quy chế mới")
        targets = [each.candidate.target for each in found(world, f"/-/{'-'.join('abc')}")]
        clues = Clues(connection).documents_under(
            ["s:quyet-dinh-ban-hanh-quy-che-quan-ly-cay-xanh-do-thi"]
        )

    assert targets == []
    assert list(clues.values()) == [[right]]


def test_a_copy_is_found_by_its_bytes_and_by_its_text(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        right = grow(world, "/tep/a.pdf", kind=DocumentKind.ATTACHMENT, digest="77" * 32)
        world.capture("/tai?so=9", digest=f"sha256:{'77' * 32}")
        rejected = grow(world, "/ban-khac", state=DocumentState.REJECTED, text_digest="text")
        twin = grow(world, "/chi-tiet?id=4", "Tên khác", text_digest="text")
        by_bytes = found(world, "/tai?so=9")[0]
        by_text = found(world, "/ban-khac")[0]

    assert (by_bytes.candidate.target, by_bytes.reasons[0]) == (f"doc:{right}", Reason.CONTENT)
    assert (by_text.candidate.target, by_text.reasons[0]) == (f"doc:{twin}", Reason.CONTENT)
    assert rejected not in {document_of(each.candidate.target) for each in (by_bytes, by_text)}


def test_empty_answers_are_no_evidence(database: Database) -> None:
    empty = sha256(b"").hexdigest()
    with database.writing() as connection:
        world = World(connection)
        grow(world, "/tep/rong.pdf", digest=empty, kind=DocumentKind.ATTACHMENT)
        world.capture("/tai?so=9", digest=f"sha256:{empty}")

        assert found(world, "/tai?so=9") == []


def test_words_of_links_are_a_title(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        right = grow(world, "/chi-tiet?id=1")
        site_id = Sites(connection).id_of("haiduong")
        LinkTexts(connection).note(site_id, {key_of("/xem?id=70"): "Xem"})
        LinkTexts(connection).note(site_id, {key_of("/xem?id=70"): TITLE})
        best = found(world, "/xem?id=70")[0]

    assert (best.candidate.target, best.reasons) == (f"doc:{right}", (Reason.TITLE,))


def test_a_number_and_its_day_find_a_decision(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        right = grow(
            world, "/vb?id=1", "Quy chế cây xanh", number="12/2024/QĐ-UBND",
            published_on=date(2024, 5, 20),
        )  # fmt: skip
        best = found(world, "/2024/05/20/qd-12-2024-qd-ubnd")[0]

    assert best.candidate.target == f"doc:{right}"
    assert set(best.reasons) >= {Reason.NUMBER, Reason.DATE}


def test_ids_are_believed_once_other_addresses_taught_that_they_are_the_same(
    database: Database,
) -> None:
    with database.writing() as connection:
        world = World(connection)
        documents = [
            grow(world, f"/vanban/vbpq.aspx?id={each}", f"Văn bản {each}") for each in range(60, 66)
        ]
        untaught = found(world, "/lists/vanban/dispform.aspx?id=65")[0]
        for each, document_id in enumerate(documents[:4], 60):
            key = key_of(f"/lists/vanban/dispform.aspx?id={each}")
            mapping = Mapping(key, f"http://{key}", MappingKind.MOVED, f"doc:{document_id}")
            Mappings(connection).suggest("haiduong", mapping, 0.9, NOW)
        taught = found(world, "/lists/vanban/dispform.aspx?id=65")[0]

    assert untaught.candidate.target == taught.candidate.target == f"doc:{documents[5]}"
    assert untaught.score < AUTO_ACCEPT <= taught.score
    assert taught.reasons == (Reason.ID,)


def test_an_old_units_page_leads_to_its_heir(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        Sites(connection).keep(GIALOC)
        UnitTable(connection).load(load_register())
        commune = found(world, "/thi-tran-gia-loc")
        district = found(world, "/huyen-gia-loc")
        elsewhere = found(world, "/thanh-pho-da-lat")
        nameless = found(world, "/xa-tan-binh-nao-do")

    assert commune[0].reasons == (Reason.UNIT,)
    assert commune[0].candidate.target.startswith("unit:")
    assert commune[0].score > elsewhere[0].score
    assert commune[0].score < AUTO_ACCEPT
    assert district[0].candidate.target == "unit:297"
    assert document_of(district[0].candidate.target) is None
    assert nameless == []


def test_a_refused_suggestion_is_not_made_again(database: Database) -> None:
    key = key_of("/-/quyet-inh-ban-hanh-quy-che-quan-ly-cay-xanh-o-thi")
    with database.writing() as connection:
        world = World(connection)
        right = grow(world, "/chi-tiet?id=1")
        mapping = Mapping(key, f"http://{key}", MappingKind.MOVED, f"doc:{right}")
        Mappings(connection).put("haiduong", mapping, state="refused", source="editor", now=NOW)
        (suggestions,) = Evidence(connection).suggestions([("haiduong", key)])

    assert suggestions == []


class _Engine:
    """A search engine of one answer, or of none."""

    def __init__(self, document_id: int | None) -> None:
        self._document_id = document_id

    def search(self, _query: object) -> Hits:
        if self._document_id is None:
            raise SearchUnavailable("gone")
        hit = Hit(
            document_id=self._document_id, score=1.0, title="", url="", snippet=(), site="",
            site_title="", section="", kind="", published_on=None, has_attachment=False,
            title_segments=(),
        )  # fmt: skip
        return Hits(hits=(hit,), total=1)


def test_search_finds_what_no_run_of_words_does(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        world = World(connection)
        right = grow(world, "/chi-tiet?id=1")
    engine = open_index("tantivy", tmp_path / "index")
    bring_up_to_date(database, engine, limit=100)
    key = key_of("/tin/xanh-cay-ly-quan-thi-do-che-quy")
    with database.reading() as connection:
        (without,) = Evidence(connection).suggestions([("haiduong", key)])
        (with_it,) = Evidence(connection, engine).suggestions([("haiduong", key)])
    engine.close()

    assert without == []
    assert with_it[0].candidate.target == f"doc:{right}"
    assert with_it[0].score < AUTO_ACCEPT


def test_an_index_that_does_not_answer_costs_only_its_own_evidence(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        grow(world, "/chi-tiet?id=1")
        evidence = Evidence(connection, _Engine(None))  # type: ignore[arg-type]  # asked for `search` alone
        (suggestions,) = evidence.suggestions([("haiduong", key_of("/-/quyet-dinh-cay-xanh"))])

    assert suggestions == []


def test_common_words_lead_nowhere_and_many_misses_ask_little(database: Database) -> None:
    misses = 3 * AT_ONCE
    with database.writing() as connection:
        world = World(connection)
        for each in range(COMMONEST + 20):
            grow(
                world, f"/chi-tiet?id={each}", f"Thông báo lịch tiếp công dân tuần {each} năm 2024"
            )
        asked = [
            ("haiduong", key_of(f"/-/thong-bao-lich-tiep-cong-dan-tuan-{each}-nam-2024"))
            for each in range(misses)
        ]
        statements: list[str] = []

        def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            statements.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        found = Evidence(connection).suggestions(asked)
        event.remove(connection, "before_cursor_execute", note)

    assert [each[0].score >= AUTO_ACCEPT for each in found[: COMMONEST + 20]] == [True] * (
        COMMONEST + 20
    )
    assert len(statements) < misses / 2
    read = [each for each in statements if "FROM document" in each or "FROM clue" in each]
    assert read
    assert all("WHERE" in each for each in read)


@pytest.fixture
def asked_for(database: Database) -> Sequence[CanonicalUrl]:
    """Three misses: a sure one, a doubtful one, and a sure one whose document is not public."""
    keys = [
        key_of("/-/quyet-inh-ban-hanh-quy-che-quan-ly-cay-xanh-o-thi"),
        key_of("/-/quyet-inh-ban-hanh-quy-che-cay"),
        key_of("/-/ke-hoach-trong-cay-xanh-nam-2024"),
    ]
    with database.writing() as connection:
        world = World(connection)
        grow(world, "/chi-tiet?id=1")
        waiting = DocumentState.IMPORTED
        grow(world, "/chi-tiet?id=2", "Kế hoạch trồng cây xanh năm 2024", state=waiting)
        Misses(connection).add(
            [MissCount("haiduong", key, f"http://{key}", 9, NOW.date()) for key in keys]
        )
    return keys


def test_only_what_is_sure_and_public_is_accepted_and_undone_as_one(
    database: Database, asked_for: Sequence[CanonicalUrl]
) -> None:
    with database.writing() as connection:
        offered = offers(connection, Misses(connection).listing(), None)
        sure = acceptable(connection, offered, least=AUTO_ACCEPT)
        assert [one.miss.key for one in sure] == [asked_for[0]]
        assert Mappings(connection).find(asked_for[0]) is None  # nothing goes live by itself

        batch = accept(connection, sure, editor="hung", now=NOW)
        stored = Mappings(connection).find(asked_for[0])
        assert stored is not None
        assert (stored.state, stored.source) == ("active", "suggestion")
        assert Misses(connection).total() == 2
        assert acceptable(connection, sure, least=AUTO_ACCEPT) == []

        undo(connection, batch.id, editor="hung", now=NOW)
        assert Mappings(connection).find(asked_for[0]) is None
        assert Misses(connection).total() == 3


def test_an_unresolved_mapping_is_undecided_too_and_gives_way(
    database: Database, asked_for: Sequence[CanonicalUrl]
) -> None:
    key = key_of("/tin/quyet-dinh-ban-hanh-quy-che-quan-ly-cay-xanh-do-thi")
    with database.writing() as connection:
        for each in (key, asked_for[1]):
            mapping = Mapping(each, f"http://{each}", MappingKind.UNRESOLVED)
            Mappings(connection).put("haiduong", mapping, state="active", source="import", now=NOW)
        open_ones = undecided(connection, None, 10)
        assert [one.key for one in open_ones] == [*asked_for, key]
        assert [one.visits for one in open_ones] == [9, 9, 9, 0]
        assert undecided(connection, "gialoc", 10) == []
        assert undecided(connection, None, 2) == open_ones[:2]

        sure = acceptable(connection, offers(connection, open_ones, None), least=AUTO_ACCEPT)
        accept(connection, sure, editor="hung", now=NOW)
        stored = Mappings(connection).find(key)

    assert [one.miss.key for one in sure] == [asked_for[0], key]
    assert stored is not None
    assert stored.mapping.kind is MappingKind.MOVED
