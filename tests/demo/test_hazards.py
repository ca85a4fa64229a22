"""Each hazard that the documentation promises is planted, and is what its label says."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pypdfium2
import pytest

from demo.cases import without_marks

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2 as httpx

    from demo.truth import Truth
    from demo.world import World

    Fetch = Callable[..., httpx.Response]

CITY = "http://haiphong.gov.vn.localhost"
PROVINCE = "http://www.haiduong.gov.vn.localhost"
DISTRICT = "http://gialoc.haiduong.gov.vn.localhost"
TRAP = "http://bay.haiduong.gov.vn.localhost"

LABELS = {
    "asset-publisher", "broken-link", "calendar-trap", "case-variants", "dnn", "empty-file",
    "exact-duplicate", "guestbook-spam", "hidden-spam", "huge-page", "joomla", "jsessionid",
    "language-trap", "marked-path", "meta-refresh", "near-duplicate", "nfd-text", "nfd-url",
    "orphan", "parameter-order", "personal-data", "phpsessid", "postback-pager", "redirect-chain",
    "relative-link-trap", "same-bytes-two-names", "same-number", "same-title", "session-cookie",
    "slow", "slug-without-d", "soft-404", "spam", "spam-file", "stale-sitemap", "tcvn3",
    "windows-1258", "windows-1258-lie",
}  # fmt: skip


def labelled(world: World, label: str) -> list[Truth]:
    return [truth for truth in world.truths if label in truth.hazards]


def test_every_promised_hazard_is_planted(world: World) -> None:
    planted = {label for truth in world.truths for label in truth.hazards}
    assert planted == LABELS


def test_the_manual_names_every_label() -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")
    assert {label for label in LABELS if f"`{label}`" not in manual} == set()


def test_the_manuals_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    manual = (Path(__file__).resolve().parents[2] / "docs" / "demo.md").read_text(encoding="utf-8")
    [example] = re.findall(r"```python\n(.*?)```", manual, re.DOTALL)
    exec(example, {})
    assert re.fullmatch(r"\d+ \d+\n", capsys.readouterr().out)


def test_scale_one_has_about_three_hundred_pages(world: World) -> None:
    pages = [t for t in world.truths if t.expected in ("document", "duplicate", "listing")]
    assert 280 <= len(pages) <= 360


def test_no_two_pages_share_an_address(world: World) -> None:
    addresses = [truth.url for truth in world.truths]
    assert len(addresses) == len(set(addresses))


def test_a_spelling_belongs_to_one_page_only(world: World) -> None:
    owners: dict[str, str] = {}
    for truth in world.truths:
        for url in (truth.url, *truth.spellings):
            assert owners.setdefault(url, truth.url) == truth.url


def test_duplicates_name_a_document_of_another_site(world: World) -> None:
    by_url = {truth.url: truth for truth in world.truths}
    copies = [truth for truth in world.truths if truth.expected == "duplicate"]
    assert copies
    for copy in copies:
        original = by_url[copy.duplicate_of or ""]
        assert original.site != copy.site
        assert original.text in copy.text


def test_one_number_stands_on_documents_of_two_agencies(world: World) -> None:
    twins = labelled(world, "same-number")
    by_number: dict[str | None, set[str | None]] = {}
    for truth in twins:
        by_number.setdefault(truth.number, set()).add(truth.agency)
        assert truth.number is not None
        assert truth.number in truth.title
    assert all(len(agencies) == 2 for agencies in by_number.values())


def test_windows_1258_pages_are_bytes_that_utf_8_refuses(world: World, fetch: Fetch) -> None:
    for truth in labelled(world, "windows-1258-lie"):
        page = fetch(truth.url).content
        assert b"charset=utf-8" in page
        with pytest.raises(UnicodeDecodeError):
            page.decode("utf-8")


def test_tcvn3_pages_look_like_the_mojibake_everybody_knows(world: World, fetch: Fetch) -> None:
    for truth in labelled(world, "tcvn3"):
        reply = fetch(truth.url)
        assert reply.headers["content-type"] == "text/html; charset=iso-8859-1"
        assert "huyÖn Gia Léc" in reply.content.decode("iso-8859-1")


def test_decomposed_pages_hold_no_composed_vowels(world: World, fetch: Fetch) -> None:
    for truth in labelled(world, "nfd-text"):
        text = fetch(truth.url).content.decode()
        assert unicodedata.is_normalized("NFD", text)
        assert not unicodedata.is_normalized("NFC", text)


def test_the_city_answers_anything_with_200_and_an_excuse(fetch: Fetch) -> None:
    reply = fetch(f"{CITY}/tin-tuc/Pages/khong-co.aspx")
    assert reply.status_code == 200
    assert "Không tìm thấy trang bạn yêu cầu" in reply.text


@pytest.mark.parametrize("host", [PROVINCE, DISTRICT])
def test_the_others_say_404(fetch: Fetch, host: str) -> None:
    assert fetch(f"{host}/khong-co.html").status_code == 404


def test_the_citys_front_page_is_two_hops_away(fetch: Fetch) -> None:
    hops, url = 0, f"{CITY}/trang-chu"
    while (reply := fetch(url)).status_code == 302:
        hops, url = hops + 1, urljoin(url, reply.headers["location"])
    assert hops == 2
    assert url == f"{CITY}/Pages/default.aspx"


def test_later_pages_of_the_citys_lists_need_a_post(fetch: Fetch) -> None:
    url = f"{CITY}/tin-tuc/Pages/default.aspx"
    form = {"__EVENTTARGET": "ctl00$PlaceHolderMain$Pager", "__EVENTARGUMENT": "2"}
    assert "__doPostBack(" in fetch(url).text
    assert listed(fetch(url).text).isdisjoint(listed(fetch(url, "POST", data=form).text))


def listed(page: str) -> set[str]:
    return set(re.findall(r'class="news-title" href="([^"]+)"', page))


def test_the_city_compresses_with_the_same_bytes_every_time(fetch: Fetch) -> None:
    zipped = fetch(f"{CITY}/Pages/default.aspx", headers={"accept-encoding": "gzip"})
    plain = fetch(f"{CITY}/Pages/default.aspx", headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.text == plain.text


def test_the_huge_page_is_more_than_a_megabyte(world: World, fetch: Fetch) -> None:
    [truth] = labelled(world, "huge-page")
    assert len(fetch(truth.url).content) > 1_000_000


def test_the_slow_page_takes_half_a_second(world: World, fetch: Fetch) -> None:
    [truth] = labelled(world, "slow")
    assert fetch(truth.url).elapsed.total_seconds() >= 0.5


def test_numbers_on_the_list_of_persons_belong_to_nobody(world: World) -> None:
    [truth] = labelled(world, "personal-data")
    numbers = re.findall(r"\b\d{12}\b", truth.text)
    assert len(numbers) == 40
    assert all(number.startswith("099") for number in numbers)


def test_hidden_gambling_links_are_on_the_page_but_not_in_its_text(
    world: World, fetch: Fetch
) -> None:
    [truth] = labelled(world, "hidden-spam")
    assert "nhà cái" in fetch(truth.url).text
    assert "nhà cái" not in truth.text


def test_the_spam_page_sends_only_googles_robot_to_the_casino(world: World, fetch: Fetch) -> None:
    [truth] = labelled(world, "spam")
    robot = {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}
    assert fetch(truth.url).status_code == 200
    assert fetch(truth.url, headers=robot).headers["location"] == "http://bet88.invalid/"


def test_the_provinces_sitemaps_name_every_document_and_some_dead_ones(
    world: World, fetch: Fetch
) -> None:
    import gzip

    index = fetch(f"{PROVINCE}/sitemap.xml").text
    parts = re.findall("<loc>(.*?)</loc>", index)
    texts = [fetch(u).content for u in parts]
    found = "".join((gzip.decompress(t) if t[:2] == b"\x1f\x8b" else t).decode() for t in texts)
    urls = set(re.findall("<loc>(.*?)</loc>", found))
    known = {t.url for t in world.truths if t.site == "haiduong"}
    documents = {t.url for t in world.truths if t.site == "haiduong" and t.expected == "document"}
    assert documents <= urls <= known


def test_linked_documents_are_found_by_following_links_alone(world: World, fetch: Fetch) -> None:
    """The crawl of a patient child: links as they stand, no traps, no sitemap, no log."""
    documents = [t for t in world.truths if t.linked and t.expected in ("document", "duplicate")]
    hosts = {site.host for site in world.sites}
    queue = [seed for site in world.sites for seed in site.seeds]
    seen = set(queue)
    while queue:
        url = queue.pop()
        reply = fetch(url)
        if "html" not in reply.headers.get("content-type", ""):
            continue
        links = re.findall(r'href="([^"#]+)"', reply.text)
        links += [reply.headers["location"]] if "location" in reply.headers else []
        for link in links:
            found = urljoin(url, plain(link))
            if urlsplit(found).netloc in hosts and found not in seen and not endless(found):
                seen.add(found)
                queue.append(found)
    assert {t.url for t in documents} - seen == set()
    told = ("asset_publisher", "DispForm", "/index.php/", "ctl=Details")
    others = {u for t in documents for u in t.spellings if any(sign in u for sign in told)}
    assert others - seen == set()


def plain(link: str) -> str:
    """The link without session ids, which would make it a new one on each page."""
    link = link.replace("&amp;", "&")
    return re.sub(r";jsessionid=[^?]*|[?&]PHPSESSID=\w+", "", link)


def endless(url: str) -> bool:
    return bool(
        re.search(r"month=|/a/|/vi/|/en/(?!-/|web/guest/english)|Authenticate|ReturnUrl", url)
    )


@pytest.mark.parametrize(
    ("start", "link"),
    [
        (f"{PROVINCE}/web/guest/tin-tuc", r'href="(/vi[^"]*)"'),
        (f"{DISTRICT}/lich-cong-tac?month=2025-06", r'month=[^"]*">[^<]*</a> \| <a href="([^"]+)"'),
        (f"{DISTRICT}/a/", r'href="(a/)"'),
        (f"{TRAP}/bai-viet/101", r'href="([^"]*/vi)"'),
        (f"{TRAP}/tin?trang=1", r'href="(/tin\?trang=\d+)"'),
        (f"{TRAP}/lich/2025/6", r'href="(/lich/[^"]+)">Tháng sau'),
    ],
)
def test_traps_have_no_end_and_stay_the_same(fetch: Fetch, start: str, link: str) -> None:
    url, seen = start, set()
    for _ in range(15):
        seen.add(url)
        reply = fetch(url)
        assert reply.status_code == 200
        assert reply.content == fetch(url).content
        url = urljoin(url, re.search(link, reply.text)[1].replace("&amp;", "&"))
    assert len(seen) == 15


def test_the_trap_portal_has_exactly_33_articles_and_links_them_all(
    world: World, fetch: Fetch
) -> None:
    page = fetch(f"{TRAP}/").text
    assert len(world.trap.truths) == 33
    for truth in world.trap.truths:
        assert f'href="{urlsplit(truth.url).path}?ref=' in page
        article = fetch(f"{truth.url}/vi/en/vi").text
        assert truth.text.split("\n\n")[0] in article


def test_pdf_files_open_and_hold_their_text(world: World, fetch: Fetch) -> None:
    files = [
        (t, f) for t in labelled(world, "same-bytes-two-names") for f in t.attachments
        if f.media_type == "application/pdf"
    ]  # fmt: skip
    documents = [(t, t.attachments[0]) for t in world.truths if t.kind == "van-ban"][:6]
    for truth, file in (*files, *documents):
        if not file.name.endswith(".pdf"):
            continue
        pdf = pypdfium2.PdfDocument(fetch(file.url).content)
        text = pdf[0].get_textpage().get_text_range()
        assert truth.number is not None
        assert truth.number in " ".join(text.split())
        pdf.close()


def test_one_files_bytes_stand_under_two_names(world: World) -> None:
    [truth] = labelled(world, "same-bytes-two-names")
    first, second = truth.attachments
    assert first.sha256 == second.sha256
    assert first.name != second.name


def test_marks_are_lost_but_no_letter_is() -> None:
    assert without_marks("Đường Lê Thanh Nghị") == "Duong Le Thanh Nghi"
