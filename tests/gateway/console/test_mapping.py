"""Mappings: the list, the form and its judgement, and the addresses nobody has decided."""

from __future__ import annotations

from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from catalogue.mappings import Mappings, StoredMapping
from catalogue.misses import Misses
from gateway.console.form import Form
from gateway.console.mapping_form import Draft, document_in, draft_in, judge
from redirects.mapping import MappingKind, SplitTarget
from redirects.sites import Sites
from tests.gateway.console.office import Office, office_settings

OLD = "http://www.haiduong.gov.vn/-/lich-tiep-cong-dan"


def stored(office: Office, address: str) -> StoredMapping | None:
    found = Sites(office.settings.sites()).key_of(address)
    assert found is not None
    with office.database.reading() as connection:
        return Mappings(connection).find(found[1])


@pytest.mark.parametrize(
    ("draft", "problems"),
    [
        (Draft(OLD, MappingKind.MOVED, "/tin-tuc"), {}),
        (Draft(OLD, MappingKind.TEMPORARY, "https://haiphong.gov.vn/x"), {}),
        (Draft(OLD, MappingKind.MOVED, "https://dichvucong.gov.vn/a"), {}),
        (Draft(OLD, MappingKind.MOVED, "doc:3"), {}),
        (Draft(OLD, MappingKind.MOVED, "unit:11008"), {}),
        (Draft(OLD, MappingKind.MOVED, ""), {"dich": "Hãy nhập địa chỉ đích."}),
        (Draft(OLD, MappingKind.MOVED, "tin-tuc"), {"dich": "Đích phải là đường dẫn"}),
        (Draft(OLD, MappingKind.MOVED, "javascript:alert(1)"), {"dich": "Đích phải là đường dẫn"}),
        (Draft(OLD, MappingKind.MOVED, "//ke-xau.example"), {"dich": "Đích phải là đường dẫn"}),
        (Draft(OLD, MappingKind.MOVED, "https://ke-xau.example"), {"dich": "Đích ở ngoài cổng"}),
        (Draft("", MappingKind.MOVED, "/a"), {"dia-chi": "Hãy nhập địa chỉ cũ."}),
        (Draft("http://la.vn/x", MappingKind.MOVED, "/a"), {"dia-chi": "không thuộc cổng cũ nào"}),
        (Draft(OLD, MappingKind.GONE), {"ly-do": "Hãy cho người dân biết"}),
        (Draft(OLD, MappingKind.GONE, reason="Đã hết hạn lấy ý kiến"), {}),
        (Draft(OLD, MappingKind.ARCHIVED), {}),
        (Draft(OLD, MappingKind.UNRESOLVED), {}),
        (Draft(OLD, MappingKind.SPLIT), {"tach": "ít nhất hai nơi đến"}),
        (
            Draft(OLD, MappingKind.SPLIT, targets=(SplitTarget("A", "/a"), SplitTarget("", "/b"))),
            {"tach": "cần một tên gọi"},
        ),
        (
            Draft(
                OLD, MappingKind.SPLIT, targets=(SplitTarget("A", "/a"), SplitTarget("B", "//x"))
            ),
            {"tach": "Đích phải là đường dẫn"},
        ),
        (
            Draft(OLD, MappingKind.SPLIT, targets=(SplitTarget("A", "/a"), SplitTarget("B", "/b"))),
            {},
        ),
    ],
)
def test_a_draft_is_judged_field_by_field(draft: Draft, problems: dict[str, str]) -> None:
    settings = office_settings(Path("khong-dung"))
    judgement = judge(draft, Sites(settings.sites()), settings.as_portal(()))
    assert set(judgement.problems) == set(problems)
    for name, message in problems.items():
        assert message in judgement.problems[name]
    assert (judgement.mapping is None) == bool(problems)


def test_the_form_pairs_names_with_targets_and_drops_empty_rows() -> None:
    form = Form(
        (
            *(("loai", "split"), ("dia-chi", OLD)),
            *(("nhan", "Xã Gia Lộc"), ("dich-tach", "unit:10999")),
            *(("nhan", ""), ("dich-tach", " ")),
            *(("nhan", "Xã Gia Phúc"), ("dich-tach", "unit:11050")),
        )
    )
    draft = draft_in(form)
    assert draft.kind is MappingKind.SPLIT
    assert [row.target for row in draft.targets] == ["unit:10999", "unit:11050"]
    assert len(draft.rows) == 4


@pytest.mark.parametrize(
    ("target", "number"), [("doc:12", 12), ("doc:x", None), ("unit:12", None), ("/doc:1", None)]
)
def test_a_reference_names_a_document(target: str, number: int | None) -> None:
    assert document_in(target) == number


def test_a_miss_is_mapped_in_two_steps(office: Office, client: TestClient) -> None:
    page = client.get("/chua-ro").text
    assert page.index("lich-tiep-cong-dan") < page.index("tabid=119")
    link = LexborHTMLParser(page).css_first("td a[data-key=o]")
    form = LexborHTMLParser(client.get(link.attributes["href"]).text)
    suggestion = form.css_first("a.button")
    assert "Thông báo lịch tiếp công dân tháng 7" in form.css_first("#goi-y + ul").text()
    filled = LexborHTMLParser(client.get(suggestion.attributes["href"]).text)
    assert filled.css_first("#dich").attributes["value"] == "doc:2"
    data = {
        "dia-chi": filled.css_first("#dia-chi").attributes["value"],
        "loai": "moved",
        "dich": "doc:2",
        "ve": "/chua-ro",
    }
    answer = client.post("/anh-xa/sua", data=data)
    assert answer.headers["location"].startswith("/chua-ro?")
    assert "Đã ánh xạ" in client.get(answer.headers["location"]).text
    kept = stored(office, OLD)
    assert kept is not None
    assert (kept.state, kept.source, kept.mapping.target) == ("active", "editor", "doc:2")
    with office.database.reading() as connection:
        assert Misses(connection).total() == 1


