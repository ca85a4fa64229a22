"""The decisions: one batch, one transaction, one step of the revision; taken back to the letter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import event, insert, select

from catalogue import schema
from catalogue.database import CatalogueError, Database, current_revision
from catalogue.decisions import (
    decide_mapping,
    history,
    import_mappings,
    recent,
    take,
    undo,
)
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.mappings import Mappings
from catalogue.misses import MissCount, Misses
from catalogue.review import Decision, ReviewError, Verb
from catalogue.rules import Rules
from redirects.rule import Rule
from tests.catalogue.deciding import (
    ACCEPTED,
    IMPORTED,
    QUARANTINED,
    decide_all,
    mapping_state,
    rows,
    state_of,
)
from tests.catalogue.worlds import NOW, World, a_mapping, key_of


def test_accepting_publishes_the_document_and_its_mappings_in_one_step(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        head = world.document("/a")
        world.document("/twin", state=DocumentState.DUPLICATE, duplicate_of=head.id)
        other = world.document("/other")
        mappings = Mappings(connection)
        mappings.suggest("haiduong", a_mapping("/a", f"doc:{head.id}"), 1.0, NOW)
        mappings.suggest("haiduong", a_mapping("/twin", f"doc:{head.id}"), 1.0, NOW)
        mappings.suggest("haiduong", a_mapping("/other", f"doc:{other.id}"), 1.0, NOW)
        Documents(connection).due_for_index(9)
        Documents(connection).clear_due([head.id, head.id + 1, other.id])
        start = current_revision(connection)

        batch = decide_all(connection, Verb.ACCEPT, [head.id])

        assert (batch.editor, batch.decided_at, batch.size, batch.verb) == (
            "bientap",
            NOW,
            1,
            "accept",
        )
        assert current_revision(connection) == start + 1
        assert state_of(connection, head.id) is ACCEPTED
        states = [mapping_state(connection, path) for path in ("/a", "/twin", "/other")]
        assert states == ["active", "active", "suggested"]
        assert Documents(connection).due_for_index(9) == [head.id]


@pytest.mark.parametrize(
    ("verb", "state"),
    [(Verb.REJECT, "refused"), (Verb.QUARANTINE, "refused"), (Verb.REOPEN, "suggested")],
)
def test_the_crawlers_mapping_follows_its_document_wherever_it_goes(
    database: Database, verb: Verb, state: str
) -> None:
    with database.writing() as connection:
        page = World(connection).document("/a")
        Mappings(connection).suggest("haiduong", a_mapping("/a", f"doc:{page.id}"), 1.0, NOW)
        decide_all(connection, verb, [page.id])
        assert mapping_state(connection, "/a") == state
        decide_all(connection, Verb.ACCEPT, [page.id])
        assert mapping_state(connection, "/a") == "active"
        decide_all(connection, verb, [page.id])
        assert mapping_state(connection, "/a") == state


def test_an_editors_own_mapping_stays_when_its_document_is_rejected(database: Database) -> None:
    with database.writing() as connection:
        page = World(connection).document("/a")
        decide_mapping(
            connection, "haiduong", a_mapping("/old", f"doc:{page.id}"), editor="bientap", now=NOW
        )
        decide_all(connection, Verb.REJECT, [page.id])
        assert mapping_state(connection, "/old") == "active"


def test_an_edit_is_kept_from_the_next_import_and_leaves_mappings_alone(
    database: Database,
) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a", title="TIN MỚI")
        Mappings(connection).suggest("haiduong", a_mapping("/a", f"doc:{page.id}"), 1.0, NOW)
        edit = Decision(page.id, Verb.EDIT, title="Tin mới", section="thong-bao")
        take(connection, [edit], editor="bientap", now=NOW)
        again = world.keep(replace(page, text_digest="1" * 64))
        assert (again.title, again.section, again.version) == ("Tin mới", "thong-bao", 2)
        assert Documents(connection).listing(DocumentFilter(text="tin moi")) == [again]
        assert mapping_state(connection, "/a") == "suggested"


def test_a_decided_state_survives_the_next_import(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a", state=QUARANTINED, flags=("spam",))
        decide_all(connection, Verb.REOPEN, [page.id])
        assert world.keep(replace(page, text_digest="1" * 64)).state is IMPORTED


def test_one_document_decided_twice_in_a_batch_ends_as_the_last_word(database: Database) -> None:
    with database.writing() as connection:
        page = World(connection).document("/a")
        decisions = [
            Decision(page.id, Verb.EDIT, title="Một"),
            Decision(page.id, Verb.ACCEPT),
        ]
        batch = take(connection, decisions, editor="bientap", now=NOW)
        assert (batch.verb, batch.size) == ("mixed", 1)
        after = Documents(connection).find(page.id)
        assert after is not None
        assert (after.title, after.state) == ("Một", ACCEPTED)
        undo(connection, batch.id, editor="bientap", now=NOW)
        assert Documents(connection).find(page.id) == page


def test_a_batch_with_one_impossible_decision_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a")
        twin = world.document("/b", state=DocumentState.DUPLICATE, duplicate_of=page.id)
        before = rows(connection)
        with pytest.raises(ReviewError, match=f"document {twin.id} is a duplicate"):
            decide_all(connection, Verb.ACCEPT, [page.id, twin.id])
        with pytest.raises(CatalogueError, match="there is no document 99"):
            decide_all(connection, Verb.ACCEPT, [page.id, 99])
        assert rows(connection) == before
        assert recent(connection, 9) == []


def test_an_editors_mapping_is_active_at_once_and_clears_the_miss(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        missed = MissCount("haiduong", key_of("/a"), "/a", 7, date(2026, 1, 1))
        Misses(connection).add([missed])
        start, before = current_revision(connection), rows(connection)

        batch = decide_mapping(connection, "haiduong", a_mapping(), editor="bientap", now=NOW)

        assert (batch.verb, batch.size) == ("map", 1)
        assert (mapping_state(connection, "/a"), Misses(connection).total()) == ("active", 0)
        assert current_revision(connection) == start + 1
        assert undo(connection, batch.id, editor="bientap", now=NOW).left == ()
        assert rows(connection) == before


def test_the_history_of_a_document_tells_every_decision_newest_first(database: Database) -> None:
    with database.writing() as connection:
        page = World(connection).document("/a").id
        first = decide_all(connection, Verb.ACCEPT, [page])
        later = NOW + timedelta(minutes=1)
        second = undo(connection, first.id, editor="minh", now=later)
        told = history(connection, page)
        assert [(each.batch, each.editor, each.change.verb) for each in told] == [
            (second.id, "minh", "undo"),
            (first.id, "bientap", "accept"),
        ]
        assert told[1].change.before is not None
        assert told[1].change.before["state"] == "imported"
        assert [each.id for each in recent(connection, 9)] == [second.id, first.id]


def test_five_thousand_decisions_cost_a_few_statements_a_chunk_not_one_a_row(
    database: Database,
) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/0")
        copied = dict(
            connection.execute(select(schema.document)).mappings().one(),
        )
        connection.execute(
            insert(schema.document),
            [copied | {"id": 10 + number, "key": f"k{number}"} for number in range(5_000)],
        )
        Mappings(connection).suggest("haiduong", a_mapping("/0", f"doc:{page.id}"), 1.0, NOW)
        kept = dict(connection.execute(select(schema.mapping)).mappings().one())
        connection.execute(
            insert(schema.mapping),
            [
                kept | {"id": 10 + each, "key": f"k{each}", "target": f"doc:{10 + each}"}
                for each in range(5_000)
            ],
        )
        ids = Documents(connection).ids(DocumentFilter())
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2]))
    with database.writing() as connection:
        batch = decide_all(connection, Verb.ACCEPT, ids)
    with database.writing() as connection:
        undone = undo(connection, batch.id, editor="bientap", now=NOW)
    assert (batch.size, undone.size, undone.left) == (5_001, 5_001, ())
    assert len(statements) < 600, "some a chunk of 500, none a row"


def test_an_import_is_one_batch_that_is_taken_back_to_the_letter(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        decide_mapping(connection, "haiduong", a_mapping("/a", "/x"), editor="bientap", now=NOW)
        missed = MissCount("haiduong", key_of("/b"), "/b", 7, date(2026, 1, 1))
        Misses(connection).add([missed])
        before, revision = rows(connection), current_revision(connection)

        placed = [("haiduong", a_mapping(path, "/y")) for path in ("/a", "/b", "/c", "/b")]
        batch = import_mappings(connection, placed, editor="bảng tính", now=NOW)

        assert (batch.size, Misses(connection).total()) == (3, 0)
        assert current_revision(connection) == revision + 1
        assert {each.mapping.target for each in Mappings(connection).listing()} == {"/y"}
        again = import_mappings(connection, placed, editor="bảng tính", now=NOW)
        assert again.size == 0, "what is the same already is no change"

        undo(connection, batch.id, editor="bientap", now=NOW)
        assert rows(connection) == before


def test_rules_come_in_with_an_import_and_go_with_its_undo(database: Database) -> None:
    def rule(name: str, target: str) -> Rule:
        return Rule(name, "haiduong", f"/{name}/*", target=target)

    with database.writing() as connection:
        World(connection)
        Rules(connection).put(rule("a", "/x"))
        before = rows(connection)

        batch = import_mappings(
            connection,
            [("haiduong", a_mapping("/m", "/y"))],
            [rule("a", "/y"), rule("b", "/y"), rule("c", "/y"), rule("c", "/z")],
            editor="bảng tính",
            now=NOW,
        )
        assert batch.size == 4
        assert {one.name: one.target for one in Rules(connection).all()} == {
            "a": "/y",
            "b": "/y",
            "c": "/z",
        }
        again = import_mappings(connection, [], [rule("b", "/y")], editor="bảng tính", now=NOW)
        assert again.size == 0

        undone = undo(connection, batch.id, editor="bientap", now=NOW)
        assert (undone.size, undone.left) == (4, ())
        assert rows(connection) == before


def test_an_import_of_nothing_is_an_empty_batch(database: Database) -> None:
    with database.writing() as connection:
        assert import_mappings(connection, [], editor="bảng tính", now=NOW).size == 0
