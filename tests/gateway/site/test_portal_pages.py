"""The new portal's pages, as a citizen without script gets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx2 as httpx
import pytest

from catalogue.document import AttachmentLink
from catalogue.review import Verb

OLD = "http://www.haiduong.localhost"
Open = Callable[[Any], str]


@pytest.fixture
def visit(town: Any, open_town: Open) -> Callable[..., httpx.Response]:
    """Open the portal on first use and fetch a path of it."""
    opened: list[str] = []

    def get(path: str, **options: Any) -> httpx.Response:
        if not opened:
            opened.append(open_town(town))
        port = town.listening.getsockname()[1]
        return httpx.get(f"http://127.0.0.1:{port}{path}", **options)

    return get


def test_the_home_page_leads_to_sections_news_and_old_addresses(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    document = town.page(f"{OLD}/a", "Khai mạc lễ hội <Côn Sơn>", slug="le-hoi")
    answer = visit("/")
    assert answer.status_code == 200
    assert (
        f'<a href="/tin-tuc/le-hoi-{document.id}">Khai mạc lễ hội &lt;Côn Sơn&gt;</a>'
        in answer.text
    )
    assert '<a href="/tin-tuc">Tin tức</a>' in answer.text
    assert 'action="/luu-tru"' in answer.text
    assert "www.haiduong.localhost" in answer.text
    assert "<script" not in answer.text


def test_a_document_shows_what_it_is_and_where_it_came_from(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    document = town.page(
        f"{OLD}/vb/12",
        "Về giá đất",
        "<p>Điều 1.</p>",
        section="van-ban",
        slug="ve-gia-dat",
        number="12/2021/QĐ-UBND",
        agency="UBND tỉnh Hải Dương",
        on=date(2021, 3, 9),
    )
    text = visit(document.path).text
    for wanted in (
        "<p>Điều 1.</p>",
        "12/2021/QĐ-UBND",
        "UBND tỉnh Hải Dương",
        "9/3/2021",
        "Chuyển từ Cổng Thông tin điện tử tỉnh Hải Dương (cũ).",
        "Xem bản gốc ngày 28/6/2025",
        "/luu-tru?url=http%3A%2F%2Fwww.haiduong.localhost%2Fvb%2F12",
        "vẫn có hiệu lực theo quy định",
        f'<link rel="canonical" href="{town.url}{document.path}">',
    ):
        assert wanted in text
    assert "hết hiệu lực" not in text


def test_every_kind_of_page_says_once_which_address_is_its_own(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    document = town.page(f"{OLD}/vb/12", "Về giá đất", slug="ve-gia-dat")
    town.index()
    look_up = "/luu-tru?url=http%3A%2F%2Fwww.haiduong.localhost%2Fvb%2F12"
    for path, own in (
        ("/", "/"),
        ("/?lang=en", "/"),
        ("/tin-tuc", "/tin-tuc"),
        (document.path, document.path),
        (f"{document.path}?utm_source=zalo", document.path),
        ("/don-vi", "/don-vi"),
        ("/don-vi/31", "/don-vi/31"),
        ("/tim-kiem", "/tim-kiem"),
        ("/tim-kiem?q=đất", "/tim-kiem"),
        ("/luu-tru", "/luu-tru"),
        (look_up, look_up),
        ("/lien-he", "/lien-he"),
        ("/tro-giup", "/tro-giup"),
    ):
        answer = visit(path)
        assert answer.status_code == 200, path
        links = re.findall('<link rel="canonical" href="([^"]*)">', answer.text)
        assert links == [f"{town.settings.portal.url}{own}"], path


def test_links_and_pictures_in_a_body_lead_to_where_things_are_now(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    picture = town.file(f"{OLD}/anh/1.png", "1.png", b"\x89PNG", "image/png")
    other = town.page(f"{OLD}/tin/khac", "Khác", slug="khac")
    town.capture(f"{OLD}/tin/chi-luu", b"<p>cu</p>")
    town.capture(f"{OLD}/anh/2.png", b"\x89PNG", content_type="image/png")
    files = (AttachmentLink("/anh/1.png", picture.key, "Ảnh số 1"),)
    document = town.page(
        f"{OLD}/tin/mot",
        "Một",
        "<p><a href='khac#muc'>khác</a> <a href='/tin/chi-luu'>lưu</a>"
        "<a href='https://dichvucong.gov.vn/x'>dvc</a> <a href='/chua-ai-biet'>?</a>"
        "<img src='/anh/1.png' alt='một'><img src='../anh/2.png'>"
        "<img src='https://ke-la.test/theo-doi.gif' alt='bản đồ'></p>",
        files=files,
    )
    text = visit(document.path).text
    assert f'href="{other.path}#muc"' in text
    assert "/luu-tru?url=http%3A%2F%2Fwww.haiduong.localhost%2Ftin%2Fchi-luu" in text
    assert 'href="https://dichvucong.gov.vn/x" rel="noopener nofollow"' in text
    assert f'href="{OLD}/chua-ai-biet"' in text
    assert f'src="{picture.path}"' in text
    assert 'src="/luu-tru/tep?url=http%3A%2F%2Fwww.haiduong.localhost%2Fanh%2F2.png"' in text
    assert "ke-la.test" not in text
    assert "bản đồ" in text
    assert f'<a href="{picture.path}">Ảnh số 1</a>' in text


def test_a_wrong_section_or_slug_is_put_right(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    document = town.page(f"{OLD}/a", "Tin", slug="tin-hay")
    for wrong in (f"/van-ban/tin-hay-{document.id}", f"/tin-tuc/x-{document.id}"):
        answer = visit(wrong)
        assert (answer.status_code, answer.headers["location"]) == (301, document.path)


@pytest.mark.parametrize("verdict", [None, Verb.REJECT, Verb.QUARANTINE])
def test_what_is_not_accepted_is_not_there(
    town: Any, visit: Callable[..., httpx.Response], verdict: Verb | None
) -> None:
    document = town.page(f"{OLD}/a", "Tin", verdict=verdict)
    assert visit(document.path).status_code == 404


NOWHERE = [
    "/khong-co", "/tin-tuc/khong-so", "/tin-tuc/x-999", "/tep/999/a.pdf", "/sitemap/7.xml",
    "/tin-tuc?cong=ai-do", "/tin-tuc?truoc=junk", "/khong-co/atom.xml", "/static/..%2fapp.py",
    "/tin-tuc/x-999999999999999999",
]  # fmt: skip


def test_what_was_never_there_is_404_in_vietnamese(visit: Callable[..., httpx.Response]) -> None:
    for path in NOWHERE:
        answer = visit(path)
        assert answer.status_code == 404, path
        assert "Không tìm thấy trang" in answer.text
        assert "0225 3747 474" in answer.text


def test_a_section_pages_through_everything_once(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    first = date(2025, 1, 1)
    for number in range(23):
        on = None if number < 2 else first + timedelta(days=number // 2)
        town.page(f"{OLD}/a/{number}", f"Tin số {number}.", on=on)
    page = visit("/tin-tuc")
    seen = [page.text.count(f"Tin số {number}.") for number in range(23)]
    assert sum(seen) == 20
    older = page.text.split('rel="next" href="')[1].split('"')[0]
    rest = visit(older.replace("&amp;", "&"))
    seen = [seen[number] + rest.text.count(f"Tin số {number}.") for number in range(23)]
    assert seen == [1] * 23
    assert 'rel="next"' not in rest.text


def test_a_section_can_be_kept_to_one_old_portal(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    town.page(f"{OLD}/a", "Tin Hải Dương")
    town.page("http://gialoc.haiduong.localhost/a", "Tin Gia Lộc")
    text = visit("/tin-tuc?cong=gialoc").text
    assert "Tin Gia Lộc" in text
    assert "Tin Hải Dương" not in text
    assert "Chưa có nội dung nào" in visit("/tin-tuc?cong=haiphong").text


def test_a_file_is_sent_as_it_was_and_never_as_a_page(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    cases = [
        ("quy-hoach.pdf", "application/pdf", "inline", "application/pdf"),
        ("mau.docx", "application/octet-stream", "attachment", "application/vnd.openxml"),
        ("xau.html", "text/html", "attachment", "text/html"),
        ("xau.svg", "image/svg+xml", "attachment", "image/svg+xml"),
        ("la", "rubbish<>", "attachment", "application/octet-stream"),
    ]
    for name, content_type, how, sent_as in cases:
        payload = b"%PDF-1.4 " + name.encode()
        document = town.file(f"{OLD}/f/{name}", name, payload, content_type)
        answer = visit(document.path)
        assert answer.content == payload
        assert answer.headers["content-type"].startswith(sent_as)
        assert answer.headers["content-disposition"] == f'{how}; filename="{name}"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        known = {"if-none-match": answer.headers["etag"]}
        assert visit(document.path, headers=known).status_code == 304


def test_the_archive_is_open_to_whoever_has_an_old_address(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    document = town.page(f"{OLD}/tin/1", "Tin một", "<p>Nội dung gốc</p>")
    town.capture(f"{OLD}/tep/a.pdf", b"%PDF", content_type="application/pdf")
    assert "Dán địa chỉ cũ" in visit("/luu-tru").text
    copy = visit("/luu-tru?url=www.haiduong.localhost/tin/1")
    assert copy.status_code == 200
    assert "Bản lưu ngày 28/6/2025" in copy.text
    assert f'href="{document.path}">Xem trang hiện nay' in copy.text
    assert copy.headers["link"] == f'<{OLD}/tin/1>; rel="original"'
    assert visit(f"/luu-tru/tep?url={OLD}/tep/a.pdf").content == b"%PDF"
    original = visit(f"/luu-tru/tep?url={OLD}/tin/1")
    assert original.headers["content-disposition"].startswith("attachment")
    unknown = visit("/luu-tru?url=<script>alert(1)</script>")
    assert unknown.status_code == 404
    assert "<script>" not in unknown.text
    assert visit("/luu-tru/tep?url=http://khac.test/").status_code == 404


def test_search_finds_narrows_and_keeps_what_was_typed(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    town.page(f"{OLD}/a", "Quy hoạch đất đai", section="quy-hoach", on=date(2024, 5, 1))
    town.page("http://gialoc.haiduong.localhost/a", "Quy hoạch giao thông")
    town.index()
    found = visit("/tim-kiem?q=quy+hoach")
    assert "2 kết quả" in found.text
    assert "<mark>Quy</mark>" in found.text.replace("<mark>Quy hoạch</mark>", "<mark>Quy</mark>")
    assert 'value="quy hoach"' in found.text
    assert "/tim-kiem?q=quy+hoach&amp;cong=gialoc" in found.text
    narrowed = visit("/tim-kiem?q=quy+hoach&cong=gialoc&nam=2025")
    assert "1 kết quả" in narrowed.text
    assert "Quy hoạch đất đai" not in narrowed.text
    nothing = visit("/tim-kiem", params={"q": '"zzz" <b>'})
    assert "Không tìm thấy mục nào" in nothing.text
    assert 'value="&#34;zzz&#34; &lt;b&gt;"' in nothing.text
    assert visit("/tim-kiem?q=a&trang=99999&nam=abcd&muc=zz").status_code == 200
    hits = re.findall(r'<li>\n<a href="/(?!tim-kiem)', visit("/tim-kiem?nam=2024").text)
    assert len(hits) == 1


def test_search_without_an_index_says_so(visit: Callable[..., httpx.Response]) -> None:
    answer = visit("/tim-kiem?q=a")
    assert answer.status_code == 503
    assert "Tìm kiếm tạm thời chưa dùng được" in answer.text
    assert visit("/tim-kiem").status_code == 200


def test_machines_find_sitemap_robots_feed_and_search_description(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    document = town.page(f"{OLD}/a", "Tin & bài", slug="tin-bai")
    assert f"Sitemap: {town.url}/sitemap.xml" in visit("/robots.txt").text
    assert f"{town.url}/sitemap/0.xml" in visit("/sitemap.xml").text
    assert f"<loc>{town.url}{document.path}</loc>" in visit("/sitemap/0.xml").text
    assert "tim-kiem?q={searchTerms}" in visit("/opensearch.xml").text
    for path in ("/atom.xml", "/tin-tuc/atom.xml", "/van-ban/atom.xml"):
        feed = ET.fromstring(visit(path).text)
        titles = [node.text for node in feed.iter("{http://www.w3.org/2005/Atom}title")]
        assert ("Tin & bài" in titles) is (path != "/van-ban/atom.xml")


def test_the_visitor_chooses_the_language_of_the_chrome(
    town: Any, visit: Callable[..., httpx.Response]
) -> None:
    answer = visit("/tim-kiem?q=a%22b&lang=en")
    assert '<html lang="en">' in answer.text
    assert "lang=en" in answer.headers["set-cookie"]
    kept = visit("/", headers={"cookie": "lang=en"})
    assert '<html lang="en">' in kept.text
    assert "set-cookie" not in kept.headers
    assert '<html lang="vi">' in visit("/?lang=zz").text


def test_every_page_carries_the_headers_that_keep_browsers_from_being_fooled(
    visit: Callable[..., httpx.Response],
) -> None:
    for path in ("/", "/tim-kiem", "/luu-tru", "/lien-he", "/tro-giup", "/khong-co"):
        headers = visit(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    style = visit("/static/site.css?abc")
    assert "immutable" in style.headers["cache-control"]
    assert len(style.content) <= 15_000


def test_metrics_are_for_this_machine_alone(visit: Callable[..., httpx.Response]) -> None:
    visit("/")
    assert 'hopnhat_requests_total{outcome="live",site=""}' in visit("/metrics").text
    through = visit("/metrics", headers={"x-forwarded-for": "203.0.113.5"})
    assert through.status_code == 403
