"""Old addresses through the whole site: real server, real catalogue, real snapshot."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx

from catalogue.misses import Misses, MissSpool
from catalogue.review import Verb
from gateway.live import Live
from gateway.publishing import Ground
from redirects.mapping import MappingKind, SplitTarget

OLD = "http://www.haiduong.localhost"
DISTRICT = "http://gialoc.haiduong.localhost"
Open = Callable[[Any], str]


def ask(town: Any, address: str, method: str = "GET", **headers: str) -> httpx.Response:
    """Ask an old address of the running site, following nothing."""
    host, _, path = address.removeprefix("http://").partition("/")
    port = town.listening.getsockname()[1]
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.request(
        method, f"http://127.0.0.1:{port}/{path}", headers={"host": host} | named, timeout=10
    )


def wait_for(claim: Callable[[], bool], seconds: float = 3.0) -> None:
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.02)


def test_an_accepted_page_is_one_redirect_away_from_its_old_address(
    town: Any, open_town: Open
) -> None:
    document = town.page(f"{OLD}/tin/gia-dat-2025", "Giá đất năm 2025", slug="gia-dat-nam-2025")
    open_town(town)
    answer = ask(town, f"{OLD}/tin/gia-dat-2025")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"{town.url}/tin-tuc/gia-dat-nam-2025-{document.id}"
    assert answer.headers["cache-control"] == "max-age=3600"  # decided more than a day ago
    assert len(answer.headers["x-hopnhat-snapshot"]) == 32
    assert "date" in answer.headers
    assert ask(town, f"{OLD}/tin/gia-dat-2025", "POST").status_code == 308
    assert ask(town, f"{OLD}/tin/gia-dat-2025", "HEAD").text == ""


SPELLINGS = [
    "http://www.haiduong.localhost/tin/%C4%91%E1%BA%A5t-%C4%91ai?utm_source=zalo",
    "http://www.haiduong.localhost/tin/%C4%91%E1%BA%A5t-%C4%91ai/?fbclid=1",
    "http://haiduong.localhost/Tin//%c4%91%e1%ba%a5t-%c4%91ai",
    "http://WWW.HAIDUONG.localhost/tin/%C4%91a%CC%82%CC%81t-%C4%91ai",
    "http://www.haiduong.localhost/tin/%C4%91%E1%BA%A5t-%C4%91ai).",
]


def test_every_spelling_of_an_old_address_finds_its_page(town: Any, open_town: Open) -> None:
    town.page(f"{OLD}/tin/đất-đai", "Đất đai")
    open_town(town)
    for spelling in SPELLINGS:
        assert ask(town, spelling).status_code == 301, spelling


def test_raw_utf8_in_the_request_line_finds_its_page(
    town: Any, open_town: Open, talk_raw: Callable[..., bytes]
) -> None:
    town.page(f"{OLD}/tin/đất-đai", "Đất đai")
    open_town(town)
    port = town.listening.getsockname()[1]
    head = "GET /tin/đất-đai HTTP/1.1\r\nHost: www.haiduong.localhost\r\nConnection: close\r\n\r\n"
    assert talk_raw(f"http://127.0.0.1:{port}", head.encode()).startswith(b"HTTP/1.1 301 ")


def test_an_old_address_of_the_shared_host_redirects_and_new_pages_win(
    town: Any, open_town: Open
) -> None:
    town.page("http://haiphong.localhost/Pages/tin.aspx?id=3", "Tin của Hải Phòng")
    open_town(town)
    assert ask(town, "http://haiphong.localhost/pages/TIN.aspx?id=3").status_code == 301
    assert ask(town, "http://haiphong.localhost/tim-kiem").status_code == 200
    assert ask(town, "http://haiphong.localhost/").status_code == 200


def test_a_withdrawn_page_says_why_and_whom_to_ask(town: Any, open_town: Open) -> None:
    town.capture(f"{OLD}/cu", b"<title>Cu</title>")
    town.decide(f"{OLD}/cu", MappingKind.GONE, reason="Thông báo đã hết thời hạn <đăng>.")
    open_town(town)
    answer = ask(town, f"{OLD}/cu")
    assert answer.status_code == 410
    assert "Thông báo đã hết thời hạn &lt;đăng&gt;." in answer.text
    assert "tel:02253747474" in answer.text
    assert f"{town.url}/luu-tru?url=http%3A%2F%2Fwww.haiduong.localhost%2Fcu" in answer.text
    problem = ask(town, f"{OLD}/cu", accept="application/json")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["lien_he"]["dien_thoai"] == "0225 3747 474"


def test_a_split_page_lists_its_successors(town: Any, open_town: Open) -> None:
    targets = (SplitTarget("Sở Tư pháp", "/tin-tuc"), SplitTarget("Sở Nội vụ", "section:van-ban"))
    town.decide(f"{OLD}/hai", MappingKind.SPLIT, targets=targets)
    open_town(town)
    answer = ask(town, f"{OLD}/hai")
    assert answer.status_code == 300
    assert f'href="{town.url}/van-ban">Sở Nội vụ' in answer.text


def test_a_page_that_was_only_archived_is_shown_as_it_was(town: Any, open_town: Open) -> None:
    town.capture(
        f"{OLD}/xua",
        "<title>Chuyện xưa</title><script>alert(1)</script><h2>Năm 2009</h2>"
        "<img src='//ke-la.test/a.png' alt='ảnh'><a href='/tin/1' onclick='x()'>xem</a>".encode(),
    )
    open_town(town)
    answer = ask(town, f"{OLD}/xua")
    assert answer.status_code == 200
    assert "Bản lưu ngày 28/6/2025" in answer.text
    assert "<h2>Năm 2009</h2>" in answer.text
    assert "<script" not in answer.text
    assert "onclick" not in answer.text
    assert "ke-la.test" not in answer.text
    assert answer.headers["memento-datetime"] == "Sat, 28 Jun 2025 03:00:00 GMT"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_the_bare_old_host_says_where_the_portal_went_though_its_home_is_archived(
    town: Any, open_town: Open
) -> None:
    town.capture(f"{DISTRICT}/", "<h1>Trang nhất</h1>".encode())
    open_town(town)
    answer = ask(town, f"{DISTRICT}/")
    assert answer.status_code == 200
    assert "Cổng này đã chuyển về" in answer.text
    assert "Bản lưu trang chủ cũ" in answer.text


def test_an_undecided_address_is_404_with_best_matches_and_is_counted(
    town: Any, open_town: Open
) -> None:
    town.page(f"{OLD}/a", "Quy hoạch sử dụng đất huyện Gia Lộc", slug="quy-hoach-gia-loc")
    town.index()
    open_town(town)
    for _ in range(3):
        answer = ask(town, f"{OLD}/web/guest/-/quy-hoach-su-dung-dat-gia-loc-123.html")
    assert answer.status_code == 404
    assert "Quy hoạch sử dụng đất huyện Gia Lộc" in answer.text
    assert 'value="quy hoach su dung dat gia loc"' in answer.text
    directory = town.settings.miss_directory
    wait_for(lambda: any(directory.glob("*.jsonl")))
    time.sleep(0.1)

    def counted() -> bool:
        with town.database.writing() as connection:
            MissSpool.collect(directory, connection)
            found = Misses(connection).listing("haiduong")
        return [(one.visits, one.raw) for one in found] == [
            (3, f"{OLD}/web/guest/-/quy-hoach-su-dung-dat-gia-loc-123.html")
        ]

    wait_for(counted)


def test_a_missing_picture_is_404_without_a_search(town: Any, open_town: Open) -> None:
    open_town(town)
    answer = ask(town, f"{OLD}/images/logo.png")
    assert (answer.status_code, answer.text) == (404, "not found\n")


def test_a_dossier_code_is_never_written_down(town: Any, open_town: Open, tmp_path: Path) -> None:
    open_town(town)
    ask(town, f"{OLD}/tra-cuu-tien-do?doccode=000.00.19.H47-260105-0001")
    directory = town.settings.miss_directory
    wait_for(lambda: any(directory.glob("*.jsonl")))
    written = b"".join(path.read_bytes() for path in directory.glob("*"))
    assert b"tra-cuu-tien-do" in written
    assert b"260105" not in written


def test_a_host_that_nobody_configured_is_421(town: Any, open_town: Open) -> None:
    open_town(town)
    assert ask(town, "http://evil.test/").status_code == 421


MALFORMED = [
    (b"GET / HTTP/1.1\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", b"400"),
    (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", b"400"),
    (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"414"),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"A: b\r\n" * 120 + b"\r\n", b"431"),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nA: " + b"b" * 40_000 + b"\r\n\r\n", b"431"),
    (b"POST /tim-kiem HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999\r\n\r\n", b"413"),
    (b"GET / HTTP/1.1\r\nHost: evil.test\r\n\r\n", b"421"),
]


def test_a_malformed_request_is_turned_away_at_the_door(
    town: Any, open_town: Open, talk_raw: Callable[..., bytes]
) -> None:
    open_town(town)
    origin = f"http://127.0.0.1:{town.listening.getsockname()[1]}"
    for head, status in MALFORMED:
        closing = head.replace(b"HTTP/1.1\r\n", b"HTTP/1.1\r\nConnection: close\r\n", 1)
        assert talk_raw(origin, closing).split(b" ")[1] == status, head[:60]


def test_a_preserved_call_is_never_redirected(town: Any, open_town: Open) -> None:
    town.decide(f"{OLD}/api/v1/x", MappingKind.MOVED, target="/tin-tuc")
    open_town(town)
    answer = ask(town, f"{OLD}/api/v1/x", "POST")
    assert answer.status_code == 502
    assert answer.json()["don_vi_quan_ly"] == "Sở Nội vụ"


def test_a_decision_is_live_within_a_second(town: Any, open_town: Open) -> None:
    document = town.page(f"{OLD}/moi", "Tin mới", verdict=None)
    open_town(town)
    before = httpx.get(f"http://127.0.0.1:{town.listening.getsockname()[1]}/healthz/ready").json()
    # Nobody has decided, but a copy is held: it is shown, not a bare 404.
    assert ask(town, f"{OLD}/moi").status_code == 200
    town.decide(f"{OLD}/moi", MappingKind.MOVED, target="/van-ban")
    wait_for(lambda: ask(town, f"{OLD}/moi").status_code == 301, seconds=1.0)
    after = httpx.get(f"http://127.0.0.1:{town.listening.getsockname()[1]}/healthz/ready").json()
    assert after["revision"] > before["revision"]
    assert after["snapshot"] != before["snapshot"]
    assert document.state == "imported"


def test_old_addresses_outlive_database_and_index(
    town: Any, open_town: Open, serve: Callable[..., str]
) -> None:
    town.page(f"{OLD}/tin", "Tin")
    open_town(town)
    for path in town.settings.data.glob("catalogue.db*"):
        path.unlink()
    assert ask(town, f"{OLD}/tin").status_code == 301


def test_a_site_starts_without_its_database_from_the_newest_snapshot(
    town: Any, open_town: Open
) -> None:
    town.page(f"{OLD}/tin", "Tin")
    ground = Ground(town.settings.as_portal(()), town.settings.sites(), town.settings.routes(), [])
    first = Live(town.database, ground, town.settings.snapshot_directory)
    first.look()
    first.close()
    town.database.close()
    for path in town.settings.data.glob("catalogue.db*"):
        path.unlink()
    open_town(town)
    assert ask(town, f"{OLD}/tin").status_code == 301
    ready = ask(town, "http://127.0.0.1/healthz/ready").json()
    assert ready["last_error"]
    page = ask(town, "http://127.0.0.1/tin-tuc")
    assert page.status_code == 503
    assert page.headers["retry-after"]


def test_nothing_ever_published_is_503_not_404(town: Any, open_town: Open) -> None:
    town.database.close()
    for path in town.settings.data.glob("catalogue.db*"):
        path.unlink()
    open_town(town)
    answer = ask(town, f"{OLD}/tin")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert ask(town, "http://127.0.0.1/healthz/ready").status_code == 503
    assert ask(town, "http://127.0.0.1/healthz/live").status_code == 200
    assert ask(town, "http://127.0.0.1/healthz/other").status_code == 404


def test_an_old_host_lets_search_engines_see_that_it_moved(town: Any, open_town: Open) -> None:
    town.page(f"{OLD}/tin/a&b", "Tin")
    open_town(town)
    robots = ask(town, f"{OLD}/robots.txt")
    assert robots.text.startswith("User-agent: *\nDisallow:\n")
    index = ask(town, f"{OLD}/sitemap.xml").text
    shard = index.partition("<loc>")[2].partition("</loc>")[0]
    assert shard.startswith(f"{OLD}/hopnhat-sitemap-")
    sitemap = ask(town, shard)
    assert f"<loc>{OLD}/tin/a&amp;b</loc>" in sitemap.text


def test_the_bare_host_of_an_ended_portal_gets_a_page_of_its_own(
    town: Any, open_town: Open
) -> None:
    open_town(town)
    answer = ask(town, f"{DISTRICT}/")
    assert answer.status_code == 200
    assert "Trang thông tin điện tử huyện Gia Lộc" in answer.text
    assert f"{town.url}/tin-tuc?cong=gialoc" in answer.text
    english = ask(town, f"{DISTRICT}/?lang=en")
    assert "Your commune is now" in english.text
    assert 'href="/?lang=vi"' in english.text


def test_the_bare_host_of_a_province_leads_to_the_portal_of_what_it_is_now(
    town: Any, open_town: Open
) -> None:
    open_town(town)
    answer = ask(town, f"{OLD}/")
    assert (answer.status_code, answer.headers["location"]) == (302, f"{town.url}/")
    assert answer.headers["cache-control"] == "max-age=300"
    assert ask(town, f"{OLD}/sau-trong").status_code == 404  # nothing else is led home


def test_quarantined_content_is_never_shown(town: Any, open_town: Open) -> None:
    spam = town.page(f"{OLD}/nha-cai", "Nhà cái uy tín", verdict=Verb.QUARANTINE)
    open_town(town)
    assert ask(town, f"{OLD}/nha-cai").status_code == 404
    portal = f"http://127.0.0.1{spam.path}"
    assert ask(town, portal).status_code == 404
    assert ask(town, f"http://127.0.0.1/luu-tru?url={OLD}/nha-cai").status_code == 404
    assert ask(town, f"http://127.0.0.1/luu-tru/tep?url={OLD}/nha-cai").status_code == 404


def test_links_of_a_copy_shown_on_an_old_host_lead_to_the_portal(
    town: Any, open_town: Open
) -> None:
    picture = town.file(f"{OLD}/anh/1.png", "1.png", b"PNG", "image/png")
    town.capture(f"{OLD}/anh/2.png", b"PNG", content_type="image/png")
    html = "<title>x</title><img src=/anh/1.png><img src=/anh/2.png><a href='/xua'>x</a>"
    town.capture(f"{OLD}/xua", html.encode())
    open_town(town)
    text = ask(town, f"{OLD}/xua").text
    assert f'src="{town.url}{picture.path}"' in text
    assert f'src="{town.url}/luu-tru/tep?url=' in text
    assert f'href="{town.url}/luu-tru?url=' in text
    assert f'href="{town.url}/static/site.css?' in text


def test_answers_may_be_kept_only_as_long_as_they_can_be_taken_back(
    town: Any, open_town: Open
) -> None:
    town.decide(f"{OLD}/bo", MappingKind.GONE, reason="Hết hạn.")
    town.decide(f"{OLD}/hai", MappingKind.SPLIT, targets=(SplitTarget("Một", "/mot"),))
    town.capture(f"{OLD}/xua", "<title>Chuyện xưa</title><p>Năm 2009</p>".encode())
    open_town(town)
    wanted = {"bo": (410, 300), "hai": (300, 300), "khong-co": (404, 60)}
    for path, (status, seconds) in wanted.items():
        answer = ask(town, f"{OLD}/{path}")
        assert (answer.status_code, answer.headers["cache-control"]) == (
            status,
            f"max-age={seconds}",
        )
        assert answer.headers["etag"].startswith('W/"')
        held = ask(town, f"{OLD}/{path}", if_none_match=answer.headers["etag"])
        assert held.status_code == status  # RFC 9110, 13.2.1: only a 200 can be unchanged
    copy = ask(town, f"{OLD}/xua")
    assert (copy.status_code, copy.headers["cache-control"]) == (200, "no-cache")
    held = ask(town, f"{OLD}/xua", if_none_match=f'"other", {copy.headers["etag"]}')
    assert (held.status_code, held.content) == (304, b"")
    assert held.headers["etag"] == copy.headers["etag"]
    assert ask(town, f"{OLD}/xua?lang=en").headers["cache-control"] == "no-cache"
