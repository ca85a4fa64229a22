"""Misses in the console: suggestions beside each, accepted by one key, in bulk, and taken back."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode
from starlette.testclient import TestClient

from catalogue.decisions import import_mappings, take
from catalogue.mappings import Mappings
from catalogue.misses import MissCount, Misses
from catalogue.review import Decision, Verb
from redirects.mapping import Mapping, MappingKind
from redirects.sites import Sites
from tests.gateway.console.office import NOW, Office

SURE = {
    "http://www.haiduong.gov.vn/web/guest/tin/thong-bao-lich-tiep-cong-dan-thang-7": "doc:2",
    "http://gialoc.haiduong.gov.vn/gia-loc-thu-hoach-rau-vu-dong-gia-ban-on-dinh": "doc:4",
}
UNPUBLISHED = "http://gialoc.haiduong.gov.vn/ra-quan-lam-duong-giao-thong-nong-thon"


@pytest.fixture
def wanted(office: Office) -> Office:
    """An office whose misses have sure suggestions, one of a document that is not public."""
    sites = Sites(office.settings.sites())
    with office.database.writing() as connection:
        take(connection, [Decision(each, Verb.ACCEPT) for each in (2, 4)], editor="h", now=NOW)
        for address in (*SURE, UNPUBLISHED):
            found = sites.key_of(address)
            assert found is not None
            count = MissCount(found[0].name, found[1], address, 100, NOW.date())
            Misses(connection).add([count])
    return office


def rows(client: TestClient) -> dict[str, LexborNode]:
    tree = LexborHTMLParser(client.get("/chua-ro").text)
    return {row.css_first(".address").text(): row for row in tree.css("tbody tr")}


def fields(form: LexborNode) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in form.css("input"):
        found.setdefault(each.attributes["name"] or "", []).append(each.attributes["value"] or "")
    return found


def decided(office: Office) -> dict[str, str | None]:
    with office.database.reading() as connection:
        listed = Mappings(connection).listing(state="active", limit=500)
        return {one.mapping.raw: one.mapping.target for one in listed if one.source == "suggestion"}


def test_each_miss_shows_what_it_may_be_with_score_and_reasons(wanted: Office) -> None:
    row = rows(wanted.client())[next(iter(SURE))]

    assert "Thông báo lịch tiếp công dân tháng 7" in row.text()
    assert "giống chữ trong địa chỉ" in row.text()
    assert "khớp 9" in row.text()
    assert decided(wanted) == {}  # seeing is not accepting


def test_one_key_accepts_the_first_suggestion_of_a_line_and_u_takes_it_back(
    wanted: Office,
) -> None:
    client = wanted.client()
    address, target = next(iter(SURE.items()))
    form = rows(client)[address].css_first("form[action='/chua-ro']")
    assert form.css_first("button[data-key=a]") is not None

    answer = client.post("/chua-ro", data=fields(form))
    assert decided(wanted) == {address: target}
    page = LexborHTMLParser(client.get(answer.headers["location"]).text)
    assert "Đã nhận gợi ý" in page.css_first(".notice").text()

    client.post("/hoan-tac", data=fields(page.css_first("form[action='/hoan-tac']")))
    assert decided(wanted) == {}
    assert address in rows(client)


def test_the_sure_ones_of_a_page_are_accepted_together(wanted: Office) -> None:
    client = wanted.client()
    page = LexborHTMLParser(client.get("/chua-ro").text)
    bulk = page.css_first("form.card")
    client.post("/chua-ro", data=fields(bulk))

    assert decided(wanted) == SURE


def test_what_is_not_public_or_has_changed_since_is_not_accepted(wanted: Office) -> None:
    client = wanted.client()
    assert rows(client)[UNPUBLISHED].css_first("button[data-key=a]") is None
    key = UNPUBLISHED.removeprefix("http://")
    for target in ("doc:5", "doc:2", "https://evil.example/", "unit:31"):
        answer = client.post("/chua-ro", data={"dia-chi": key, "dich": target})
        assert answer.headers["location"] == "/chua-ro"
    client.post("/chua-ro", data={"dia-chi": "la.vn/x", "dich": "doc:2"})
    doubtful = {"dia-chi": "www.haiduong.gov.vn/-/lich-tiep-cong-dan", "dich": "doc:2"}
    both = {name: [value, "x"] for name, value in doubtful.items()}
    client.post("/chua-ro", data=both)  # of several only the sure ones

    assert decided(wanted) == {}


def test_without_an_index_the_clues_still_suggest(wanted: Office) -> None:
    wanted.settings.index_directory.mkdir(parents=True, exist_ok=True)
    (wanted.settings.index_directory / "meta.json").write_text("{", encoding="utf-8")

    assert "Thông báo lịch tiếp công dân" in rows(wanted.client())[next(iter(SURE))].text()


def test_the_inbox_warns_when_a_site_is_sent_home(office: Office, client: TestClient) -> None:
    assert "404 mềm" not in client.get("/").text
    sites = Sites(office.settings.sites())
    placed = []
    for number in range(6):
        address = f"http://gialoc.haiduong.gov.vn/trang-{number}"
        found = sites.key_of(address)
        assert found is not None
        placed.append(("gialoc", Mapping(found[1], address, MappingKind.MOVED, "/")))
    with office.database.writing() as connection:
        import_mappings(connection, placed, editor="h", now=NOW)
    page = client.get("/").text

    assert "404 mềm" in page
    assert "(6 trong 6)" in page
