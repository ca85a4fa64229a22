from __future__ import annotations

import gzip
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import anyio
import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.addresses import AddressError, Endpoint, is_public, named_endpoint, public_endpoint
from crawler.links import Link, LinkKind, absolute, links_of
from crawler.politeness import MAX_WAIT, Pace, seconds_of
from crawler.robots import ALLOW_ALL, DISALLOW_ALL, robots_of
from crawler.sitemap import Listing, SitemapError, read_listing

SSRF = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "security" / "ssrf-urls.txt"
NOW = datetime(2025, 6, 30, 12, tzinfo=UTC)


def links(markup: str, url: str = "http://a.vn/muc/trang") -> list[Link]:
    return links_of(LexborHTMLParser(markup), url)


@pytest.mark.parametrize(
    ("markup", "url", "kind"),
    [
        ("<a href='../tin#x'>", "http://a.vn/tin", LinkKind.PAGE),
        ("<area href=/tin>", "http://a.vn/tin", LinkKind.PAGE),
        ("<frameset><frame src=/tin></frameset>", "http://a.vn/tin", LinkKind.PAGE),
        ("<iframe src=//a.vn/tin></iframe>", "http://a.vn/tin", LinkKind.PAGE),
        ("<meta http-equiv=Refresh content='0; URL=/tin'>", "http://a.vn/tin", LinkKind.REDIRECT),
        ("<a href=\"javascript:window.open('/tin','w')\">", "http://a.vn/tin", LinkKind.PAGE),
        ("<a href=# onclick=\"location.href='/tin'\">", "http://a.vn/tin", LinkKind.PAGE),
        ("<script>window.location = '/tin';</script>", "http://a.vn/tin", LinkKind.PAGE),
        (
            "<link rel=alternate type=application/rss+xml href=/rss>",
            "http://a.vn/rss",
            LinkKind.FEED,
        ),
        ("<link rel=canonical href=/tin>", "http://a.vn/tin", LinkKind.PAGE),
        ("<img src='Tệp 1.jpg'>", "http://a.vn/muc/T%E1%BB%87p%201.jpg", LinkKind.IMAGE),
        ("<img srcset='/a.jpg 1x, /a2.jpg 2x'>", "http://a.vn/a2.jpg", LinkKind.IMAGE),
        ("<base href=http://a.vn/x/><a href=tin>", "http://a.vn/x/tin", LinkKind.PAGE),
        ("<div style=\"background:url('/nen.png')\">", "http://a.vn/nen.png", LinkKind.IMAGE),
        ("<a href='\\tin\\b'>", "http://a.vn/tin/b", LinkKind.PAGE),
    ],
)
def test_a_page_points_in_many_ways(markup: str, url: str, kind: LinkKind) -> None:
    assert Link(url, kind) in links(markup)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "#x",
        "mailto:a@a.vn",
        "javascript:void(0)",
        "tel:1",
        "ftp://a.vn/",
        "http://[bad",
        "data:,x",
    ],
)
def test_some_links_lead_nowhere_we_go(raw: str) -> None:
    assert absolute(raw, "http://a.vn/") is None


def test_a_link_is_listed_once_and_stylesheets_not_at_all() -> None:
    assert links("<link rel=stylesheet href=/a.css><a href=/t><a href=/t#b>") == [
        Link("http://a.vn/t", LinkKind.PAGE)
    ]


@pytest.mark.parametrize(
    ("status", "payload", "allowed"),
    [
        (200, b"User-agent: *\nDisallow: /kin", False),
        (200, b"User-agent: *\nDisallow: /khac", True),
        (200, b"<html>Disallow: /</html>", True),
        (404, b"", True),
        (403, b"", True),
        (503, b"", False),
        (299, b"", True),
    ],
)
def test_robots_are_read_as_rfc_9309_says(status: int, payload: bytes, *, allowed: bool) -> None:
    assert robots_of(status, payload).allows("http://a.vn/kin/x") is allowed


def test_robots_name_a_delay_and_sitemaps() -> None:
    robots = robots_of(200, b"User-agent: *\nCrawl-delay: 2\nSitemap: http://a.vn/s.xml\n")
    assert (robots.crawl_delay, robots.sitemaps) == (2.0, ("http://a.vn/s.xml",))
    assert (ALLOW_ALL.crawl_delay, DISALLOW_ALL.sitemaps) == (None, ())


