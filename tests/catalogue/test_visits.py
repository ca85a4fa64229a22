"""Visits: added up in little memory, kept a month, counted once."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, date, datetime

from catalogue.database import Database
from catalogue.tally import MonthOfVisits, Tally
from catalogue.visits import LogMark, Visits
from redirects.mapping import CanonicalUrl
from tests.catalogue.worlds import World, key_of

JUNE, JULY = date(2025, 6, 1), date(2025, 7, 1)
NOW = datetime(2025, 7, 2, tzinfo=UTC)


def test_a_tally_adds_up_beyond_its_memory_and_gives_the_most_visited_first() -> None:
    with Tally(held=2) as tally:
        for day in (3, 9, 30):
            tally.add(key_of("/a"), date(2025, 6, day))
        tally.add(key_of("/b"), JULY, 9)
        tally.add(key_of("/a"), JULY)

        assert tally.visits == 13
        assert list(tally.addresses()) == [(key_of("/b"), 9), (key_of("/a"), 4)]
        assert list(tally.months()) == [
            MonthOfVisits(key_of("/a"), JUNE, 3),
            MonthOfVisits(key_of("/a"), JULY, 1),
            MonthOfVisits(key_of("/b"), JULY, 9),
        ]
        tally.clear()
        assert (tally.visits, list(tally.months())) == (0, [])


def test_three_hundred_thousand_addresses_take_no_more_memory_than_thirty_thousand() -> None:
    def peak(addresses: int) -> int:
        gc.collect()
        tracemalloc.start()
        with Tally(held=1_000) as tally:
            for number in range(addresses):
                tally.add(CanonicalUrl(f"haiduong.gov.vn/tin/bai-{number}.html"), JUNE)
            assert sum(1 for _ in tally.addresses()) == addresses
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(300_000) < 1.2 * peak(30_000)


def test_visits_add_up_by_month_and_a_log_is_remembered(database: Database) -> None:
    months = [MonthOfVisits(key_of("/a"), JUNE, 3), MonthOfVisits(key_of("/b"), JUNE, 4)]
    mark = LogMark(120, "ab" * 32)
    with database.writing() as connection:
        World(connection)
        visits = Visits(connection)
        visits.add("haiduong", months)
        visits.add("haiduong", [MonthOfVisits(key_of("/a"), JULY, 2)])
        visits.add("haiduong", [MonthOfVisits(key_of("/a"), JUNE, 1)])
        visits.mark("haiduong", mark, visits=7, now=NOW)
        visits.mark("haiduong", mark, visits=7, now=NOW)
    with database.reading() as connection:
        visits = Visits(connection)

        assert list(visits.addresses("haiduong")) == [(key_of("/a"), 6), (key_of("/b"), 4)]
        assert visits.total("haiduong") == 10
        assert visits.marks("haiduong") == {mark}
