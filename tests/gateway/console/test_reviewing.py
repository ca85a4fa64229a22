"""The list of documents: filters, paging, clusters, and decisions taken together."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from catalogue.document import DocumentState
from catalogue.review import Decision, Verb
from gateway.console.reviewing import decisions_for
from tests.gateway.console.office import PIECES, Office, import_piece

IMPORTED, ACCEPTED, REJECTED = "imported", "accepted", "rejected"


def titles(page: str) -> list[str]:
    return [each.text(strip=True) for each in LexborHTMLParser(page).css("td.name > a")]


def follow(client: TestClient, answer: object) -> str:
    assert answer.status_code == 303
    return client.get(answer.headers["location"]).text


def test_the_list_begins_with_what_awaits_review(client: TestClient) -> None:
    page = client.get("/tai-lieu").text
    shown = titles(page)
    assert len(shown) == 7
    assert "Sổ lưu niệm trang 9" not in shown
    assert "Cổng TTĐT tỉnh Hải Dương (cũ)" in page


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("trang-thai=quarantined", 1),
        ("trang-thai=tat-ca", 9),
        ("trang-thai=khong-co", 7),
        ("cong=gialoc", 3),
        ("cong=khong-co", 7),
        ("muc=van-ban", 2),
        ("loai=attachment", 2),
        ("trang-thai=tat-ca&co=spam", 1),
        ("chu=le%20hoi", 1),
        ("chu=L%E1%BB%84%20H%E1%BB%98I", 1),
        ("cong=gialoc&muc=van-ban", 0),
        ("sau=khong-phai-so", 7),
        (f"sau={'9' * 30}", 7),
        ("sau=3", 4),
    ],
)
def test_a_filter_narrows_the_list(client: TestClient, query: str, count: int) -> None:
    assert len(titles(client.get(f"/tai-lieu?{query}").text)) == count


def test_a_page_keeps_its_place_forwards_and_backwards(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.console.reviewing.PAGE_SIZE", 3)
    first = client.get("/tai-lieu").text
    onward = LexborHTMLParser(first).css_first("a[rel=next]").attributes["href"]
    second = client.get(f"/tai-lieu{onward}").text
    assert titles(first) + titles(second) == [piece.title for piece in PIECES[:5] + PIECES[6:7]]
    back = LexborHTMLParser(second).css_first("a[rel=prev]").attributes["href"]
    assert titles(client.get(f"/tai-lieu{back}").text) == titles(first)


def test_chosen_documents_are_accepted_together_and_taken_back(
    office: Office, client: TestClient
) -> None:
    form = {
        "viec": "accept",
        "chon": ["1", "3", "9", "77"],
        "trang-thai": "imported",
        "cong": "haiduong",
    }
    page = follow(client, client.post("/tai-lieu/quyet-dinh", data=form))
    assert office.states()[:3] == [ACCEPTED, IMPORTED, ACCEPTED]
    assert "Đã chấp nhận" in page
    assert "2 mục" in page  # the duplicate follows its head, the unknown one is nobody
    undo = LexborHTMLParser(page).css_first("form[action='/hoan-tac']")
    fields = {each.attributes["name"]: each.attributes["value"] for each in undo.css("input")}
    assert "cong=haiduong" in fields["ve"]
    assert "Đã hoàn tác" in follow(client, client.post("/hoan-tac", data=fields))
    assert office.states()[:3] == [IMPORTED] * 3


def test_undo_restores_each_document_to_its_own_state(office: Office, client: TestClient) -> None:
    client.post("/tai-lieu/quyet-dinh", data={"viec": "reject", "chon": ["2"]})
    form = {"viec": "accept", "chon": ["1", "2", "6"]}
    page = follow(client, client.post("/tai-lieu/quyet-dinh", data=form))
    batch = re.search(r'name="lo" value="([0-9a-f]+)"', page)
    assert batch is not None
    client.post("/hoan-tac", data={"lo": batch.group(1), "ve": "/tai-lieu"})
    assert [office.states()[place] for place in (0, 1, 5)] == [IMPORTED, REJECTED, "quarantined"]


def test_undo_leaves_what_was_decided_since_and_says_so(office: Office, client: TestClient) -> None:
    page = follow(
        client, client.post("/tai-lieu/quyet-dinh", data={"viec": "accept", "chon": ["1", "2"]})
    )
    batch = re.search(r'name="lo" value="([0-9a-f]+)"', page)
    assert batch is not None
    client.post("/tai-lieu/quyet-dinh", data={"viec": "reject", "chon": ["2"]})
    answer = client.post("/hoan-tac", data={"lo": batch.group(1), "ve": "/tai-lieu"})
    page = follow(client, answer)
    assert office.states()[:2] == [IMPORTED, REJECTED]
    assert "mục đã có quyết định mới hơn nên được giữ nguyên." in page


def test_an_unknown_batch_undoes_nothing(client: TestClient) -> None:
    answer = client.post("/hoan-tac", data={"lo": "khong-co", "ve": "//ke-xau.example"})
    assert answer.headers["location"] == "/"


def test_a_whole_filter_is_shown_before_it_is_decided(office: Office, client: TestClient) -> None:
    form = {"viec": "accept", "pham-vi": "loc", "muc": "tin-tuc"}
    preview = client.post("/tai-lieu/quyet-dinh", data=form)
    assert preview.status_code == 200
    assert set(office.states()[:5]) == {IMPORTED}
    tree = LexborHTMLParser(preview.text)
    assert len(tree.css("ol.samples li")) == 3
    fields = {
        each.attributes["name"]: each.attributes["value"] for each in tree.css("main form input")
    }
    assert fields["so-luong"] == "3"
    page = follow(client, client.post("/tai-lieu/quyet-dinh", data=fields | {"viec": "accept"}))
    assert "3 mục" in page
    assert office.states().count(ACCEPTED) == 3


def test_documents_that_came_after_the_preview_are_asked_about_again(
    office: Office, client: TestClient
) -> None:
    form = {"viec": "reject", "pham-vi": "loc", "muc": "tin-tuc"}
    tree = LexborHTMLParser(client.post("/tai-lieu/quyet-dinh", data=form).text)
    fields = {
        each.attributes["name"]: each.attributes["value"] for each in tree.css("main form input")
    }
    fresh = "http://www.haiduong.gov.vn/-/tin-den-sau"
    import_piece(office.settings, office.database, type(PIECES[0])(fresh, "Tin đến sau"))
    again = client.post("/tai-lieu/quyet-dinh", data=fields | {"viec": "reject"})
    assert again.status_code == 200
    assert "4 tài liệu" in again.text
    assert REJECTED not in office.states()


def test_a_filter_with_nothing_to_change_says_so(client: TestClient) -> None:
    form = {"viec": "quarantine", "pham-vi": "loc", "trang-thai": "quarantined"}
    assert "Không có gì để đổi" in client.post("/tai-lieu/quyet-dinh", data=form).text


def test_a_cluster_is_decided_with_one_button(office: Office, client: TestClient) -> None:
    tree = LexborHTMLParser(client.get("/tai-lieu").text)
    cards = tree.css("li.cluster")
    card = next(
        card
        for card in cards
        if "Trang TTĐT huyện Gia Lộc" in card.text() and "Tin tức" in card.text()
    )
    assert card.css_first(".size").text(strip=True) == "2"
    fields = [(each.attributes["name"], each.attributes["value"]) for each in card.css("input")]
    page = follow(
        client, client.post("/tai-lieu/quyet-dinh", data={**dict(fields), "viec": "accept"})
    )
    assert "2 mục" in page
    assert [office.states()[place] for place in (3, 4)] == [ACCEPTED, ACCEPTED]


def test_clusters_by_template_of_the_address(office: Office, client: TestClient) -> None:
    tree = LexborHTMLParser(client.get("/tai-lieu?theo=mau").text)
    templates = [each.text() for each in tree.css("li.cluster .address")]
    assert templates == ["gialoc.haiduong.gov.vn/index.php/tin-tuc/*"]
    form = {
        "cum-cong": "haiduong",
        "cum-muc": "tin-tuc",
        "cum-loai": "article",
        "cum-mau": "www.haiduong.gov.vn/-/*",
        "viec": "reject",
    }
    client.post("/tai-lieu/quyet-dinh", data=form)
    assert office.states().count(REJECTED) == 1


@pytest.mark.parametrize("verb", ["", "edit", "xoa"])
def test_a_verb_that_is_none_decides_nothing(office: Office, client: TestClient, verb: str) -> None:
    answer = client.post("/tai-lieu/quyet-dinh", data={"viec": verb, "chon": "1"})
    assert answer.status_code == 303
    assert office.states()[0] == IMPORTED


def test_only_what_changes_is_decided(office: Office) -> None:
    rows = [office.document(number) for number in (1, 6, 9)]
    assert decisions_for(rows, Verb.QUARANTINE) == [Decision(1, Verb.QUARANTINE)]
    assert decisions_for(rows, Verb.REOPEN) == [Decision(6, Verb.REOPEN), Decision(9, Verb.REOPEN)]
    assert rows[2].state is DocumentState.DUPLICATE


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        ("tat-ca", set()),
        ("duplicate", set()),
        ("imported", {"accept", "reject"}),
        ("accepted", {"reject"}),
    ],
)
def test_a_cluster_offers_only_verbs_that_mean_one_thing(
    client: TestClient, state: str, verbs: set[str]
) -> None:
    if state == "accepted":
        client.post("/tai-lieu/quyet-dinh", data={"viec": "accept", "chon": ["4", "5"]})
    tree = LexborHTMLParser(client.get(f"/tai-lieu?trang-thai={state}").text)
    assert {each.attributes["value"] for each in tree.css(".cluster button")} == verbs
