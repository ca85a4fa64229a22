"""Answers that are kept: given again while fresh, and in the place of a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passthrough.caching import AnswerStore
from redirects.route import Caching, Health
from tests.gateway.passthrough.recorder import Gateway
from tests.gateway.passthrough.test_breaker import Clock

MAX_AGE = "Cache-Control: max-age=60\r\n"


class Counting:
    """An upstream that numbers its answers and gives each the header lines it is told to."""

    def __init__(self, lines: str, *, status: str = "200 OK") -> None:
        self.lines = lines
        self.status = status
        self.asked = 0
        self.is_dead = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if self.is_dead:
                return
            self.asked += 1
            body = f"so {self.asked}"
            length = f"Content-Length: {len(body)}\r\n"
            sent = "" if head.startswith(b"HEAD") else body
            writer.write(f"HTTP/1.1 {self.status}\r\n{self.lines}{length}\r\n{sent}".encode())
            await writer.drain()


def test_a_fresh_answer_is_given_again_with_its_age(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    counting = Counting(MAX_AGE + 'ETag: "1"\r\nX-A: b\r\n')
    origin = gateway(upstream(counting), caching=Caching())
    with httpx.Client() as client:
        first, second = client.get(f"{origin}/a?x=1"), client.get(f"{origin}/a?x=1")
        assert (first.text, second.text, counting.asked) == ("so 1", "so 1", 1)
        assert "age" not in first.headers
        assert int(second.headers["age"]) in {0, 1, 2}
        assert second.headers["x-a"] == "b"
        head = client.head(f"{origin}/a?x=1")
        assert (head.headers["content-length"], head.text, counting.asked) == ("4", "", 1)
        unchanged = client.get(f"{origin}/a?x=1", headers={"if-none-match": 'W/"1"'})
        assert (unchanged.status_code, unchanged.text, counting.asked) == (304, "", 1)
        assert unchanged.headers["etag"] == '"1"'
        assert client.get(f"{origin}/a?x=2").text == "so 2"
        fresh = client.get(f"{origin}/a?x=1", headers={"cache-control": "no-cache"})
        assert fresh.text == "so 3"
        assert client.get(f"{origin}/a?x=1").text == "so 3"


def test_a_kept_answer_is_spelled_as_its_server_wrote_it(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    counting = Counting("CACHE-Control: max-age=60\r\nX-MaSo: 1\r\n", status="200 Tot lam")
    origin = gateway(upstream(counting), caching=Caching())
    asked = b"GET /a HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n\r\n"
    first, second = talk_raw(origin, asked), talk_raw(origin, asked)
    assert counting.asked == 1
    for answer in (first, second):
        assert answer.startswith(b"HTTP/1.1 200 Tot lam\r\n")
        assert b"\r\nCACHE-Control: max-age=60\r\nX-MaSo: 1\r\n" in answer
        assert answer.endswith(b"\r\n\r\nso 1")


def test_without_a_cache_every_call_goes_through(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    counting = Counting(MAX_AGE)
    origin = gateway(upstream(counting))
    assert [httpx.get(f"{origin}/a").text for _ in range(2)] == ["so 1", "so 2"]


@pytest.mark.parametrize(
    ("lines", "headers"),
    [
        ("", {}),
        (MAX_AGE + "Set-Cookie: a=b\r\n", {}),
        (MAX_AGE, {"authorization": "Basic eA=="}),
        (MAX_AGE, {"cookie": "a=b"}),
        (MAX_AGE, {"range": "bytes=0-1"}),
        (MAX_AGE + "Vary: *\r\n", {}),
        ("Cache-Control: no-store\r\n", {}),
    ],
)
def test_what_may_not_be_kept_is_asked_for_again(
    upstream: Callable[..., str], gateway: Gateway, lines: str, headers: dict[str, str]
) -> None:
    origin = gateway(upstream(Counting(lines)), caching=Caching())
    answers = [httpx.get(f"{origin}/a", headers=headers).text for _ in range(2)]
    assert answers == ["so 1", "so 2"]


def test_an_answer_is_given_only_to_who_asks_alike(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    counting = Counting(MAX_AGE + "Vary: Accept-Language\r\n")
    origin = gateway(upstream(counting), caching=Caching())
    asked = [
        httpx.get(f"{origin}/a", headers={"accept-language": language}).text
        for language in ("vi", "en", "vi", "en")
    ]
    assert asked == ["so 1", "so 2", "so 1", "so 2"]


def test_what_does_not_cross_keeps_no_answer_from_being_kept(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    counting = Counting(MAX_AGE + "Vary: Cookie\r\n")
    origin = gateway(upstream(counting), caching=Caching(), credentials=frozenset())
    asked = [httpx.get(f"{origin}/a", headers={"cookie": f"a={one}"}).text for one in range(3)]
    assert asked == ["so 1"] * 3


def test_a_kept_answer_without_a_date_gets_the_one_it_came_at() -> None:
    clock = Clock()
    clock.now = 1_800_000_000.0
    store = AnswerStore(Caching(), clock)
    store.keep(scope("/a"), 200, [(b"cache-control", b"max-age=60")], b"x")
    clock.now += 30
    kept = store.fresh(scope("/a"))
    assert kept is not None
    assert (b"date", b"Fri, 15 Jan 2027 08:00:00 GMT") in kept.headers


def test_a_call_that_changes_something_ends_what_is_kept_of_its_address(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    origin = gateway(upstream(Counting(MAX_AGE)), caching=Caching())
    assert [httpx.get(f"{origin}/a").text for _ in range(2)] == ["so 1", "so 1"]
    httpx.post(f"{origin}/a")
    assert httpx.get(f"{origin}/a").text == "so 3"


@pytest.mark.parametrize("trouble", ["dies", "500 Oops", "503 Down"])
def test_a_stale_answer_stands_in_for_an_upstream_that_fails(
    upstream: Callable[..., str], gateway: Gateway, trouble: str
) -> None:
    counting = Counting("")
    origin = gateway(upstream(counting), caching=Caching(), health=Health(failures=2, cooling=30))
    assert [httpx.get(f"{origin}/a").text for _ in range(2)] == ["so 1", "so 2"]
    counting.is_dead = trouble == "dies"
    counting.status = trouble if trouble != "dies" else counting.status
    for _ in range(4):  # the breaker is open for the last two where it dies
        answer = httpx.get(f"{origin}/a")
        assert (answer.status_code, answer.text) == (200, "so 2")
        assert "age" in answer.headers
    reload = {"cache-control": "no-cache"}
    assert httpx.get(f"{origin}/a", headers=reload).status_code >= 500
    assert httpx.get(f"{origin}/khac").status_code >= 500
    assert httpx.post(f"{origin}/a").status_code >= 500


@pytest.mark.parametrize(
    "lines", ["Cache-Control: must-revalidate\r\n", "Cache-Control: stale-if-error=0\r\n"]
)
def test_an_answer_that_forbids_it_stands_in_for_nothing(
    upstream: Callable[..., str], gateway: Gateway, lines: str
) -> None:
    counting = Counting(lines)
    origin = gateway(upstream(counting), caching=Caching())
    assert httpx.get(f"{origin}/a").text == "so 1"
    counting.is_dead = True
    assert httpx.get(f"{origin}/a").status_code == 502


def scope(target: str, **headers: str) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "method": "GET",
        "scheme": "http",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [
            (b"host", b"old.test"),
            *((n.encode(), v.encode()) for n, v in headers.items()),
        ],
    }


def test_an_answer_is_fresh_for_its_time_and_stands_in_for_a_while_longer() -> None:
    clock = Clock()
    store = AnswerStore(Caching(stale_if_error=100), clock)
    store.keep(scope("/a"), 200, [(b"cache-control", b"max-age=60"), (b"age", b"20")], b"x")
    kept = store.fresh(scope("/a"))
    assert kept is not None
    assert kept.age(clock.now) == 20
    clock.now += 40
    assert store.fresh(scope("/a")) is None
    assert store.stand_in(scope("/a")) is kept
    clock.now += 100
    assert store.stand_in(scope("/a")) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from(["vi", "en"]), st.integers(0, 6_000)),
        max_size=40,
    )
)
def test_whatever_is_kept_the_store_is_never_larger_than_its_route_says(
    answers: list[tuple[int, str, int]],
) -> None:
    store = AnswerStore(Caching(memory=20_000), Clock())
    headers = [(b"cache-control", b"max-age=60"), (b"vary", b"accept-language")]
    for number, language, size in answers:
        asked = scope(f"/{number}", **{"accept-language": language})
        store.keep(asked, 200, headers, b"x" * size)
        assert 0 <= store.size <= 20_000
        kept = store.fresh(asked)
        assert kept is not None
        assert len(kept.body) == size
    for number in range(10):
        store.forget(scope(f"/{number}"))
    assert store.size == 0


def test_what_belongs_to_one_answer_alone_is_not_kept() -> None:
    store = AnswerStore(Caching(), Clock())
    headers = [(b"cache-control", b"max-age=60"), (b"Age", b"3"), (b"trailer", b"x-tong")]
    store.keep(scope("/a"), 200, headers, b"x")
    kept = store.fresh(scope("/a"))
    assert kept is not None
    names = [name.lower() for name, _ in kept.headers]
    assert names == [b"cache-control", b"date", b"content-length"]


def test_an_answer_larger_than_its_route_keeps_is_only_passed_on(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    origin = gateway(upstream(Counting(MAX_AGE)), caching=Caching(largest=3))
    assert [httpx.get(f"{origin}/a").text for _ in range(2)] == ["so 1", "so 2"]


def test_an_answer_cut_short_is_not_kept(upstream: Callable[..., str], gateway: Gateway) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\n{MAX_AGE}Content-Length: 9\r\n\r\nnua".encode())

    origin = gateway(upstream(talk), caching=Caching())
    for _ in range(2):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{origin}/a")


class Validating(Counting):
    """An upstream that says 304 to who has its answer, and keeps the heads it was sent."""

    def __init__(self, lines: str) -> None:
        super().__init__(lines)
        self.heads: list[bytes] = []
        self.tag = '"1"'

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            lines = f"{self.lines}ETag: {self.tag}\r\n"
            if f"if-none-match: {self.tag}".encode() in head.lower():
                writer.write(f"HTTP/1.1 304 Not Modified\r\n{lines}X-Lan: hai\r\n\r\n".encode())
            else:
                body = f"ban {self.tag}"
                length = f"Content-Length: {len(body)}\r\n"
                writer.write(f"HTTP/1.1 200 OK\r\n{lines}{length}\r\n{body}".encode())
            await writer.drain()


def test_a_stale_answer_is_given_again_once_the_upstream_says_that_it_is_still_good(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    server = Validating("Cache-Control: max-age=0\r\n")
    origin = gateway(upstream(server), caching=Caching())
    with httpx.Client() as client:
        answers = [client.get(f"{origin}/a") for _ in range(3)]
        assert [answer.text for answer in answers] == ['ban "1"'] * 3
        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert answers[1].headers["x-lan"] == "hai"
        assert int(answers[1].headers["age"]) < 2
        assert [b'if-none-match: "1"' in head for head in server.heads] == [False, True, True]
        server.tag = '"2"'
        assert client.get(f"{origin}/a").text == 'ban "2"'
        own = client.get(f"{origin}/a", headers={"if-none-match": '"2"'})
        assert (own.status_code, own.text) == (304, "")


def test_an_answer_is_fresh_again_for_as_long_as_the_304_says(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    server = Validating("Cache-Control: max-age=0\r\n")
    origin = gateway(upstream(server), caching=Caching())
    httpx.get(f"{origin}/a")
    server.lines = MAX_AGE
    assert [httpx.get(f"{origin}/a").text for _ in range(3)] == ['ban "1"'] * 3
    assert len(server.heads) == 2


def test_a_304_that_forbids_to_keep_ends_what_was_kept(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    server = Validating("Cache-Control: max-age=0\r\n")
    origin = gateway(upstream(server), caching=Caching())
    httpx.get(f"{origin}/a")
    server.lines = "Cache-Control: no-store\r\n"
    assert [httpx.get(f"{origin}/a").text for _ in range(2)] == ['ban "1"'] * 2
    assert [b"if-none-match" in head for head in server.heads] == [False, True, False]