URLSET = b'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> http://a.vn/1 </loc></url></urlset>'


@pytest.mark.parametrize(
    ("payload", "listing"),
    [
        (URLSET, Listing(("http://a.vn/1",))),
        (gzip.compress(URLSET, mtime=0), Listing(("http://a.vn/1",))),
        (
            b"<sitemapindex><sitemap><loc>http://a.vn/s1.xml.gz</loc></sitemap></sitemapindex>",
            Listing((), ("http://a.vn/s1.xml.gz",)),
        ),
        (b"http://a.vn/1\nhttp://a.vn/2\n", Listing(("http://a.vn/1", "http://a.vn/2"))),
        (
            b"<rss><channel><link>http://a.vn/</link><item><link>http://a.vn/1</link></item></channel></rss>",
            Listing(("http://a.vn/1",), is_feed=True),
        ),
        (
            b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="http://a.vn/1"/></entry></feed>',
            Listing(("http://a.vn/1",), is_feed=True),
        ),
        (b"<data/>", None),
        (b"plain words", None),
    ],
)
def test_sitemaps_and_feeds_list_addresses(payload: bytes, listing: Listing | None) -> None:
    assert read_listing(payload) == listing


@pytest.mark.parametrize(
    "payload",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><urlset><url><loc>&a;</loc></url></urlset>',
        b"<urlset><url>",
        gzip.compress(URLSET, mtime=0)[:20],
        gzip.compress(b" " * 60_000_000, mtime=0),
    ],
)
def test_a_hostile_sitemap_is_an_error_and_nothing_more(payload: bytes) -> None:
    with pytest.raises(SitemapError):
        read_listing(payload)


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.1.1",
        "192.0.0.192",
        "100.64.0.1",
        "224.0.0.1",
        "0.0.0.0",
        "::1",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "192.88.99.1",
    ],
)
def test_special_addresses_are_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["203.162.0.181", "8.8.8.8", "2405:4800::1"])
def test_ordinary_addresses_are(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:8090", Endpoint("127.0.0.1", 8090, tls=False)),
        ("10.0.0.5", Endpoint("10.0.0.5", 80, tls=False)),
        ("https://10.0.0.5", Endpoint("10.0.0.5", 443, tls=True)),
        ("[::1]:81", Endpoint("::1", 81, tls=False)),
    ],
)
def test_a_plan_names_an_address(text: str, endpoint: Endpoint) -> None:
    assert named_endpoint(text) == endpoint


@pytest.mark.parametrize("text", ["localhost:80", "10.0.0.5:x", ""])
def test_a_name_is_not_an_address(text: str) -> None:
    with pytest.raises(AddressError):
        named_endpoint(text)


def resolved(*answers: str, host: str = "a.vn") -> Endpoint:
    async def resolve(host: str, port: int) -> list[str]:
        return list(answers)

    async def ask() -> Endpoint:
        return await public_endpoint(host, 80, tls=False, resolve=resolve)

    return anyio.run(ask)


def test_one_private_answer_among_public_ones_condemns_the_name() -> None:
    assert resolved("8.8.8.8").server == "8.8.8.8:80"
    for answers in (("8.8.8.8", "127.0.0.1"), (), ("fe80::1%eth0",)):
        with pytest.raises(AddressError):
            resolved(*answers)
    with pytest.raises(AddressError):
        resolved("8.8.8.8", host="[::1]")


def test_turns_are_spaced_and_busy_servers_get_more_room() -> None:
    pace = Pace(delay=1.0)
    assert [pace.reserve(10.0), pace.reserve(10.0)] == [0.0, 1.0]
    pace.heed(503, "7", now=20.0, today=NOW)
    assert pace.reserve(20.0) == 7.0
    pace.heed(429, None, now=40.0, today=NOW)
    assert pace.slowed == 4.0
    for _ in range(40):
        pace.heed(200, None, now=50.0, today=NOW)
    assert pace.slowed == 0.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("12", 12.0),
        ("99999", MAX_WAIT),
        ("Mon, 30 Jun 2025 12:00:30 GMT", 30.0),
        ("soon", None),
        ("-3", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert seconds_of(header, NOW) == seconds
