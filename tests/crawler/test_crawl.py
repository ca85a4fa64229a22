from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from catalogue.captures import Captures
from catalogue.database import CatalogueError
from catalogue.sites import Sites as KeptSites
from crawler.concluding import PROBE_PATH
from crawler.frontier import Frontier
from crawler.ledger import LedgerState, account
from redirects.site import QueryPolicy
from tests.crawler.old_server import Answer, Asked, World

FILLER = (
    "Nội dung bài viết số {n} của cổng thông tin điện tử, đủ dài để không lẫn với bài khác. " * 3
)


def page(n: int, *links: str) -> str:
    anchors = "".join(f'<a href="{link}">liên kết</a>' for link in links)
    return f"<html><head><title>Bài {n}</title></head><body><p>{FILLER.format(n=chr(65 + n) * 3)}</p>{anchors}</body></html>"


def captured(world: World) -> list[str]:
    with world.database.reading() as connection:
        return [each.key.removeprefix("cu.gov.vn") for each in Captures(connection).of_site("cu")]


def test_a_site_is_followed_from_its_seed_and_every_address_is_accounted_for(world: World) -> None:
    world.server.pages = {
        "/": page(0, "/a", "/b#x", "http://ngoai.example/", "/c/portal/login?p=1"),
        "/a": page(1, "/", "/thieu"),
        "/b": page(2, "http://www.cu.gov.vn/a"),
    }
    report = world.crawl()
    states = {path: state for path, (state, _) in world.states().items()}
    assert states == {
        "/": "captured",
        "/a": "captured",
        "/b": "captured",
        "/thieu": "failed",
        "/c/portal/login?p=1": "excluded",
        "/sitemap.xml": "excluded",
        f"/{PROBE_PATH}": "excluded",
    }
    assert (report.captured, report.failed, report.pending, report.stopped) == (3, 1, 0, None)
    with world.database.reading() as connection:
        book = account(connection, "cu")
    assert book.discovered == sum(book.states.values()) == 7
    assert book.reasons[LedgerState.FAILED, "404"] == 1


def test_a_page_met_only_with_a_return_address_hung_on_it_is_fetched_without(
    world: World,
) -> None:
    """A bug once: the page was parked as a trap under its own clean address."""
    world.server.pages = {"/": page(0, "/tin?id=4&ReturnUrl=%2F"), "/tin?id=4": page(1)}
    world.plan = replace(
        world.plan,
        site=replace(world.plan.site, query=QueryPolicy("significant", frozenset({"id"}))),
    )
    world.crawl()
    assert world.states()["/tin?id=4"][0] == "captured"
    assert all("ReturnUrl" not in target for target in world.server.targets)


def test_the_host_asked_for_is_the_old_name_at_the_plans_address(world: World) -> None:
    world.server.pages = {"/": page(0)}
    world.crawl()
    assert {each.headers["host"] for each in world.server.asked} == {"cu.gov.vn"}
    assert "cookie" not in world.server.asked[-1].headers


def test_the_archive_gives_back_what_the_server_sent(world: World) -> None:
    body = gzip.compress(page(0).encode())
    world.server.pages = {
        "/": Answer(body, headers={"Content-Type": "text/html", "Content-Encoding": "gzip"})
    }
    world.crawl()
    with world.database.reading() as connection:
        capture = next(iter(Captures(connection).of_site("cu")))
    stored = world.archive.read(capture.warc_file, capture.warc_offset)
    assert stored.payload.decode() == page(0)
    assert capture.length == len(body)


