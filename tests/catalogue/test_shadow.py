"""What shadow mode finds is counted by day and place, and folded once."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from catalogue.database import Database
from catalogue.shadow import OTHERS, OUTCOME, ShadowCount, ShadowCounts, ShadowSpool
from catalogue.spool import Collected

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def test_counts_of_days_are_summed_up_from_a_day_on(database: Database, tmp_path: Path) -> None:
    day = MONDAY
    spool = ShadowSpool(tmp_path / "shadow", today=lambda: day)
    spool.count("don-vi", OUTCOME, "same")
    spool.count("don-vi", OUTCOME, "different")
    spool.count("don-vi", "body", "$.x", sample="/api/a")
    spool.flush()
    day = TUESDAY
    for _ in range(2):
        spool.count("don-vi", OUTCOME, "same")
    spool.count("van-ban", OUTCOME, "same")
    spool.flush()
    with database.writing() as connection:
        assert ShadowSpool.collect(tmp_path / "shadow", connection) == Collected(2, 5)
    with database.writing() as connection:
        assert ShadowSpool.collect(tmp_path / "shadow", connection) == Collected()
    with database.reading() as connection:
        counts = ShadowCounts(connection)
        assert counts.since(MONDAY, "don-vi") == [
            ShadowCount("don-vi", OUTCOME, "same", 3, "", TUESDAY),
            ShadowCount("don-vi", "body", "$.x", 1, "/api/a", MONDAY),
            ShadowCount("don-vi", OUTCOME, "different", 1, "", MONDAY),
        ]
        assert [(one.route, one.calls) for one in counts.since(TUESDAY)] == [
            ("don-vi", 2),
            ("van-ban", 1),
        ]


def test_places_for_which_there_is_no_room_are_counted_as_one(database: Database) -> None:
    found = [
        ShadowCount("don-vi", "body", f"$.x{number}" + "y" * 300, 1, "/\0" + "a" * 900, MONDAY)
        for number in range(5)
    ]
    with database.writing() as connection:
        counts = ShadowCounts(connection, most=2)
        counts.add([])
        counts.add(found)
        counts.add([*found, ShadowCount("don-vi", OUTCOME, "different", 5, "", MONDAY)])
        told = {(one.part, one.place[:4]): one.calls for one in counts.since(MONDAY)}
    assert told == {
        ("body", "$.x0"): 2,
        ("body", "$.x1"): 2,
        ("body", OTHERS[:4]): 6,
        (OUTCOME, "diff"): 5,
    }


def test_a_file_that_cannot_be_read_is_put_aside(database: Database, tmp_path: Path) -> None:
    (tmp_path / "0.jsonl").write_text('["a", "body"]\n')
    with database.writing() as connection:
        assert ShadowSpool.collect(tmp_path, connection) == Collected(broken=("0.jsonl",))


def test_what_was_found_long_ago_is_forgotten(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        for days in (101, 100):
            day = TUESDAY - timedelta(days=days)
            ShadowCounts(connection).add([ShadowCount("a", OUTCOME, "same", 1, "", day)])
    spool = ShadowSpool(tmp_path, today=lambda: TUESDAY)
    spool.count("a", OUTCOME, "same")
    spool.flush()
    with database.writing() as connection:
        ShadowSpool.collect(tmp_path, connection)
        assert [one.calls for one in ShadowCounts(connection).since(date.min)] == [2]
