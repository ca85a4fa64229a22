"""The captures: found by address, the newest first, walked in order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from catalogue.captures import PAGE, Captures
from catalogue.database import Database
from tests.catalogue.worlds import NOW, World, a_capture, key_of


def test_a_capture_comes_back_as_it_was_added(database: Database) -> None:
    capture = replace(a_capture(), location="/b", etag='"1"', last_modified="Mon")
    with database.writing() as connection:
        World(connection)
        capture = replace(capture, id=Captures(connection).add(capture))
    with database.reading() as connection:
        assert Captures(connection).find(capture.id) == capture
        assert Captures(connection).find(99) is None


def test_the_latest_capture_of_an_address_is_the_newest_in_time(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        new = world.capture(captured_at=NOW + timedelta(days=1))
        old = world.capture()
        world.capture("/other")
        captures = Captures(connection)
        assert captures.latest(key_of("/a")) == new
        assert captures.versions(key_of("/a")) == [new, old]
        assert captures.latest(key_of("/none")) is None


def test_a_walk_over_a_site_sees_each_capture_once_across_pages(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        ids = [world.capture(f"/{number}").id for number in range(PAGE + 3)]
        world.capture("/elsewhere", site="gialoc")
        captures = Captures(connection)
        assert [each.id for each in captures.of_site("haiduong")] == ids
        assert [each.id for each in captures.of_site("haiduong", after=ids[-3])] == ids[-2:]
        assert (captures.count(), captures.count("gialoc")) == (PAGE + 4, 1)