def test_a_second_crawl_asks_again_and_stores_only_what_changed(world: World) -> None:
    def with_etag(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"1"':
            return Answer(b"", "304 Not Modified", {})
        return Answer(page(1).encode(), headers={"Content-Type": "text/html", "ETag": '"1"'})

    world.server.pages = {"/": page(0, "/etag", "/doi"), "/etag": with_etag, "/doi": page(2)}
    world.crawl()
    world.server.pages["/doi"] = page(3, "/moi")
    world.server.pages["/moi"] = page(4)
    report = world.crawl()
    assert (report.unchanged, report.captured) == (2, 2)
    assert sorted(captured(world)) == sorted(["/", "/etag", "/doi", "/doi", "/moi"])
    assert world.crawl().unchanged == 4


def test_a_limit_bounds_the_requests_and_the_next_crawl_goes_on(world: World) -> None:
    world.server.pages = {"/": page(0, *(f"/{n}" for n in range(9)))}
    world.server.pages |= {f"/{n}": page(n + 1) for n in range(9)}
    assert world.crawl(limit=4).pending == 8  # a sitemap was guessed, an error page asked for
    assert world.crawl().pending == 0
    assert sorted(captured(world)) == sorted(["/", *(f"/{n}" for n in range(9))])


def test_redirects_are_kept_hop_by_hop_with_their_raw_location(world: World) -> None:
    world.server.pages = {
        "/": page(0, "/1", "/vong"),
        "/1": Answer(status="302 Found", headers={"Location": "/trang đích"}),
        "/trang%20%C4%91%C3%ADch": page(1),
        "/vong": Answer(status="301 Moved", headers={"Location": "/vong2"}),
        "/vong2": Answer(status="301 Moved", headers={"Location": "/vong"}),
    }
    world.crawl()
    states = world.states()
    assert states["/1"] == ("redirect", "302: http://cu.gov.vn/trang%20%C4%91%C3%ADch")
    assert states["/trang%20đích"][0] == "captured"
    assert (states["/vong"][0], states["/vong2"][0]) == ("redirect", "redirect")
    with world.database.reading() as connection:
        hop = next(each for each in Captures(connection).of_site("cu") if each.status == 302)
    assert hop.location is not None
    assert hop.location.encode("latin-1").decode() == "/trang đích"


def test_a_redirect_to_another_spelling_of_itself_is_followed(world: World) -> None:
    world.server.pages = {
        "/": page(0, "/muc", "/minh"),
        "/muc": Answer(status="301 Moved", headers={"Location": "/muc/"}),
        "/muc/": page(1),
        "/minh": Answer(status="302 Found", headers={"Location": "/minh"}),
    }
    world.crawl()
    assert world.states()["/muc"][0] == "captured"
    assert world.states()["/minh"] == ("failed", "redirect loop: http://cu.gov.vn/minh")


def test_robots_are_obeyed_unless_the_plan_says_otherwise(world: World) -> None:
    robots = Answer(b"User-agent: *\nDisallow: /kin", headers={"Content-Type": "text/plain"})
    world.server.pages = {"/robots.txt": robots, "/": page(0, "/kin/a"), "/kin/a": page(1)}
    world.crawl()
    assert world.states()["/kin/a"] == ("robots", "robots.txt")
    assert "/robots.txt" in captured(world)
    world.crawl(obey_robots=False)
    assert world.states()["/kin/a"][0] == "captured"


def test_robots_that_forbid_all_leave_a_ledger_that_says_so(world: World) -> None:
    robots = Answer(b"User-agent: *\nDisallow: /", headers={"Content-Type": "text/plain"})
    world.server.pages = {"/robots.txt": robots, "/": page(0)}
    report = world.crawl()
    assert (report.captured, report.pending) == (0, 0)
    assert world.states()["/"] == ("robots", "robots.txt")


def test_a_server_whose_robots_fail_is_left_for_later(world: World) -> None:
    world.server.pages = {"/robots.txt": Answer(status="503 Busy"), "/": page(0)}
    report = world.crawl()
    assert report.stopped == "cu.gov.vn cannot be asked (robots.txt answers 503)"
    assert world.states()["/"][0] == "pending"


def test_a_server_that_is_not_there_is_named(world: World) -> None:
    world.server.close()
    report = world.crawl()
    assert report.stopped is not None
    assert report.stopped.startswith("cu.gov.vn cannot be asked (connect")


def test_sitemaps_and_feeds_lead_to_pages_no_link_leads_to(world: World) -> None:
    xml = {"Content-Type": "text/xml"}
    world.server.pages = {
        "/robots.txt": Answer(
            b"Sitemap: http://cu.gov.vn/so-do.xml", headers={"Content-Type": "text/plain"}
        ),
        "/so-do.xml": Answer(
            b"<sitemapindex><sitemap><loc>http://cu.gov.vn/1.xml.gz</loc></sitemap></sitemapindex>",
            headers=xml,
        ),
        "/1.xml.gz": Answer(
            gzip.compress(b"<urlset><url><loc>http://cu.gov.vn/an</loc></url></urlset>"),
            headers={"Content-Type": "application/gzip"},
        ),
        "/rss": Answer(
            b"<rss><channel><item><link>http://cu.gov.vn/tin</link></item></channel></rss>",
            headers=xml,
        ),
        "/": '<link rel="alternate" type="application/rss+xml" href="/rss">' + page(0),
        "/an": page(1),
        "/tin": page(2),
    }
    world.crawl()
    assert {"/an", "/tin"} <= set(captured(world))


def test_logs_and_inventories_lead_to_orphans(world: World, tmp_path: object) -> None:
    from pathlib import Path

    folder = Path(str(tmp_path))
    log = folder / "access.log"
    log.write_text(
        '1.2.3.4 - - [10/Oct/2024:13:55:36 +0700] "GET /mo-coi?id=4 HTTP/1.1" 200 5\n1.2.3.4 - - [10/Oct/2024:13:55:36 +0700] "GET /khong HTTP/1.1" 404 5\n'
    )
    w3c = folder / "iis.log"
    w3c.write_text(
        "#Fields: date time cs-method cs-uri-stem cs-uri-query sc-status\n"
        "2024-10-10 13:55:36 GET /iis.aspx ID=1 200\n2024-10-10 13:55:37 POST /x - 200\n"
    )
    listed = folder / "ds.csv"
    listed.write_text("tên,địa chỉ\nMột,http://cu.gov.vn/csv\nHai,/csv2\n")
    world.server.pages = {
        path: page(n)
        for n, path in enumerate(["/", "/mo-coi?id=4", "/iis.aspx?ID=1", "/csv", "/csv2"])
    }
    world.crawl(logs=(log, w3c), inventory=(listed,))
    assert set(captured(world)) == {"/", "/mo-coi?id=4", "/iis.aspx?id=1", "/csv", "/csv2"}


def test_a_calendar_without_end_is_parked_and_the_articles_are_not(world: World) -> None:
    def calendar(asked: Asked) -> Answer:
        month = int(asked.target.partition("=")[2])
        return Answer(
            f"<p>Lịch tháng {month}</p><a href='/lich?thang={month + 1}'>Sau</a>".encode()
        )

    world.server.pages = {"/": page(0, "/lich?thang=1", *(f"/bai-viet-{n}" for n in range(25)))}
    world.server.pages |= {f"/bai-viet-{n}": page(n + 1) for n in range(25)}
    world.server.pages |= {f"/lich?thang={n}": calendar for n in range(1, 200)}
    world.crawl()
    calendars = [target for target in world.server.targets if target.startswith("/lich")]
    assert len(calendars) <= 30
    assert sum(1 for path in captured(world) if path.startswith("/bai-viet")) == 25
    assert ("trap", "template /lich?thang") in world.states().values()


def test_pictures_are_fetched_after_pages(world: World) -> None:
    picture = Answer(b"\x89PNG", headers={"Content-Type": "image/png"})
    world.server.pages = {"/": "<img src=/a.png>" + page(0, "/b"), "/b": page(1), "/a.png": picture}
    world.crawl(connections=1)
    assert world.server.targets[-1] == "/a.png"
    assert "/a.png" in captured(world)


def test_two_crawls_of_one_site_at_once_are_refused(world: World) -> None:
    with world.archive.writer("cu"), pytest.raises(CatalogueError, match="another writer"):
        world.crawl()


def test_a_parked_template_can_be_released(world: World) -> None:
    world.server.pages = {"/": page(0, *(f"/ds?trang={n}" for n in range(40)))}
    world.server.pages |= {f"/ds?trang={n}": "<p>Danh sách</p>" for n in range(40)}
    world.crawl(connections=1)
    parked = [path for path, (state, _) in world.states().items() if state == "trap"]
    assert parked
    with world.database.writing() as connection:
        site_id = KeptSites(connection).id_of("cu")
        assert Frontier(connection, site_id).release("template /ds?trang", world.now()) == len(
            parked
        )
