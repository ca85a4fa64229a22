"""A file is tried, shown and taken in the console, within bounds, and taken back as one batch."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from catalogue.decisions import decide_mapping
from catalogue.mappings import Mappings
from gateway.console import upload
from gateway.console.upload import Drawer
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from tests.gateway.console.office import NOW, Office

HOST = "www.haiduong.gov.vn"
ROWS = f"""Địa chỉ cũ;Loại;Địa chỉ mới
http://{HOST}/lịch;301;/lich
http://{HOST}//lịch/;301;/khac
http://{HOST}/=1+1;gone;
http://la.vn/a;301;/b
"""


def target_of(office: Office, path: str) -> str | None:
    with office.database.reading() as connection:
        found = Mappings(connection).find(CanonicalUrl(HOST + path))
    return found.mapping.target if found else None


def tried(client: TestClient, text: str = ROWS, **choices: str) -> str:
    files = {"tep": ("cũ.csv", text.encode())}
    answer = client.post("/anh-xa/nhap", files=files, data=choices)
    assert answer.status_code == 200, answer.text
    return answer.text


def hidden(page: str) -> dict[str, str]:
    form = page.partition('action="/anh-xa/nhap/lay"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="([^"]+)" value="([^"]*)"', form))


def figures(page: str) -> list[int]:
    return [int(each) for each in re.findall(r"<dd>(\d+)", page)]


def test_a_file_is_shown_before_it_is_taken_and_is_taken_back_as_one_batch(
    office: Office, client: TestClient
) -> None:
    assert "Chọn tệp hoặc dán nội dung" in client.get("/anh-xa/nhap").text
    page = tried(client)

    assert figures(page) == [2, 0, 0, 1, 1], "new, changed, same, conflict, refused"
    assert "utf-8" in page
    assert "dấu chấm phẩy" in page
    assert "la.vn" in page
    assert "Trái với dòng 2" in page
    assert target_of(office, "/lịch") is None, "trying changes nothing"

    taken = client.post("/anh-xa/nhap/lay", data=hidden(page))
    assert taken.status_code == 303
    assert target_of(office, "/lịch") == "/lich"
    shown = client.get(taken.headers["location"]).text
    assert "Đã nhập" in shown
    batch = re.findall(r'name="lo" value="([^"]+)"', shown)[0]
    assert "Đã nhập" in client.get("/").text
    client.post("/hoan-tac", data={"lo": batch})
    assert target_of(office, "/lịch") is None

    again = client.post("/anh-xa/nhap/lay", data=hidden(page))
    assert again.status_code == 409
    assert "Hãy gửi lại" in again.text


def test_what_an_editor_decided_is_kept_or_replaced_as_is_said(
    office: Office, client: TestClient
) -> None:
    key = CanonicalUrl(f"{HOST}/lịch")
    mine = Mapping(key, key, MappingKind.MOVED, "/cua-toi")

    def decide(mapping: Mapping) -> None:
        with office.database.writing() as connection:
            decide_mapping(connection, "haiduong", mapping, editor="bientap", now=NOW)

    one_row = f"{HOST}/lịch,301,/lich\n"
    before = tried(client, one_row, trung="thay")
    decide(mine)
    late = client.post("/anh-xa/nhap/lay", data=hidden(before))
    assert (late.status_code, target_of(office, "/lịch")) == (409, "/cua-toi")
    assert "Hãy xem lại" in late.text

    kept = tried(client, one_row)
    assert "Quyết định đang dùng được giữ." in kept
    assert "Không có gì để nhập." in kept
    replaced = tried(client, one_row, trung="thay")
    assert "Sẽ thay 1 quyết định của biên tập viên." in replaced
    assert client.post("/anh-xa/nhap/lay", data=hidden(replaced)).status_code == 303
    assert target_of(office, "/lịch") == "/lich"


def test_what_is_pasted_is_read_as_is_said(office: Office, client: TestClient) -> None:
    text = "/a /lich\n/cu/* /tim-kiem?q=:splat 302\n"
    choices = {"dan": text, "dang": "netlify", "cong": "haiduong", "ma": "utf-8", "tach": "phay"}
    files = {"tep": ("", b"")}
    page = client.post("/anh-xa/nhap", files=files, data=choices).text
    assert "Nội dung đã dán" in page
    assert "1 / 1" in page, "its rule"
    assert client.post("/anh-xa/nhap/lay", data=hidden(page)).status_code == 303
    assert target_of(office, "/a") == "/lich"

    again = client.post(
        "/anh-xa/nhap", files=files, data=choices | {"dan": "/a /lich\n/cu/* /khac 302\n"}
    ).text
    assert "Quy tắc cùng tên đang dùng:" in again

    nothing = client.post("/anh-xa/nhap", files=files, data={"dan": " "})
    assert nothing.status_code == 422
    sheet = b"PK\x03\x04 mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
    assert client.post("/anh-xa/nhap", files={"tep": ("a.ods", sheet)}).status_code == 422


def test_an_upload_has_bounds(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "MOST_BYTES", 50_000)

    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="tep"; filename="a.csv"\r\n\r\n'
        for _ in range(300):
            yield b"a" * 1000
        yield b"\r\n--x--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/anh-xa/nhap", content=body(), headers=kind).status_code == 413
    assert client.post("/anh-xa/nhap", data={"dan": "a"}).status_code == 415
    assert client.post("/anh-xa/nhap", content=b"hong", headers=kind).status_code == 400
    no_boundary = {"Content-Type": "multipart/form-data"}
    assert client.post("/anh-xa/nhap", content=b"", headers=no_boundary).status_code == 400
    many = {f"o{number}": "1" for number in range(30)}
    two = [("tep", ("a", b"1")), ("tep", ("b", b"2"))]
    assert client.post("/anh-xa/nhap", files={"tep": ("a", b"1")}, data=many).status_code == 400
    assert client.post("/anh-xa/nhap", files=two).status_code == 400


def test_a_stranger_uploads_nothing(office: Office) -> None:
    stranger = office.client(signed_in=False)
    answer = stranger.post("/anh-xa/nhap", files={"tep": ("a.csv", b"a")})
    assert answer.headers["location"].startswith("/dang-nhap")
    assert stranger.get("/anh-xa/bang.csv").status_code == 303
    assert not (office.settings.data / "imports").exists()


def test_a_file_name_is_shown_as_text(client: TestClient) -> None:
    files = {"tep": ("../../<b>x\u202e.csv", ROWS.encode())}
    page = client.post("/anh-xa/nhap", files=files).text
    assert "&lt;b&gt;x.csv" in page


def test_the_drawer_keeps_few_files_for_a_short_time(tmp_path: Path) -> None:
    drawer = Drawer(tmp_path / "imports")
    old = drawer.put(b"old", now=0)
    path = tmp_path / "imports" / old
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert drawer.find(old) == b"old"
    os.utime(path, (1_000, 1_000))
    names = [drawer.put(f"{n}".encode(), now=2_000_000) for n in range(upload.KEPT_FILES + 2)]
    assert drawer.find(old) is None
    assert sum(drawer.find(name) is not None for name in names) == upload.KEPT_FILES
    assert drawer.find("../catalogue.db") is None
    drawer.drop("../catalogue.db")
    drawer.drop(names[-1])
    drawer.drop(names[-1])
    assert drawer.find(names[-1]) is None


def test_the_table_that_goes_out_runs_nothing_and_comes_back_the_same(client: TestClient) -> None:
    text = f"old_url,kind,target,reason\n{HOST}/cu,gone,,=HYPERLINK(1)\n"
    client.post("/anh-xa/nhap/lay", data=hidden(tried(client, text)))

    table = client.get("/anh-xa/bang.csv")

    assert "attachment" in table.headers["content-disposition"]
    assert ",'=HYPERLINK(1)" in table.text
    assert figures(tried(client, table.content.decode("utf-8-sig")))[2] == 1, "all the same"
