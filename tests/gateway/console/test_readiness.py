"""Readiness in the console: what has a decision, what to decide first, counted once a snapshot."""

from __future__ import annotations

import re
from datetime import date

import pytest
from starlette.testclient import TestClient

from catalogue.tally import MonthOfVisits
from catalogue.visits import LogMark, Visits
from gateway.console.readiness import share_text
from gateway.publishing import ground_of, publish
from redirects.mapping import CanonicalUrl
from tests.gateway.console.office import NOW, Office

HOST = "www.haiduong.gov.vn"


def count(office: Office, digest: str, **visits: int) -> None:
    months = [
        MonthOfVisits(CanonicalUrl(f"{HOST}/{path}"), date(2025, 6, 1), times)
        for path, times in visits.items()
    ]
    with office.database.writing() as connection:
        Visits(connection).add("haiduong", months)
        Visits(connection).mark("haiduong", LogMark(1, digest), visits=len(months), now=NOW)


def compile_again(office: Office) -> None:
    settings = office.settings
    publish(office.database, ground_of(settings), directory=settings.snapshot_directory)


def undecided(page: str) -> list[str]:
    return re.findall(rf">{re.escape(HOST)}(/[^<]*)</a>", page)


def test_before_anything_was_published_or_read_the_page_says_so(
    office: Office, client: TestClient
) -> None:
    assert "Chưa có bản công bố nào" in client.get("/san-sang").text
    compile_again(office)
    assert "hopnhat traffic import" in client.get("/san-sang").text


def test_the_most_visited_undecided_address_comes_first_and_is_decided_from_here(
    office: Office, client: TestClient
) -> None:
    count(office, "one", a=60, b=36, c=4)
    compile_again(office)
    page = client.get("/san-sang").text
    assert undecided(page) == ["/a", "/b", "/c"]
    assert "0 % (0 trong 100 lượt)" in page
    assert "Chưa sẵn sàng" in page
    assert "/san-sang" in client.get("/").text

    for path in ("a", "b"):
        form = client.get(f"/anh-xa/sua?dia-chi={HOST}/{path}&ve=/san-sang").text
        assert f'value="{HOST}/{path}"' in form
        answer = client.post(
            "/anh-xa/sua",
            data={"dia-chi": f"{HOST}/{path}", "loai": "moved", "dich": "/x", "ve": "/san-sang"},
        )
        assert answer.headers["location"].startswith("/san-sang?lo=")
    assert "bản mới chưa lên" in client.get("/san-sang").text
    compile_again(office)
    page = client.get("/san-sang").text
    assert undecided(page) == ["/c"]
    assert "96 % (96 trong 100 lượt)" in page
    assert "66,6 % (2 trong 3 địa chỉ)" in page  # enough visits, too few of the most visited

    client.post(
        "/anh-xa/sua", data={"dia-chi": f"{HOST}/c", "loai": "gone", "ly-do": "Hết hiệu lực"}
    )
    compile_again(office)
    page = client.get("/san-sang").text
    assert "Chưa sẵn sàng" not in page
    assert "Mọi địa chỉ được hỏi đều đã có quyết định." in page


def test_a_log_read_since_is_counted_without_a_new_snapshot(
    office: Office, client: TestClient
) -> None:
    count(office, "one", a=1)
    compile_again(office)
    assert undecided(client.get("/san-sang").text) == ["/a"]
    count(office, "two", b=2)
    assert undecided(client.get("/san-sang").text) == ["/b", "/a"]


def test_of_many_the_most_visited_are_shown_and_the_others_counted(
    office: Office, client: TestClient
) -> None:
    count(office, "one", **{f"p{number}": 100 + number for number in range(60)})
    compile_again(office)
    page = client.get("/san-sang?lang=en").text
    assert len(undecided(page)) == 50
    assert "10 more addresses without a decision" in page
    assert "NO GO" in page


def test_a_broken_snapshot_is_told(office: Office, client: TestClient) -> None:
    directory = office.settings.snapshot_directory
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "0000000009-00000000.snapshot").write_bytes(b"x")
    assert "Không mở được bản công bố mới nhất." in client.get("/san-sang").text


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.9499, "94,9 %"), (0.95, "95 %"), (0.29, "29 %"), (1, "100 %")],
)
def test_a_share_is_never_rounded_up(share: float, text: str) -> None:
    assert share_text(share) == text
