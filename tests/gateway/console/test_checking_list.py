"""Checking a pasted list: each address answered as serving would, as a table and as CSV."""

from __future__ import annotations

import csv
import io

import pytest
from starlette.testclient import TestClient

from gateway.console.checking_list import MOST_ADDRESSES
from gateway.publishing import ground_of, publish
from tests.gateway.console.office import Office

OLD = "http://www.haiduong.gov.vn/-/khai-mac-le-hoi-con-son-kiep-bac"
LIST = (
    f"{OLD}\r\n\r\nwww.haiduong.gov.vn/khong-co\r\n{OLD}\r\nhttp://khong-co.vn/x\r\nftp://a.vn/\r\n"
)
PAGE = "/kiem-tra/danh-sach"


@pytest.fixture
def published(office: Office) -> Office:
    settings = office.settings
    publish(office.database, ground_of(settings), directory=settings.snapshot_directory)
    return office


def rows(client: TestClient, pasted: str) -> list[list[str]]:
    answer = client.post(PAGE, data={"danh-sach": pasted, "dang": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_an_empty_list_is_a_form(client: TestClient) -> None:
    page = client.get(PAGE).text
    assert "mỗi dòng một địa chỉ" in page
    assert "Bước quyết định" not in page
    assert "Bước quyết định" not in client.post(PAGE, data={"danh-sach": " \n "}).text


@pytest.mark.usefixtures("published")
def test_each_address_of_a_list_has_its_answer_and_its_rung(client: TestClient) -> None:
    page = client.post(PAGE, data={"danh-sach": LIST}).text
    for said in (
        "Bản lưu của trang cũ.",
        "Trang báo chưa tìm thấy (404)",
        "Máy chủ này không thuộc cổng nào (421).",
        "Không phải một địa chỉ http(s).",
        "Chưa quyết định",
    ):
        assert said in page


def test_the_answers_come_as_a_table_for_spreadsheets(
    published: Office, client: TestClient
) -> None:
    client.post("/tai-lieu/1/quyet-dinh", data={"viec": "accept"})
    settings = published.settings
    publish(published.database, ground_of(settings), directory=settings.snapshot_directory)
    head, *found = rows(client, LIST + "=1+1")
    assert head == ["old_url", "outcome", "status", "target", "rung", "key"]
    assert found[0][:5] == [
        OLD, "moved", "301", "https://haiphong.gov.vn/tin-tuc/bai-viet-1", "mapping",
    ]  # fmt: skip
    assert [row[1] for row in found[1:4]] == ["unresolved", "unknownhost", "unreadable"]
    assert found[4][0].startswith("'=")  # nothing a spreadsheet would run


@pytest.mark.usefixtures("published")
def test_a_list_of_thousands_is_answered_and_a_longer_one_refused(client: TestClient) -> None:
    lines = [f"www.haiduong.gov.vn/tin/{number}.aspx" for number in range(MOST_ADDRESSES)]
    assert len(rows(client, "\n".join(lines))) == MOST_ADDRESSES + 1
    too_long = client.post(PAGE, data={"danh-sach": "\n".join([*lines, "b.vn"]), "dang": "csv"})
    assert "Danh sách quá dài" in too_long.text


def test_what_cannot_be_checked_is_told(office: Office, client: TestClient) -> None:
    assert "Chưa có bản công bố nào" in client.post(PAGE, data={"danh-sach": OLD}).text
    folder = office.settings.snapshot_directory
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0000000001-00000000.snapshot").write_bytes(b"rac")
    assert "Không mở được bản công bố" in client.post(PAGE, data={"danh-sach": OLD}).text
