"""Taking batches back: each row to its own state before, and what has changed since left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from catalogue import schema
from catalogue.database import CatalogueError, Database, current_revision
from catalogue.decisions import (
    decide_mapping,
    import_mappings,
    recent,
    undo,
)
from catalogue.documents import Documents
from catalogue.mappings import Mappings
from catalogue.misses import MissCount, Misses
from catalogue.review import Verb
from catalogue.rules import Rules
from redirects.mapping import MappingKind
from redirects.rule import Rule
from tests.catalogue.deciding import (
    ACCEPTED,
    IMPORTED,
    QUARANTINED,
    REJECTED,
    decide_all,
    rows,
    state_of,
)
from tests.catalogue.worlds import NOW, World, a_mapping, key_of

_VERBS = st.sampled_from([Verb.ACCEPT, Verb.REJECT, Verb.QUARANTINE, Verb.REOPEN])


def test_undoing_restores_each_row_to_its_own_state_before(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        ids = [
            world.document(f"/{number}", state=state).id
            for number, state in enumerate([IMPORTED, QUARANTINED, REJECTED, ACCEPTED])
        ]
        for each in ids:
            path, target = f"/{each}", f"doc:{each}"
            Mappings(connection).suggest("haiduong", a_mapping(path, target), 0.7, NOW)
        before = rows(connection)
        start = current_revision(connection)
        batch = decide_all(connection, Verb.ACCEPT, ids)
        assert {state_of(connection, each) for each in ids} == {ACCEPTED}
        undone = undo(connection, batch.id, editor="minh", now=NOW)
        assert rows(connection) == before
        assert (undone.size, undone.verb, undone.undoes, undone.left) == (4, "undo", batch.id, ())
        assert current_revision(connection) == start + 2


def test_rows_that_another_batch_changed_since_are_left_and_named(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        first, second = world.document("/a").id, world.document("/b").id
        batch = decide_all(connection, Verb.ACCEPT, [first, second])
        decide_all(connection, Verb.REJECT, [second])
        decide_all(connection, Verb.ACCEPT, [second])
        undone = undo(connection, batch.id, editor="bientap", now=NOW)
        assert undone.left == (("document", second),)
        assert (state_of(connection, first), state_of(connection, second)) == (IMPORTED, ACCEPTED)
        assert recent(connection, 1) == [undone]


def test_a_later_batch_that_was_itself_taken_back_does_not_stand_in_the_way(
    database: Database,
) -> None:
    with database.writing() as connection:
        page = World(connection).document("/a").id
        first = decide_all(connection, Verb.ACCEPT, [page])
        second = decide_all(connection, Verb.REJECT, [page])
        undo(connection, second.id, editor="bientap", now=NOW)
        assert undo(connection, first.id, editor="bientap", now=NOW).left == ()
        assert state_of(connection, page) is IMPORTED


def test_undoing_twice_leaves_everything_as_it_is(database: Database) -> None:
    with database.writing() as connection:
        page = World(connection).document("/a").id
        batch = decide_all(connection, Verb.ACCEPT, [page])
        undo(connection, batch.id, editor="bientap", now=NOW)
        before = rows(connection)
        again = undo(connection, batch.id, editor="bientap", now=NOW)
        assert (again.size, again.left) == (0, (("document", page),))
        assert rows(connection) == before


def test_an_undo_leaves_what_a_later_import_brought(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a", title="Cũ")
        batch = decide_all(connection, Verb.ACCEPT, [page.id])
        world.keep(replace(page, title="Mới", text_digest="1" * 64))
        assert undo(connection, batch.id, editor="bientap", now=NOW).left == ()
        after = Documents(connection).find(page.id)
        assert after is not None
        assert (after.state, after.title, after.version) == (IMPORTED, "Mới", 2)


def test_a_page_quarantined_by_an_import_is_not_published_again_by_an_undo(
    database: Database,
) -> None:
    with database.writing() as connection:
        world = World(connection)
        page = world.document("/a", state=ACCEPTED)
        batch = decide_all(connection, Verb.REJECT, [page.id])
        decide_all(connection, Verb.ACCEPT, [page.id])
        world.keep(replace(page, state=QUARANTINED, text_digest="1" * 64))
        undone = undo(connection, batch.id, editor="bientap", now=NOW)
        assert undone.left == (("document", page.id),)
        assert state_of(connection, page.id) is QUARANTINED


def test_an_unknown_batch_is_named(database: Database) -> None:
    with (
        database.writing() as connection,
        pytest.raises(CatalogueError, match="there is no batch 'x'"),
    ):
        undo(connection, "x", editor="bientap", now=NOW)


def test_undoing_a_mapping_brings_back_the_one_that_stood_there(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        Mappings(connection).suggest("haiduong", a_mapping(target="/x"), 0.4, NOW)
        before = rows(connection)
        gone = replace(a_mapping(target=None), kind=MappingKind.GONE, reason="Hết hiệu lực")
        batch = decide_mapping(connection, "haiduong", gone, editor="bientap", now=NOW)
        undo(connection, batch.id, editor="bientap", now=NOW)
        assert rows(connection) == before


def test_an_address_missed_again_keeps_its_new_count_after_an_undo(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        missed = MissCount("haiduong", key_of("/a"), "/a", 7, date(2026, 1, 1))
        Misses(connection).add([missed])
        connection.execute(
            insert(schema.miss).values(
                site_id=1,
                key="x",
                raw="x",
                visits=1,
                first_on=missed.on,
                last_on=missed.on,
            )
        )
        batch = decide_mapping(connection, "haiduong", a_mapping(), editor="bientap", now=NOW)
        Misses(connection).add([replace(missed, visits=2)])
        undone = undo(connection, batch.id, editor="bientap", now=NOW)
        assert [kind for kind, _ in undone.left] == ["miss"]
        found = Misses(connection).find(key_of("/a"))
        assert found is not None
        assert found.visits == 2


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batches=st.lists(st.tuples(_VERBS, st.sets(st.integers(0, 3), min_size=1)), max_size=5))
def test_undoing_every_batch_in_reverse_restores_everything(
    database: Database, batches: list[tuple[Verb, set[int]]]
) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:  # noqa: PT012 - the block is rolled back on purpose
        world = World(connection)
        ids = [world.document(f"/{number}").id for number in range(4)]
        for each in ids:
            target = f"doc:{each}"
            Mappings(connection).suggest("haiduong", a_mapping(f"/{each}", target), 0.7, NOW)
        before = rows(connection)
        taken = [
            decide_all(connection, verb, [ids[each] for each in sorted(chosen)])
            for verb, chosen in batches
        ]
        for batch in reversed(taken):
            assert undo(connection, batch.id, editor="bientap", now=NOW).left == ()
        assert rows(connection) == before
        1 / 0  # noqa: B018 - the next example starts from nothing


def test_a_rule_that_was_made_anew_since_is_left_by_an_undo(database: Database) -> None:
    rule = Rule("a", "haiduong", "/a/*", target="/x")
    other = replace(rule, name="b", pattern="/b/*")
    with database.writing() as connection:
        World(connection)
        Rules(connection).put(rule)
        Rules(connection).put(other)
        changed = [replace(rule, target="/y"), replace(other, target="/y")]
        batch = import_mappings(connection, [], changed, editor="bảng tính", now=NOW)
        Rules(connection).remove("haiduong", "a")
        Rules(connection).put(replace(other, name="z"))
        Rules(connection).put(replace(rule, target="/z"))

        undone = undo(connection, batch.id, editor="bientap", now=NOW)

        assert len(undone.left) == 1
        found = {one.name: one.target for one in Rules(connection).all()}
        assert found == {"a": "/z", "b": "/x", "z": "/x"}
