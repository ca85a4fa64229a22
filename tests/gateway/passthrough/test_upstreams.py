"""Several upstreams of one route: shares, spares, and who is asked next when one does not answer."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passthrough.failures import UpstreamDown
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.upstreams import Servers, Turns
from redirects.route import ApiRoute, Health, Upstream
from tests.gateway.passthrough.recorder import Gateway, Recorder
from tests.gateway.passthrough.test_breaker import Clock

Upstreamer = Callable[..., str]


def named(name: str, status: str = "200 OK") -> Recorder:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(name)}\r\n\r\n"
    return Recorder(head.encode() + name.encode())


def turns_of(*weights: int, clock: Clock | None = None, failures: int = 1) -> Turns:
    upstreams = tuple(Upstream(f"http://10.0.0.{n}", one) for n, one in enumerate(weights))
    route = ApiRoute("api", "old.test", "/*", upstreams, health=Health(failures=failures))

    async def made() -> Turns:  # a pool belongs to a loop
        return Servers(PoolLimits(), clock or Clock()).of(route)

    return asyncio.run(made())


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_each_upstream_gets_its_share_of_every_round_and_never_a_row_of_them_all(
    weights: list[int],
) -> None:
    turns = turns_of(*weights)
    asked = [turns.next().origin for _ in range(2 * sum(weights))]
    for half in (asked[: sum(weights)], asked[sum(weights) :]):
        assert Counter(half) == {f"http://10.0.0.{n}": one for n, one in enumerate(weights)}


def test_two_to_one_is_shared_evenly_not_in_rows() -> None:
    turns = turns_of(2, 1)
    assert [turns.next().origin[-1] for _ in range(6)] == ["0", "1", "0", "0", "1", "0"]


def test_a_spare_is_asked_only_where_no_other_can_be() -> None:
    clock = Clock()
    turns = turns_of(1, 0, clock=clock)
    first = turns.next()
    assert turns.next([first]).origin == "http://10.0.0.1"
    first.breaker.failed(first.breaker.begin())
    assert [turns.next().origin[-1] for _ in range(3)] == ["1", "1", "1"]
    clock.now += 5
    assert turns.next() is first


def test_where_every_breaker_is_open_nobody_is_asked() -> None:
    clock = Clock()
    turns = turns_of(1, 1, clock=clock)
    for _ in range(2):
        server = turns.next()
        server.breaker.failed(server.breaker.begin())
        clock.now += 1.5
    with pytest.raises(UpstreamDown) as caught:
        turns.next()
    assert caught.value.retry_after == 2  # the first one opened for 5 s, 3 s ago


def test_calls_are_shared_out_by_weight(upstream: Upstreamer, gateway: Gateway) -> None:
    origin = gateway(Upstream(upstream(named("a")), 3), upstream(named("b")))
    answers = Counter(httpx.get(f"{origin}/x").text for _ in range(8))
    assert answers == {"a": 6, "b": 2}


def test_a_call_that_may_be_repeated_goes_to_another_upstream(
    upstream: Upstreamer, gateway: Gateway, closed: str
) -> None:
    dying = Recorder(b"HTTP/1.1 200 OK\r\nCont", hang_up=True)
    well = named("b")
    origin = gateway(closed, upstream(dying), upstream(well), tries=3)
    assert [httpx.put(f"{origin}/x", content=b"1").text for _ in range(3)] == ["b"] * 3
    assert len(dying.heads) >= 1


def test_a_post_goes_to_another_upstream_only_where_it_was_never_sent(
    upstream: Upstreamer, gateway: Gateway, closed: str
) -> None:
    dying, well = Recorder(b"", hang_up=True), named("b")
    origin = gateway(closed, upstream(well))
    assert [httpx.post(f"{origin}/x", content=b"1").text for _ in range(2)] == ["b", "b"]
    well.heads.clear()
    origin = gateway(upstream(dying), upstream(well))
    answers = Counter(httpx.post(f"{origin}/x", content=b"1").status_code for _ in range(4))
    assert answers == {200: 2, 502: 2}
    assert len(well.heads) == 2


def test_at_most_so_many_upstreams_are_asked(
    upstream: Upstreamer, gateway: Gateway, closed: str
) -> None:
    origin = gateway(closed, upstream(named("b")), tries=1)
    assert sorted(httpx.get(f"{origin}/x").status_code for _ in range(2)) == [200, 502]


def test_an_open_breaker_answers_at_once_and_says_when_to_come_again(
    upstream: Upstreamer, gateway: Gateway
) -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    origin = gateway(upstream(silent), timeout=0.2, health=Health(failures=2, cooling=30))
    spent = []
    with httpx.Client() as client:
        assert [client.get(f"{origin}/x").status_code for _ in range(2)] == [504, 504]
        for _ in range(20):
            begun = time.perf_counter()
            answer = client.get(f"{origin}/x")
            spent.append(time.perf_counter() - begun)
            assert answer.status_code == 503
    assert 25 <= int(answer.headers["retry-after"]) <= 30
    assert answer.json()["lien_he"]["dien_thoai"] == "0225 123 456"
    assert statistics.median(spent) < 0.05


def test_what_is_broken_off_is_logged_once_and_not_with_every_call(
    gateway: Gateway, closed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    origin = gateway(closed, health=Health(failures=2, cooling=60))
    for _ in range(10):
        assert httpx.get(f"{origin}/x").status_code in {502, 503}
    told = capsys.readouterr().out
    assert told.count("upstream.broken-off") == 1
    assert told.count("passthrough.failed") == 2


def test_a_breaker_that_is_half_open_finds_out_with_one_call(
    upstream: Upstreamer, gateway: Gateway
) -> None:
    is_well = False

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            if not is_well:
                return
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    origin = gateway(upstream(talk), health=Health(failures=1, cooling=0.3))
    assert httpx.get(f"{origin}/x").status_code == 502
    assert httpx.get(f"{origin}/x").status_code == 503
    is_well = True
    time.sleep(0.35)
    assert [httpx.get(f"{origin}/x").status_code for _ in range(3)] == [200, 200, 200]


def test_a_server_that_answers_with_an_error_of_its_own_is_alive(
    upstream: Upstreamer, gateway: Gateway
) -> None:
    origin = gateway(upstream(named("loi", "500 Oops")), health=Health(failures=1))
    assert [httpx.get(f"{origin}/x").status_code for _ in range(3)] == [500, 500, 500]


def test_a_call_lasts_no_longer_than_its_total_time(upstream: Upstreamer, gateway: Gateway) -> None:
    async def drips(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" * 9:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    origin = gateway(upstream(drips), timeout=0.5, total_timeout=0.6)
    begun = time.perf_counter()
    answer = httpx.get(f"{origin}/x")
    assert answer.status_code == 504
    assert json.loads(answer.content)["api"] == "api"
    assert 0.5 < time.perf_counter() - begun < 3


def test_an_upstream_that_takes_no_connection_is_given_up_in_its_time(gateway: Gateway) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", port))
            begun = time.perf_counter()
            answer = httpx.get(f"{gateway(f'http://127.0.0.1:{port}', connect_timeout=0.2)}/x")
        finally:
            for one in waiting:
                one.close()
    assert answer.status_code == 504
    assert time.perf_counter() - begun < 3


def test_one_dead_upstream_does_not_slow_another_route(
    upstream: Upstreamer, serve_routes: Callable[..., str]
) -> None:
    """Calls along a well route take as long beside a dead one's waiting callers as without."""

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    origin = serve_routes(
        ApiRoute("well", "old.test", "/well/*", (Upstream(upstream(named("b"))),)),
        ApiRoute("dead", "old.test", "/dead/*", (Upstream(upstream(silent)),)),
        limits=PoolLimits(connections=8, waiting=8),
    )

    def median_seconds(client: httpx.Client) -> float:
        spent = []
        for _ in range(60):
            begun = time.perf_counter()
            assert client.get(f"{origin}/well/x").text == "b"
            spent.append(time.perf_counter() - begun)
        return statistics.median(spent)

    with httpx.Client() as client:
        ratios = []
        for _ in range(5):
            alone = median_seconds(client)
            waiting = [_call(origin, "/dead/x") for _ in range(16)]  # all its pool and its queue
            ratios.append(median_seconds(client) / alone)
            for one in waiting:
                one.close()
    assert min(ratios) < 1.1, ratios


def _call(origin: str, path: str) -> socket.socket:
    host, port = origin.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: old.test\r\n\r\n".encode())
    return client


def test_weights_and_turns_go_on_past_one_that_is_open() -> None:
    clock = Clock()
    turns = turns_of(1, 1, 1, clock=clock)
    gone = turns.next()
    gone.breaker.failed(gone.breaker.begin())
    asked = Counter(turns.next().origin for _ in range(6))
    assert gone.origin not in asked
    assert all(left == right for left, right in itertools.pairwise(asked.values()))


def test_an_answer_that_lasts_longer_than_its_total_time_is_cut_off_and_blames_nobody(
    upstream: Upstreamer, gateway: Gateway
) -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    origin = gateway(
        upstream(endless), timeout=5, total_timeout=0.4, health=Health(failures=1, cooling=60)
    )
    for _ in range(2):  # its breaker stays closed: it did answer
        begun = time.perf_counter()
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{origin}/x")
        assert time.perf_counter() - begun < 4
