"""The mappings: suggested by the crawler, set by editors, walked by the snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from catalogue.database import Database, current_revision
from catalogue.mappings import Mappings, MappingSource, MappingState
from redirects.mapping import MappingKind, SplitTarget
from tests.catalogue.worlds import NOW, World, a_mapping, key_of


def test_a_mapping_comes_back_as_it_was_put(database: Database) -> None:
    mapping = replace(
        a_mapping(target=None),
        kind=MappingKind.SPLIT,
        targets=(SplitTarget("Xã Gia Lộc", "unit:10999"), SplitTarget("Xã Yết Kiêu", "/b")),
        reason="Huyện đã kết thúc hoạt động",
    )
    with database.writing() as connection:
        World(connection)
        Mappings(connection).put("haiduong", mapping, state="active", source="editor", now=NOW)
    with database.reading() as connection:
        stored = Mappings(connection).find(mapping.key)
        assert stored is not None
        assert (stored.mapping, stored.site, stored.state) == (mapping, "haiduong", "active")
        assert (stored.source, stored.score, stored.updated_at) == ("editor", None, NOW)
        assert Mappings(connection).find(key_of("/none")) is None


def test_what_becomes_of_a_query_is_kept_and_walked(database: Database) -> None:
    mapping = replace(a_mapping(target="/x"), query="pass")
    with database.writing() as connection:
        World(connection)
        Mappings(connection).put("haiduong", mapping, state="active", source="editor", now=NOW)
    with database.reading() as connection:
        stored = Mappings(connection).find(mapping.key)
        assert stored is not None
        assert stored.mapping == mapping
        assert list(Mappings(connection).active()) == [mapping]


def test_a_suggestion_may_be_improved_until_somebody_decides(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        mappings = Mappings(connection)
        assert mappings.suggest("haiduong", a_mapping(target="/x"), 0.5, NOW)
        assert mappings.suggest("haiduong", a_mapping(target="/y"), 0.9, NOW + timedelta(1))
        stored = mappings.find(key_of("/a"))
        assert stored is not None
        assert (stored.mapping.target, stored.score, stored.state) == ("/y", 0.9, "suggested")


@pytest.mark.parametrize(
    ("state", "source"),
    [("active", "crawl"), ("refused", "crawl"), ("suggested", "editor"), ("active", "import")],
)
def test_a_suggestion_never_overwrites_what_was_decided(
    database: Database, state: MappingState, source: MappingSource
) -> None:
    with database.writing() as connection:
        World(connection)
        mappings = Mappings(connection)
        mappings.put("haiduong", a_mapping(target="/x"), state=state, source=source, now=NOW)
        before = mappings.find(key_of("/a"))
        assert not mappings.suggest("haiduong", a_mapping(target="/y"), 1.0, NOW + timedelta(1))
        assert mappings.find(key_of("/a")) == before


def test_the_revision_rises_when_a_mapping_that_visitors_meet_changes(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        start = current_revision(connection)
        mappings = Mappings(connection)
        mappings.suggest("haiduong", a_mapping(), 1.0, NOW)
        mappings.put("haiduong", a_mapping(), state="suggested", source="import", now=NOW)
        assert current_revision(connection) == start
        mappings.put("haiduong", a_mapping(), state="active", source="import", now=NOW)
        assert current_revision(connection) == start + 1
        mappings.put("haiduong", a_mapping(), state="refused", source="editor", now=NOW)
        assert current_revision(connection) == start + 2


def test_mappings_are_listed_counted_and_walked(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        mappings = Mappings(connection)
        first, second = a_mapping("/tin_100%", "doc:7"), a_mapping("/b", "doc:7")
        elsewhere = replace(a_mapping("/c", "doc:8"), raw="http://haiduong.gov.vn/C?sid=1")
        mappings.put("haiduong", first, state="active", source="import", now=NOW)
        mappings.suggest("haiduong", second, 1.0, NOW)
        mappings.put("gialoc", elsewhere, state="active", source="editor", now=NOW)

        assert [each.mapping for each in mappings.to_document(7)] == [first, second]
        assert list(mappings.active()) == [first, elsewhere]
        assert [each.mapping for each in mappings.listing()] == [first, second, elsewhere]
        after = mappings.listing()[0].id
        assert [each.mapping for each in mappings.listing(after=after, limit=1)] == [second]
        assert [each.mapping for each in mappings.listing("gialoc")] == [elsewhere]
        assert [each.mapping for each in mappings.listing(state="suggested")] == [second]
        assert [each.mapping for each in mappings.listing(text="n_100%")] == [first]
        assert [each.mapping for each in mappings.listing(text="SID=")] == [elsewhere]
        assert (mappings.count(), mappings.count("haiduong", "active", "tin")) == (3, 1)
