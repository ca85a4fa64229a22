"""Upkeep: what goes on between requests, and what happens when it cannot."""

from __future__ import annotations

import asyncio
import threading
import time

from catalogue.misses import Misses, MissSpool
from catalogue.search.engine import SearchError, SearchUnavailable
from catalogue.search.engines import read_index
from catalogue.search.query import Query
from gateway.console.index import Index
from gateway.console.upkeep import Chore, Upkeep
from redirects.mapping import CanonicalUrl
from tests.gateway.console.office import NOW, Clock, Office


class Oven:
    """A chore that fails while it is cold."""

    def __init__(self) -> None:
        self.is_cold = True
        self.rounds = 0
        self.third_round = threading.Event()

    def bake(self) -> None:
        self.rounds += 1
        if self.rounds == 3:
            self.third_round.set()
        if self.is_cold:
            raise SearchUnavailable("lò nguội")


def test_a_chore_that_fails_is_shown_tried_again_and_forgotten_once_it_works() -> None:
    clock, oven, other = Clock(), Oven(), Oven()
    other.is_cold = False
    upkeep = Upkeep((Chore("a", "Nướng", oven.bake), Chore("b", "Khác", other.bake)), clock=clock)
    upkeep.round()
    clock.turn(minutes=5)
    upkeep.round()
    assert [(each.label, each.since, each.text) for each in upkeep.trouble] == [
        ("Nướng", NOW, "lò nguội")
    ]
    assert other.rounds == 2
    oven.is_cold = False
    upkeep.round()
    assert upkeep.trouble == []


def test_upkeep_runs_in_the_background_and_stops_when_asked() -> None:
    oven = Oven()
    upkeep = Upkeep((Chore("a", "Nướng", oven.bake),), clock=Clock(), interval=0.01)

    async def live_a_little() -> None:
        async with upkeep.running():
            assert await asyncio.to_thread(oven.third_round.wait, 10)

    asyncio.run(live_a_little())
    rounds = oven.rounds
    time.sleep(0.05)
    assert oven.rounds == rounds


def test_the_inbox_shows_what_is_left_and_what_was_done(office: Office) -> None:
    client = office.client()
    client.post("/tai-lieu/quyet-dinh", data={"viec": "accept", "chon": ["1", "2"]})
    page = client.get("/").text
    assert "Đã xử lý 44% tài liệu" in page
    assert "lich-tiep-cong-dan" in page
    assert "Đã chấp nhận: 2 mục" in " ".join(page.split())
    assert "không chạy được" not in page


def found_in_index(office: Office, words: str) -> int:
    """How many documents the public site would find; none while the index is being made."""
    try:
        engine = read_index(office.settings.search.engine, office.settings.index_directory)
        return engine.search(Query(text=words)).total
    except SearchError:
        return 0


def test_a_running_console_indexes_decisions_and_folds_misses(office: Office) -> None:
    key = CanonicalUrl("www.haiduong.gov.vn/mat")
    spool = MissSpool(office.settings.miss_directory)
    spool.count("haiduong", key, "http://www.haiduong.gov.vn/mat")
    spool.flush()
    with office.client() as client:
        client.post("/tai-lieu/quyet-dinh", data={"viec": "accept", "chon": ["1"]})
        deadline = time.monotonic() + 20
        while not found_in_index(office, "con son") and time.monotonic() < deadline:
            time.sleep(0.05)
        assert found_in_index(office, "con son") == 1
        with office.database.reading() as connection:
            assert Misses(connection).find(key) is not None


def test_an_index_that_is_not_ours_is_shown_on_the_inbox_and_the_console_goes_on(
    office: Office,
) -> None:
    office.settings.index_directory.mkdir()
    (office.settings.index_directory / "cua-ai.txt").write_text("không phải chỉ mục")
    with office.client() as client:
        client.post("/tai-lieu/quyet-dinh", data={"viec": "accept", "chon": ["1"]})
        deadline = time.monotonic() + 20
        page = ""
        while "Cập nhật chỉ mục tìm kiếm" not in page and time.monotonic() < deadline:
            page = client.get("/").text
        assert "không chạy được từ" in page
        form = client.get("/anh-xa/sua?dia-chi=www.haiduong.gov.vn/-/thu-hoach-rau-vu-dong")
        assert "Gia Lộc thu hoạch rau vụ đông" in form.text


def test_an_index_is_made_where_there_is_none(office: Office) -> None:
    index = Index(office.settings.search.engine, office.settings.index_directory)
    assert index.engine().count() == 0
    assert index.engine() is index.engine()
    index.close()
    index.close()


def test_a_database_that_is_away_is_told_in_a_page(office: Office) -> None:
    client = office.client()
    path = office.settings.data / "catalogue.db"
    office.database.close()
    for each in path.parent.glob("catalogue.db*"):
        each.rename(each.with_name(f"vang-{each.name}"))
    answer = client.get("/tai-lieu")
    assert answer.status_code == 503
    assert "Danh mục không làm được việc này lúc này." in answer.text
