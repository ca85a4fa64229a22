"""Checking an address: the ladder of serving, in the editor's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from gateway.console.checking import SpokenRung, spoken
from gateway.publishing import ground_of, publish
from redirects.mapping import CanonicalUrl
from redirects.resolution import Explanation, Moved, Step, UnknownHost
from tests.gateway.console.office import Office

OLD = "http://www.haiduong.gov.vn/-/khai-mac-le-hoi-con-son-kiep-bac"


@pytest.fixture
def published(office: Office) -> Office:
    settings = office.settings
    publish(office.database, ground_of(settings), directory=settings.snapshot_directory)
    return office


def test_before_anything_was_published_the_page_says_so(client: TestClient) -> None:
    assert "Chưa có bản công bố nào" in client.get(f"/kiem-tra?dia-chi={OLD}").text


def test_an_empty_question_is_a_form(client: TestClient) -> None:
    assert "Người dân sẽ thấy" not in client.get("/kiem-tra").text


def test_an_address_is_explained_rung_by_rung(published: Office, client: TestClient) -> None:
    page = client.get(f"/kiem-tra?dia-chi={OLD}").text
    assert "Bản lưu của trang cũ." in page  # accepted by nobody, but a copy is held
    for rung in ("Máy chủ", "Tuyến API", "Quy tắc đi trước", "Ánh xạ", "Bản lưu"):
        assert rung in page
    assert "bản mới chưa lên" not in page


def test_a_decision_that_is_not_live_yet_is_told(published: Office, client: TestClient) -> None:
    client.post("/tai-lieu/1/quyet-dinh", data={"viec": "accept"})
    assert "bản mới chưa lên" in client.get(f"/kiem-tra?dia-chi={OLD}").text
    publish(
        published.database,
        ground_of(published.settings),
        directory=published.settings.snapshot_directory,
    )
    page = client.get(f"/kiem-tra?dia-chi={OLD.removeprefix('http://')}").text
    assert "Được chuyển ngay đến địa chỉ mới." in page
    assert "https://haiphong.gov.vn/tin-tuc/bai-viet-1" in page
    assert "bản mới chưa lên" not in page


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://khong-co.vn/x", "Máy chủ này không thuộc cổng nào (421)."),
        ("http://www.haiduong.gov.vn/khong-co", "Trang báo chưa tìm thấy (404)"),
        ("https://haiphong.gov.vn/tin-tuc", "Trang do chính cổng mới phục vụ."),
        ("ftp://haiphong.gov.vn/", "Đây không phải là một địa chỉ http(s)."),
        ("http://", "Đây không phải là một địa chỉ http(s)."),
    ],
)
def test_every_answer_is_said_in_words(
    published: Office, client: TestClient, address: str, said: str
) -> None:
    assert said in client.get("/kiem-tra", params={"dia-chi": address}).text


def test_a_snapshot_that_cannot_be_opened_is_told(office: Office, client: TestClient) -> None:
    folder: Path = office.settings.snapshot_directory
    folder.mkdir(parents=True)
    (folder / "0000000001-00000000.snapshot").write_bytes(b"rac")
    assert "Không mở được bản công bố" in client.get(f"/kiem-tra?dia-chi={OLD}").text


def test_a_remark_behind_an_answer_is_kept() -> None:
    key = CanonicalUrl("a.vn/x")
    moved = Moved("a", key, "https://b.vn/", 301)
    step = Step("rule", "301 to https://b.vn/, by rule tin")
    assert spoken(step, Explanation((step,), moved)) == SpokenRung(
        "Quy tắc theo mẫu", "Được chuyển ngay đến địa chỉ mới.", "by rule tin"
    )
    odd = Step("rule", "rule tin refused: foreign")
    assert spoken(odd, Explanation((odd,), UnknownHost("x"))) == SpokenRung(
        "Quy tắc theo mẫu", "", "rule tin refused: foreign"
    )