def test_a_mapping_may_take_the_visitors_query_along(office: Office, client: TestClient) -> None:
    form = LexborHTMLParser(client.get(f"/anh-xa/sua?dia-chi={OLD}").text)
    assert form.css_first("input[name=truy-van][checked]").attributes["value"] == "drop"
    data = {"dia-chi": OLD, "loai": "moved", "dich": "/tin-tuc", "truy-van": "pass"}
    client.post("/anh-xa/sua", data=data)
    kept = stored(office, OLD)
    assert kept is not None
    assert kept.mapping.query == "pass"
    form = LexborHTMLParser(client.get(f"/anh-xa/sua?dia-chi={OLD}").text)
    assert form.css_first("input[name=truy-van][checked]").attributes["value"] == "pass"

    client.post("/anh-xa/sua", data=data | {"loai": "gone", "ly-do": "Hết hạn"})
    kept = stored(office, OLD)
    assert kept is not None
    assert kept.mapping.query == "drop"  # it would mean nothing


def test_undoing_a_mapping_brings_its_miss_back(office: Office, client: TestClient) -> None:
    answer = client.post("/anh-xa/sua", data={"dia-chi": OLD, "loai": "moved", "dich": "/tin-tuc"})
    tree = LexborHTMLParser(client.get(answer.headers["location"]).text)
    fields = {
        each.attributes["name"]: each.attributes["value"]
        for each in tree.css("form[action='/hoan-tac'] input")
    }
    client.post("/hoan-tac", data=fields)
    assert stored(office, OLD) is None
    with office.database.reading() as connection:
        assert Misses(connection).total() == 2


def test_a_slip_is_told_beside_its_field_and_nothing_is_kept(
    office: Office, client: TestClient
) -> None:
    data = {"dia-chi": OLD, "loai": "moved", "dich": "https://ke-xau.example/"}
    answer = client.post("/anh-xa/sua", data=data)
    assert answer.status_code == 422
    tree = LexborHTMLParser(answer.text)
    assert "Đích ở ngoài cổng" in tree.css_first("#loi-dich").text()
    assert tree.css_first("#dich").attributes["aria-invalid"] == "true"
    assert tree.css_first("#dich").attributes["value"] == "https://ke-xau.example/"
    assert stored(office, OLD) is None


@pytest.mark.parametrize("target", ["doc:999", "doc:x", "doc:99999999999999999999"])
def test_a_document_that_is_not_there_is_no_target(
    office: Office, client: TestClient, target: str
) -> None:
    data = {"dia-chi": OLD, "loai": "moved", "dich": target}
    answer = client.post("/anh-xa/sua", data=data)
    assert answer.status_code == 422
    assert "Không có tài liệu nào mang số này." in answer.text
    assert stored(office, OLD) is None


def test_a_mapping_that_is_there_fills_the_form(client: TestClient) -> None:
    address = "www.haiduong.gov.vn/-/khai-mac-le-hoi-con-son-kiep-bac"
    tree = LexborHTMLParser(client.get(f"/anh-xa/sua?dia-chi={address}").text)
    assert tree.css_first("#dich").attributes["value"] == "doc:1"
    assert tree.css_first("input[name=loai][checked]").attributes["value"] == "moved"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("", 9),
        ("cong=gialoc", 5),
        ("trang-thai=suggested", 9),
        ("trang-thai=active", 0),
        ("chu=le-hoi", 2),
    ],
)
def test_the_list_of_mappings_is_narrowed(client: TestClient, query: str, count: int) -> None:
    tree = LexborHTMLParser(client.get(f"/anh-xa?{query}").text)
    assert len(tree.css("tbody tr")) == count


def test_the_list_of_mappings_goes_on(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.console.mapping.PAGE_SIZE", 4)
    seen = []
    query = "?cong=gialoc"
    while query:
        tree = LexborHTMLParser(client.get(f"/anh-xa{query}").text)
        seen += [each.text() for each in tree.css("tbody td.name a")]
        onward = tree.css_first("a[rel=next]")
        query = onward.attributes["href"] if onward else ""
    assert len(seen) == len(set(seen)) == 5


def test_the_list_of_misses_goes_on(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.console.misses.PAGE_SIZE", 1)
    tree = LexborHTMLParser(client.get("/chua-ro").text)
    second = LexborHTMLParser(
        client.get(f"/chua-ro{tree.css_first('a[rel=next]').attributes['href']}").text
    )
    assert "tabid=119" in second.css_first("tbody").text()
    assert second.css_first("a[rel=prev]") is not None
    assert second.css_first("a[rel=next]") is None


def test_an_empty_form_offers_nothing(client: TestClient) -> None:
    page = client.get("/anh-xa/sua").text
    assert "Không tìm được tài liệu nào" in page
