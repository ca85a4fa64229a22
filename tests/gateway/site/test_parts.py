"""The small decisions behind the pages, by table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from catalogue.capture import StoredResponse
from catalogue.search.engine import SearchEngine, SearchUnavailable
from gateway.site.addresses import words_in
from gateway.site.archived import title_in
from gateway.site.charset import decode
from gateway.site.files import disposition
from gateway.site.fragments import Guide, led, sanitize
from gateway.site.furniture import own_title, without_furniture
from gateway.site.notices import prefers_json
from gateway.site.searching import Asked, SearchIndex, query_of, read_asked
from redirects.mapping import CanonicalUrl
from redirects.resolution import Archived, Gone, Moved, Request, Unresolved
from redirects.site import Site
from redirects.sites import Sites

KEY = CanonicalUrl("cu.test/x")


class FixedResolver:
    """Answers from a table of paths."""

    def resolve(self, request: Request) -> Any:
        return {
            b"/moi": Moved("cu", KEY, "http://moi.test/tin-tuc/a-1", 301),
            b"/xa": Moved("cu", KEY, "http://moi.test.evil.test/a", 301),
            b"/luu": Archived("cu", KEY),
            b"/mat": Gone("cu", KEY, None, archived=False),
        }.get(request.raw_path, Unresolved("cu", KEY))


def guide(base: str = "") -> Guide:
    resolver: Any = FixedResolver()
    return Guide(resolver, Sites([Site("cu", "Cũ", "cu.test")]), "http://moi.test", base)


@pytest.mark.parametrize(
    ("reference", "target", "ours"),
    [
        ("/moi#a", "/tin-tuc/a-1#a", True),
        ("//cu.test/moi", "/tin-tuc/a-1", True),
        ("/xa", "http://moi.test.evil.test/a", True),
        ("/luu", "/luu-tru?url=http%3A%2F%2Fcu.test%2Fluu", True),
        ("/mat", "http://cu.test/mat", False),
        ("/ai-biet#x", "http://cu.test/ai-biet#x", False),
        ("https://khac.test/", "https://khac.test/", False),
        ("#muc", "#muc", True),
        ("mailto:a@b.test", "mailto:a@b.test", False),
        ("tel:0225", "tel:0225", False),
        ("javascript:alert(1)", "", False),
        ("http://[", "", False),
        ("data:text/html,x", "", False),
    ],
)
def test_a_reference_in_an_old_page_leads_to_where_it_is_now(
    reference: str, target: str, *, ours: bool
) -> None:
    assert guide().lead(reference, "http://cu.test/tin/1") == (target, ours)


def test_pages_of_old_hosts_name_the_portal_in_full() -> None:
    html = led("<a href='/moi'>a</a><img src='/luu'>", "http://cu.test/", guide("http://moi.test"))
    assert 'href="http://moi.test/tin-tuc/a-1"' in html
    assert 'src="http://moi.test/luu-tru/tep?url=' in html


def test_a_link_that_is_no_link_loses_its_target_and_a_foreign_picture_becomes_its_text() -> None:
    html = led(
        "<a href='http://['>a</a><img src='//x.test/1.gif' alt='<b>'>", "http://cu.test/", guide()
    )
    assert html == "<a>a</a>&lt;b&gt;"


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg><script>alert(1)</script></svg>",
        "<a href='javascript:alert(1)'>x</a>",
        "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<form action=//evil.test><input name=q></form>",
        "<style>@import '//evil.test'</style>",
        "<template><img src=x onerror=alert(1)></template>",
    ],
)
def test_what_could_run_is_not_printed(hostile: str) -> None:
    clean = sanitize(f"<p>Trước</p>{hostile}<p>sau</p>").lower()
    assert "trước" in clean
    for word in ("script", "onerror", "<iframe", "<svg", "<form", "<input", "<style", "srcdoc"):
        assert word not in clean


def test_endless_nesting_is_cut_and_quick() -> None:
    assert "đáy" in sanitize("<div>" * 20_000 + "đáy")


@given(st.text(alphabet="<>/div pa'\"=&;#x", max_size=60))
def test_any_text_can_be_sanitised_and_led(text: str) -> None:
    assert "<script" not in led(sanitize(text), "http://cu.test/", guide())


def stored(payload: bytes, content_type: str) -> StoredResponse:
    headers = (("Content-Type", content_type),)
    return StoredResponse(
        "http://cu.test/", datetime(2025, 1, 1, tzinfo=UTC), 200, headers, payload
    )


@pytest.mark.parametrize(
    ("payload", "content_type", "text"),
    [
        ("Hải Phòng".encode(), "text/html", "Hải Phòng"),
        (b"\xef\xbb\xbf" + "Hải".encode(), "text/html; charset=windows-1252", "Hải"),
        ("Đường".encode("utf-16"), "text/html; charset=utf-16", "Đường"),
        ("Ðêm".encode("cp1252"), "text/html; charset=windows-1252", "Ðêm"),
        (
            "<meta charset='iso-8859-1'>é".encode("latin-1"),
            "text/html",
            "<meta charset='iso-8859-1'>é",
        ),
        ("Đ".encode("cp1258"), "text/html; charset=utf-8", "Đ"),
        ("Đ".encode("cp1258"), "text/html; charset=rot13", "Đ"),
        ("Đ".encode("cp1258"), "text/html; charset=no-such", "Đ"),
    ],
)
def test_an_old_page_is_read_as_it_was_meant(payload: bytes, content_type: str, text: str) -> None:
    assert decode(stored(payload, content_type)) == text


@given(
    st.binary(max_size=40), st.sampled_from(["", "charset=hex", "charset=utf-7", "charset=\x00"])
)
def test_any_bytes_can_be_read(payload: bytes, parameter: str) -> None:
    assert isinstance(decode(stored(payload, f"text/html; {parameter}")), str)


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("application/json", True),
        ("application/problem+json, text/html;q=0.5", True),
        ("application/json;q=0.5, text/html", False),
        ("application/json;q=x", False),
        ("application/json, text/plain, */*", True),
    ],
)
def test_json_is_for_those_who_prefer_it(accept: str, *, wanted: bool) -> None:
    assert prefers_json(accept) is wanted


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("a.test/tin-tuc/gia-dat-nam-nay-123.html", "gia dat nam nay"),
        ("a.test/web/guest/-/chi-tiet/pheuyetquyhoach", "pheuyetquyhoach"),
        ("a.test/pages/chi-tiet-tin.aspx?id=7", "chi tiet tin"),
        ("a.test/quy-hoach/123456", "quy hoach"),
        ("a.test/đất đai", "đất đai"),
        ("a.test/1/22/333", ""),
        ("a.test/", ""),
    ],
)
def test_an_old_address_says_in_words_what_was_meant(key: str, words: str) -> None:
    assert words_in(CanonicalUrl(key)) == words


@pytest.mark.parametrize(
    ("media_type", "name", "wanted"),
    [
        ("application/pdf", "a.pdf", 'inline; filename="a.pdf"'),
        ("text/html", "a.html", 'attachment; filename="a.html"'),
        ("application/pdf", 'a"\r\nX: y/..\\b', 'inline; filename="a___X: y_.._b"'),
        (
            "application/pdf",
            "Quyết định.pdf",
            "inline; filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh.pdf",
        ),
        ("application/pdf", "", 'inline; filename="tep"'),
    ],
)
def test_a_file_is_named_without_breaking_the_header(
    media_type: str, name: str, wanted: str
) -> None:
    assert disposition(media_type, name) == wanted


@given(st.dictionaries(st.sampled_from(["q", "cong", "muc", "nam", "trang"]), st.text(max_size=8)))
def test_any_address_of_results_is_a_question_that_can_be_asked(parameters: dict[str, str]) -> None:
    asked = read_asked(parameters)
    assert query_of(asked).limit == 10


def test_a_results_address_leaves_out_what_is_not_asked() -> None:
    asked = Asked("đất", None, None, 2024, 1)
    assert asked.location() == "/tim-kiem?q=%C4%91%E1%BA%A5t&nam=2024"
    assert asked.location(trang=2, nam=None) == "/tim-kiem?q=%C4%91%E1%BA%A5t&trang=2"


def test_a_title_is_one_line() -> None:
    assert title_in("<title>\n a \n b </title>") == "a b"
    assert title_in("<p>x</p>") == ""


def test_an_index_that_cannot_answer_is_logged_once_in_a_row() -> None:
    def fail() -> SearchEngine:
        raise SearchUnavailable("there is no index")

    index = SearchIndex(fail)
    with capture_logs() as events:
        for _ in range(3):
            assert index.best("giá đất", 3) == ()
    assert [event["event"] for event in events] == ["search.unavailable"]


@pytest.mark.parametrize(
    ("title", "own"),
    [
        ("Hỏi đáp - Cổng TTĐT tỉnh Hải Dương", "Hỏi đáp"),
        ("CỔNG TTĐT TỈNH HẢI DƯƠNG | Hỏi đáp", "Hỏi đáp"),
        ("Cổng TTĐT tỉnh Hải Dương", ""),
        ("Lịch sử Cổng TTĐT tỉnh Hải Dương đổi mới", "Lịch sử Cổng TTĐT tỉnh Hải Dương đổi mới"),
    ],
)
def test_the_title_of_a_copy_is_its_own(title: str, own: str) -> None:
    assert own_title(title, "Cổng TTĐT tỉnh Hải Dương") == own
    assert own_title(title, "") == title


def test_a_copy_goes_without_the_menus_its_page_marks_as_such() -> None:
    page = (
        "<body><header role=banner>Biểu ngữ</header><nav><a href=/>Trang chủ</a></nav>"
        "<header><h1>Đầu bài</h1></header><p>Nội dung</p><div role=contentinfo>Chân</div></body>"
    )
    shown = without_furniture(page)
    assert "Đầu bài" in shown
    assert "Nội dung" in shown
    assert not any(word in shown for word in ("Biểu ngữ", "Trang chủ", "Chân"))
    assert without_furniture("<nav>Chỉ có trình đơn</nav>") == "<nav>Chỉ có trình đơn</nav>"
    assert without_furniture("") == ""


@given(st.text())
def test_no_page_is_too_odd_to_lose_its_furniture(text: str) -> None:
    without_furniture(text)
