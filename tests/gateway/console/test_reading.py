"""One document: the original beside what will be published, and the verdict."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from tests.gateway.console.office import Office


def test_a_document_shows_what_it_is_and_where_it_came_from(client: TestClient) -> None:
    page = client.get("/tai-lieu/3?muc=van-ban").text
    tree = LexborHTMLParser(page)
    assert tree.css_first("h1").text() == "Quyết định phê duyệt quy hoạch sử dụng đất đến năm 2030"
    assert "1218/QĐ-UBND" in page
    assert "www.haiduong.gov.vn/-/quyet-inh-phe-duyet-quy-hoach-su-dung-at" in page
    assert "Đề xuất" in page
    assert "thu thập tự động" in page
    assert tree.css_first("iframe").attributes["sandbox"] == ""
    assert tree.css_first("a[data-key=j]").attributes["href"].startswith("/tai-lieu/7?")
    assert tree.css_first("a[data-key=k]") is None


def test_a_document_nobody_knows_is_a_page_of_ours(client: TestClient) -> None:
    huge = "9" * 5_000
    for path in ("/tai-lieu/999", "/tai-lieu/999/tep", f"/tai-lieu/{huge}", "/tai-lieu/quyet-dinh"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert "Không có tài liệu nào mang số này." in answer.text
    assert client.post("/tai-lieu/999/quyet-dinh", data={"viec": "accept"}).status_code == 404


@pytest.mark.parametrize(
    ("verb", "state"),
    [("accept", "accepted"), ("reject", "rejected"), ("quarantine", "quarantined")],
)
def test_a_verdict_leads_to_the_next_document_of_the_filter(
    office: Office, client: TestClient, verb: str, state: str
) -> None:
    form = {"viec": verb, "trang-thai": "imported", "cong": "haiduong"}
    answer = client.post("/tai-lieu/1/quyet-dinh", data=form)
    onward = urlsplit(answer.headers["location"])
    assert onward.path == "/tai-lieu/2"
    assert dict(parse_qsl(onward.query))["cong"] == "haiduong"
    assert office.document(1).state == state
    page = client.get(answer.headers["location"]).text
    assert "Khai mạc lễ hội Côn Sơn" in LexborHTMLParser(page).css_first(".notice").text()


def test_undo_leads_back_to_the_document_that_was_decided(
    office: Office, client: TestClient
) -> None:
    answer = client.post("/tai-lieu/1/quyet-dinh", data={"viec": "accept"})
    tree = LexborHTMLParser(client.get(answer.headers["location"]).text)
    fields = {
        each.attributes["name"]: each.attributes["value"]
        for each in tree.css("form[action='/hoan-tac'] input")
    }
    back = client.post("/hoan-tac", data=fields)
    assert back.headers["location"].startswith("/tai-lieu/1?")
    assert office.document(1).state == "imported"
    assert (
        LexborHTMLParser(client.get(back.headers["location"]).text).css_first(
            "form[action='/hoan-tac']"
        )
        is None
    )


def test_after_the_last_document_comes_the_list(client: TestClient) -> None:
    answer = client.post("/tai-lieu/8/quyet-dinh", data={"viec": "reject"})
    assert urlsplit(answer.headers["location"]).path == "/tai-lieu"
    assert "con-son.png" in client.get(answer.headers["location"]).text


def test_reopening_stays_on_the_document(office: Office, client: TestClient) -> None:
    answer = client.post(
        "/tai-lieu/6/quyet-dinh", data={"viec": "reopen", "trang-thai": "quarantined"}
    )
    assert urlsplit(answer.headers["location"]).path == "/tai-lieu/6"
    assert office.document(6).state == "imported"


def test_title_and_section_are_edited_and_remembered_as_a_decision(
    office: Office, client: TestClient
) -> None:
    form = {"viec": "edit", "tieu-de": "  Lễ hội mùa thu Côn Sơn ", "muc-moi": "thu-vien"}
    answer = client.post("/tai-lieu/1/quyet-dinh", data=form)
    document = office.document(1)
    assert (document.title, document.section) == ("Lễ hội mùa thu Côn Sơn", "thu-vien")
    page = client.get(answer.headers["location"]).text
    assert "Đã sửa" in page
    assert "bientap" in page


@pytest.mark.parametrize(
    ("number", "form", "message"),
    [
        (1, {"viec": "edit", "tieu-de": "  ", "muc-moi": "tin-tuc"}, "Hãy nhập tiêu đề."),
        (1, {"viec": "edit", "tieu-de": "Tên", "muc-moi": "khong-co"}, "Hãy chọn một chuyên mục"),
        (9, {"viec": "edit", "tieu-de": "Tên", "muc-moi": "tin-tuc"}, "hãy sửa bản chính"),
        (9, {"viec": "accept"}, "hãy quyết định trên bản chính"),
    ],
)
def test_a_decision_that_cannot_be_taken_says_why(
    client: TestClient, number: int, form: dict[str, str], message: str
) -> None:
    answer = client.post(f"/tai-lieu/{number}/quyet-dinh", data=form)
    assert answer.status_code == 422
    assert message in answer.text


def test_a_decision_that_another_editor_overtook_is_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.console.reading._problem", lambda *_looked_at_too_early: "")
    answer = client.post("/tai-lieu/9/quyet-dinh", data={"viec": "accept"})
    assert answer.status_code == 409
    assert "Người khác vừa quyết định" in answer.text


def test_a_verb_nobody_knows_changes_nothing(office: Office, client: TestClient) -> None:
    answer = client.post("/tai-lieu/1/quyet-dinh", data={"viec": "xoa"})
    assert answer.status_code == 303
    assert office.document(1).state == "imported"


def test_a_duplicate_names_its_head(client: TestClient) -> None:
    tree = LexborHTMLParser(client.get("/tai-lieu/9").text)
    assert tree.css_first(".hint a").attributes["href"].startswith("/tai-lieu/1?")
    verbs = [each.attributes["value"] for each in tree.css(".verdict button")]
    assert verbs == ["reopen"]


def test_the_original_runs_nothing(client: TestClient) -> None:
    answer = client.get("/tai-lieu/1/ban-goc")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<script" not in answer.text
    assert "alert(1)" not in answer.text
    assert "Khai mạc lễ hội Côn Sơn" in answer.text


def test_an_archived_picture_is_shown_and_a_file_is_offered(client: TestClient) -> None:
    picture = client.get("/tai-lieu/8/ban-goc")
    assert picture.headers["content-type"] == "image/png"
    assert picture.headers["content-security-policy"].startswith("sandbox")
    assert "hãy tải về để xem" in client.get("/tai-lieu/7/ban-goc").text
    file = client.get("/tai-lieu/7/tep")
    assert file.content == b"%PDF-1.4 ban goc"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''1218-QD-UBND.pdf"
    assert file.headers["content-type"] == "application/octet-stream"


def test_an_original_that_cannot_be_read_says_so(office: Office, client: TestClient) -> None:
    for path in office.settings.archive_directory.rglob("*.warc.gz"):
        path.unlink()
    answer = client.get("/tai-lieu/1/ban-goc")
    assert answer.status_code == 404
    assert "Không đọc được bản gốc" in answer.text
    assert client.get("/tai-lieu/1").status_code == 200
