"""Who calls an API: counted by a site that only reads, kept apart while there is room."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from catalogue.database import CatalogueError, Database
from catalogue.misses import MissSpool
from catalogue.spool import Collected
from catalogue.usage import Caller, CallerKind, Usage, UsageSpool, Use

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
BANK = Caller(CallerKind.KEY, "5f3c8a90b1c2d3e4", "Java")
PAPER = Caller(CallerKind.NETWORK, "203.0.113.0/24", "curl")
OTHERS = Caller(CallerKind.OTHER, "", "")


def fold(database: Database, directory: Path) -> Collected:
    with database.writing() as connection:
        return UsageSpool.collect(directory, connection)


def listing(database: Database, route: str | None = None) -> list[Use]:
    with database.reading() as connection:
        return Usage(connection).listing(route)


def test_calls_of_a_caller_add_up_over_files_and_days(database: Database, tmp_path: Path) -> None:
    day = TUESDAY
    spool = UsageSpool(tmp_path / "usage", today=lambda: day)
    spool.count("don-vi", BANK, is_error=False)
    spool.count("don-vi", BANK, is_error=True)
    spool.count("van-ban", BANK, is_error=False)
    spool.flush()
    day = MONDAY
    spool.count("don-vi", BANK, is_error=False)
    spool.count("don-vi", PAPER, is_error=False)
    spool.flush()
    spool.flush()
    assert fold(database, tmp_path / "usage") == Collected(files=2, visits=5)
    assert fold(database, tmp_path / "usage") == Collected()
    bank, paper, other_route = listing(database)
    assert bank == Use("don-vi", BANK, 3, 1, MONDAY, TUESDAY)
    assert paper == Use("don-vi", PAPER, 1, 0, MONDAY, MONDAY)
    assert other_route.route == "van-ban"
    assert listing(database, "van-ban") == [other_route]
    with database.reading() as connection:
        assert Usage(connection).listing(until=MONDAY) == [paper]
        assert Usage(connection).listing(limit=1) == [bank]


def test_callers_for_whom_there_is_no_room_are_counted_as_one(database: Database) -> None:
    with database.writing() as connection:
        usage = Usage(connection, most=2)
        usage.add([])
        for number in range(5):
            caller = Caller(CallerKind.KEY, str(number), "curl")
            usage.add([Use("a", caller, 1, 0, MONDAY, MONDAY)])
        usage.add([Use("a", BANK, 1, 1, MONDAY, MONDAY), Use("a", PAPER, 1, 0, MONDAY, TUESDAY)])
        usage.add([Use("b", BANK, 1, 0, MONDAY, MONDAY)])
    found = listing(database)
    assert [(use.route, use.caller.name) for use in found] == [
        ("a", ""),
        ("a", "0"),
        ("a", "1"),
        ("b", BANK.name),
    ]
    assert found[0] == Use("a", OTHERS, 5, 1, MONDAY, TUESDAY)


def test_one_spool_does_not_forget_the_files_of_the_other(
    database: Database, tmp_path: Path
) -> None:
    spool = UsageSpool(tmp_path / "usage", today=lambda: MONDAY)
    spool.count("don-vi", BANK, is_error=False)
    spool.flush()
    fold(database, tmp_path / "usage")
    (tmp_path / "misses").mkdir()
    with database.writing() as connection:
        MissSpool.collect(tmp_path / "misses", connection)
    assert fold(database, tmp_path / "usage") == Collected()
    assert [use.calls for use in listing(database)] == [1]


@pytest.mark.parametrize(
    "text", ["not json\n", "{}\n", '["a"]\n', '["a",["no kind","",""],"2026-11-23","",1,0]\n']
)
def test_a_file_that_cannot_be_read_is_put_aside(
    database: Database, tmp_path: Path, text: str
) -> None:
    (tmp_path / "0.jsonl").write_text(text)
    assert fold(database, tmp_path) == Collected(broken=("0.jsonl",))
    assert listing(database) == []


def test_counts_that_cannot_be_written_are_kept_for_the_next_time(
    database: Database, tmp_path: Path
) -> None:
    directory = tmp_path / "usage"
    directory.write_text("a file where the directory should be")
    spool = UsageSpool(directory, today=lambda: MONDAY)
    spool.count("don-vi", BANK, is_error=True)
    with pytest.raises(CatalogueError, match="usage"):
        spool.flush()
    directory.unlink()
    spool.count("don-vi", BANK, is_error=False)
    spool.flush()
    fold(database, directory)
    assert [(use.calls, use.errors) for use in listing(database)] == [(2, 1)]


def test_a_flood_of_invented_keys_takes_no_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.usage.MOST_COUNTED", 2)
    spool = UsageSpool(tmp_path, today=lambda: MONDAY)
    for number in (0, 1, 2, 3, 0):
        spool.count("don-vi", Caller(CallerKind.KEY, str(number), ""), is_error=False)
    assert spool.dropped == 2


def test_who_has_been_silent_for_long_is_forgotten(database: Database, tmp_path: Path) -> None:
    with database.writing() as connection:
        for days, caller in ((401, BANK), (400, PAPER)):
            day = TUESDAY - timedelta(days=days)
            Usage(connection).add([Use("don-vi", caller, 1, 0, day, day)])
    (tmp_path / "0.jsonl").write_text("")
    fold(database, tmp_path)
    assert len(listing(database)) == 2
    spool = UsageSpool(tmp_path, today=lambda: TUESDAY)
    spool.count("van-ban", BANK, is_error=False)
    spool.flush()
    fold(database, tmp_path)
    assert [(use.route, use.caller) for use in listing(database)] == [
        ("don-vi", PAPER),
        ("van-ban", BANK),
    ]
