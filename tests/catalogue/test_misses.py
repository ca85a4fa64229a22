"""The misses: counted by a site that only reads, folded exactly once by the one that writes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from catalogue.database import CatalogueError, Database
from catalogue.misses import (
    LONGEST_ADDRESS,
    Collected,
    Miss,
    MissCount,
    Misses,
    MissSpool,
)
from redirects.calendar import VIETNAM, today_in_vietnam
from redirects.mapping import CanonicalUrl
from tests.catalogue.worlds import World, key_of

DAY = date(2026, 11, 24)
COUNT = MissCount("haiduong", key_of("/a"), "http://haiduong.gov.vn/A", 3, DAY)


class CrashError(Exception):
    """The program dies here."""


@pytest.fixture
def spool(tmp_path: Path) -> MissSpool:
    return MissSpool(tmp_path / "misses", today=lambda: DAY)


def visits(database: Database) -> dict[str, int]:
    with database.reading() as connection:
        return {miss.key: miss.visits for miss in Misses(connection).listing()}


def fold(database: Database, directory: Path) -> Collected:
    with database.writing() as connection:
        return MissSpool.collect(directory, connection)


@pytest.fixture
def sites(database: Database) -> None:
    with database.writing() as connection:
        World(connection)


def test_visits_of_an_address_add_up_over_days(database: Database) -> None:
    earlier, later = date(2026, 11, 1), date(2026, 12, 1)
    with database.writing() as connection:
        World(connection)
        misses = Misses(connection)
        misses.add([])
        misses.add([COUNT, replace(COUNT, on=later, visits=1), replace(COUNT, on=earlier)])
        found = misses.find(COUNT.key)
        assert found == Miss(found.id, "haiduong", COUNT.key, COUNT.raw, 7, earlier, later)
        misses.clear(COUNT.key)
        assert (misses.find(COUNT.key), misses.total()) == (None, 0)


def test_the_most_wanted_misses_come_first(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        misses = Misses(connection)
        misses.add([COUNT, replace(COUNT, key=key_of("/b"), visits=9)])
        misses.add([replace(COUNT, key=key_of("/c"), site="gialoc", visits=5)])
        assert [miss.visits for miss in misses.listing()] == [9, 5, 3]
        assert [miss.visits for miss in misses.listing(limit=1, offset=1)] == [5]
        assert [miss.visits for miss in misses.listing("haiduong")] == [9, 3]
        assert (misses.total(), misses.total("gialoc")) == (3, 1)


@pytest.mark.usefixtures("sites")
def test_what_the_site_counted_arrives_once(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    directory = tmp_path / "misses"
    spool.flush()
    assert not directory.exists()
    assert fold(database, directory) == Collected()
    for _ in range(3):
        spool.count("haiduong", key_of("/a"), "/A")
    spool.flush()
    spool.count("haiduong", key_of("/a"), "/a")
    spool.flush()
    spool.flush()
    assert fold(database, directory) == Collected(files=2, visits=4)
    assert fold(database, directory) == fold(database, directory) == Collected()
    assert visits(database) == {key_of("/a"): 4}
    assert list(directory.iterdir()) == []


@pytest.mark.usefixtures("sites")
def test_a_crash_before_the_commit_loses_and_doubles_nothing(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    spool.count("haiduong", key_of("/a"), "/a")
    spool.flush()
    with pytest.raises(CrashError), database.writing() as connection:  # noqa: PT012 - the crash is the last thing
        assert MissSpool.collect(tmp_path / "misses", connection).files == 1
        raise CrashError
    assert visits(database) == {}
    fold(database, tmp_path / "misses")
    assert visits(database) == {key_of("/a"): 1}


@pytest.mark.usefixtures("sites")
def test_a_crash_while_folded_files_are_deleted_doubles_nothing(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    spool.count("haiduong", key_of("/a"), "/a")
    spool.flush()
    fold(database, tmp_path / "misses")
    with pytest.raises(CrashError), database.writing() as connection:  # noqa: PT012 - the crash is the last thing
        MissSpool.collect(tmp_path / "misses", connection)
        raise CrashError
    assert fold(database, tmp_path / "misses") == Collected()
    assert visits(database) == {key_of("/a"): 1}


@pytest.mark.usefixtures("sites")
def test_two_programs_that_fold_at_once_count_each_file_once(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    for _ in range(10):
        spool.count("haiduong", key_of("/a"), "/a")
        spool.flush()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: fold(database, tmp_path / "misses"), range(8)))
    assert sum(each.files for each in done) == 10
    assert visits(database) == {key_of("/a"): 10}


@pytest.mark.usefixtures("sites")
@pytest.mark.parametrize("text", ["not json\n", '{"site": "haiduong"}\n', "[1]\n"])
def test_a_file_that_cannot_be_read_is_put_aside_and_named(
    database: Database, spool: MissSpool, tmp_path: Path, text: str
) -> None:
    spool.count("haiduong", key_of("/a"), "/a")
    spool.flush()
    (tmp_path / "misses" / "0.jsonl").write_text(text)
    assert fold(database, tmp_path / "misses") == Collected(1, 1, ("0.jsonl",))
    assert (tmp_path / "misses" / "0.jsonl.broken").read_text() == text


@pytest.mark.usefixtures("sites")
def test_an_address_of_strange_bytes_does_not_stop_the_folding(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    spool.count("haiduong", key_of("/a"), "/a\0\udcff")
    spool.flush()
    assert fold(database, tmp_path / "misses") == Collected(files=1, visits=1)
    with database.reading() as connection:
        assert [miss.raw for miss in Misses(connection).listing()] == ["/a?"]


@pytest.mark.usefixtures("sites")
def test_counts_for_a_site_that_is_no_longer_configured_are_dropped(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    spool.count("bacninh", CanonicalUrl("bacninh.gov.vn/a"), "/a")
    spool.count("haiduong", key_of("/a"), "/a")
    spool.flush()
    assert fold(database, tmp_path / "misses") == Collected(files=1, visits=1)


@pytest.mark.usefixtures("sites")
def test_counts_that_cannot_be_written_are_kept_for_the_next_time(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    directory = tmp_path / "misses"
    directory.write_text("a file where the directory should be")
    spool.count("haiduong", key_of("/a"), "/a")
    with pytest.raises(CatalogueError, match="misses"):
        spool.flush()
    directory.unlink()
    spool.count("haiduong", key_of("/a"), "/a")
    spool.flush()
    fold(database, directory)
    assert visits(database) == {key_of("/a"): 2}


def test_a_flood_of_invented_addresses_takes_no_more_than_its_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.misses.MOST_ADDRESSES", 2)
    spool = MissSpool(tmp_path, today=lambda: DAY)
    too_long = ("/" + "x" * LONGEST_ADDRESS, "/" + "ộ" * (LONGEST_ADDRESS // 2))
    for path in ("/\0", "/\udcff", *too_long, "/a", "/b", "/c", "/a"):
        spool.count("haiduong", key_of(path), path)
    spool.flush()
    (file,) = tmp_path.iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(key, visits) for _, key, _, _, visits in lines] == [
        (key_of("/a"), 2),
        (key_of("/b"), 1),
    ]
    assert spool.dropped == 1


@pytest.mark.usefixtures("sites")
def test_an_address_asked_for_as_its_key_needs_no_second_spelling(
    database: Database, spool: MissSpool, tmp_path: Path
) -> None:
    for _ in range(3):
        spool.count("haiduong", key_of("/tin-tức"))
    spool.count("haiduong", key_of("/tin-tức"), "http://haiduong.gov.vn/TIN-TUC")
    spool.count("haiduong", CanonicalUrl("haiduong.gov.vn/" + "x" * LONGEST_ADDRESS))
    spool.flush()
    spool.flush()
    fold(database, tmp_path / "misses")
    assert visits(database) == {key_of("/tin-tức"): 4}
    with database.reading() as connection:
        (miss,) = Misses(connection).listing()
    assert miss.raw in {"http://haiduong.gov.vn/TIN-TUC", "http://haiduong.gov.vn/tin-tức"}
    assert (miss.first_on, miss.last_on) == (DAY, DAY)


def test_a_flood_of_long_addresses_is_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.misses.MOST_NOTED_BYTES", 20_000)
    spool = MissSpool(tmp_path, today=lambda: DAY)
    for number in range(30):
        spool.count("haiduong", key_of(f"/{number}/" + "x" * 1_000))
        spool.count("bacninh", CanonicalUrl(f"bacninh.gov.vn/{number}"))
    spool.flush()
    assert 30 <= spool.dropped < 60
    spool.count("haiduong", key_of("/sau-do"))
    spool.flush()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert 0 < len(kept) < 20_000
    assert b"/sau-do" in kept


def test_counts_do_not_pile_up_while_they_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.misses.MOST_ADDRESSES", 2)
    directory = tmp_path / "misses"
    directory.write_text("a file where the directory should be")
    spool = MissSpool(directory, today=lambda: DAY)
    write = spool._write

    def visited_while_writing(data: bytes) -> None:
        for path in ("/a", "/new", "/newer"):
            spool.count("haiduong", key_of(path), path)
        write(data)

    monkeypatch.setattr(spool, "_write", visited_while_writing)
    for _ in range(3):
        for path in ("/a", "/b"):
            spool.count("haiduong", key_of(path), path)
        with pytest.raises(CatalogueError, match="misses"):
            spool.flush()
    directory.unlink()
    monkeypatch.setattr(spool, "_write", write)
    spool.flush()
    (file,) = directory.iterdir()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert {key: visits for _, key, _, _, visits in lines} == {key_of("/a"): 6, key_of("/b"): 3}
    assert spool.dropped > 0


def test_a_day_is_the_portals_day() -> None:
    now = datetime.now(UTC)
    assert today_in_vietnam() in {now.astimezone(VIETNAM).date(), datetime.now(VIETNAM).date()}
