"""What broken and hostile servers do, and that each costs one line of the ledger."""

from __future__ import annotations

import gzip
import time

import pytest

from tests.crawler.old_server import Answer, Asked, World

HTML = {"Content-Type": "text/html"}
GOOD = (
    "<p>Một trang bình thường của cổng thông tin, vẫn phải được lưu lại dù trang bên cạnh hỏng.</p>"
)


HOSTILE: dict[str, tuple[str, str, dict[str, object]]] = {
    "30 MB page": ("too_large", "31457280 bytes", {"body": b"x" * 31_457_280, "headers": HTML}),
    "30 MB without a length": (
        "too_large",
        "bytes, allowed",
        {"raw": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + b"x" * 31_457_280},
    ),
    "broken gzip": (
        "failed",
        "content coding: broken data",
        {"body": b"\x1f\x8b\x08" + b"\xff" * 60, "headers": HTML | {"Content-Encoding": "gzip"}},
    ),
    "gzip bomb": (
        "failed",
        "content coding: more than",
        {
            "body": gzip.compress(b" " * 250_000_000, 9),
            "headers": HTML | {"Content-Encoding": "gzip"},
        },
    ),
    "gzip that lies": (
        "captured",
        "",
        {"body": GOOD.encode() + b"khac", "headers": HTML | {"Content-Encoding": "gzip"}},
    ),
    "truncated body": (
        "failed",
        "protocol",
        {"raw": b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 900\r\n\r\n<p>n"},
    ),
    "dropped connection": ("failed", "protocol", {"raw": b""}),
    "not http": ("failed", "protocol", {"raw": b"SSH-2.0-OpenSSH\r\n\r\n"}),
    "10 MB header": (
        "failed",
        "protocol",
        {"raw": b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 10_000_000 + b"\r\n\r\n"},
    ),
    "server error": ("failed", "500", {"status": "500 Oops"}),
    "redirect to nowhere": (
        "redirect",
        "no address",
        {"status": "302 Found", "headers": {"Location": "javascript:x"}},
    ),
    "redirect to a private address": (
        "redirect",
        "302: http://169.254.169.254",
        {"status": "302 Found", "headers": {"Location": "http://169.254.169.254/latest"}},
    ),
    "entity bomb": (
        "failed",
        "sitemap: ",
        {
            "body": b'<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
            "headers": {"Content-Type": "text/xml"},
        },
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_recorded_and_the_rest_goes_on(world: World, name: str) -> None:
    state, reason, reply = HOSTILE[name]
    world.server.pages = {
        "/": GOOD + "<a href=/xau>x</a><a href=/tot>y</a>",
        "/xau": Answer(**reply),
        "/tot": GOOD + "khác",
    }
    world.crawl()
    states = world.states()
    assert states["/tot"][0] == "captured"
    assert states["/xau"][0] == state
    assert reason in (states["/xau"][1] or "")


def test_relative_links_without_end_are_traps(world: World) -> None:
    def endless(asked: Asked) -> Answer:
        return Answer(
            GOOD.encode() + asked.target.encode() + b"<a href='a/'>x</a><a href='b/'>y</a>"
        )

    world.server.default = endless
    world.server.pages = {"/robots.txt": Answer(status="404 No")}
    report = world.crawl(limit=300)
    assert report.pending == 0
    assert report.fetched < 150


def test_a_server_that_is_busy_is_asked_again_later(world: World) -> None:
    answers = [Answer(status="503 Busy", headers={"Retry-After": "0"}), Answer(GOOD.encode())]
    world.server.pages = {"/": lambda asked: answers.pop(0)}
    report = world.crawl()
    assert (report.captured, report.failed) == (1, 0)


def test_a_server_that_dies_in_mid_crawl_leaves_the_rest_pending(world: World) -> None:
    def dying(asked: Asked) -> Answer:
        world.server.close()
        return Answer(
            (GOOD + "".join(f"<a href=/{n}>x</a>" for n in range(40))).encode(),
            headers=HTML | {"Connection": "close"},
        )

    world.server.pages = {
        "/": dying,
        "/robots.txt": Answer(status="404 No", headers={"Connection": "close"}),
    }
    report = world.crawl(connections=1)
    assert report.stopped is not None
    assert "does not answer" in report.stopped
    assert report.pending >= 30


def test_a_name_that_leads_inside_is_never_connected_to(world: World) -> None:
    import anyio

    from crawler.fetch import Fetcher, FetchFailed

    async def resolve(host: str, port: int) -> list[str]:
        return ["10.0.0.7"]

    async def ask() -> object:
        from dataclasses import replace

        plan = replace(world.plan, address=None)
        async with Fetcher(plan, now=world.now, resolve=resolve) as fetcher:
            assert await fetcher.server_of("http://cu.gov.vn/") == "cu.gov.vn"
            return await fetcher.fetch("http://cu.gov.vn/")

    outcome = anyio.run(ask)
    assert isinstance(outcome, FetchFailed)
    assert (outcome.kind, outcome.passing) == ("address", False)


def test_robots_behind_a_redirect_are_followed_on_the_site_only(world: World) -> None:
    robots = Answer(b"User-agent: *\nDisallow: /kin", headers={"Content-Type": "text/plain"})
    world.server.pages = {
        "/robots.txt": Answer(status="301 Moved", headers={"Location": "/r.txt"}),
        "/r.txt": robots,
        "/": GOOD + "<a href=/kin>x</a>",
    }
    world.crawl()
    assert world.states()["/kin"] == ("robots", "robots.txt")


def test_a_crawl_delay_in_robots_is_kept(world: World) -> None:
    robots = Answer(b"User-agent: *\nCrawl-delay: 0.3", headers={"Content-Type": "text/plain"})
    world.server.pages = {"/robots.txt": robots, "/": GOOD}
    start = time.monotonic()
    world.crawl()
    assert time.monotonic() - start >= 0.6  # three requests after robots.txt


def test_an_answer_that_never_ends_is_a_timeout(world: World) -> None:
    def sleepy(asked: Asked) -> Answer:
        time.sleep(1.5)
        return Answer(GOOD.encode())

    world.server.pages = {"/": GOOD + "<a href=/cham>x</a>", "/cham": sleepy}
    world.crawl(timeout=0.5)
    state, reason = world.states()["/cham"]
    assert (state, (reason or "").partition(":")[0]) == ("failed", "timeout")


def test_tls_that_is_none_is_a_failure_with_a_name(world: World) -> None:
    report = world.crawl(address=f"https://{world.server.address}")
    assert report.stopped is not None
