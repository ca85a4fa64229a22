"""Calls to upstreams that lie, stall, die or are not there, and connections that are kept."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from gateway.passthrough.failures import UpstreamUnreachable
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.telling import failure_answer
from gateway.settings.portal import PortalSettings
from redirects.route import ApiRoute, Upstream
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder


def problem_of(answer: httpx.Response) -> Any:
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["lien_he"] == {"dien_thoai": "0225 123 456", "email": "hotro@haiphong.test"}
    assert found["don_vi_quan_ly"] == "Sở Tư pháp"
    assert found["status"] == answer.status_code
    return found


def test_an_upstream_that_is_not_there_is_502_with_somebody_to_call(gateway: Gateway) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        origin = gateway(f"http://127.0.0.1:{unused.getsockname()[1]}")
        answer = httpx.post(f"{origin}/a", content=b"x")
    assert answer.status_code == 502
    assert "Không kết nối được" in problem_of(answer)["detail"]


@pytest.mark.parametrize(
    "lie",
    [
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 200_000,
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        b"",
    ],
    ids=["not HTTP", "two framings", "two lengths", "endless head", "unasked upgrade", "silence"],
)
def test_an_upstream_that_lies_is_502(
    upstream: Callable[..., str], gateway: Gateway, lie: bytes
) -> None:
    answer = httpx.get(f"{gateway(upstream(Recorder(lie, hang_up=True)))}/a")
    assert answer.status_code == 502
    problem_of(answer)


def test_an_upstream_that_stalls_is_504_in_its_time(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    answer = httpx.get(f"{gateway(upstream(talk), timeout=0.3)}/a")
    assert answer.status_code == 504
    problem_of(answer)


@pytest.mark.parametrize("ending", ["dies", "stalls"])
def test_an_answer_cut_short_is_never_taken_for_whole(
    upstream: Callable[..., str], gateway: Gateway, ending: str
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")
        await writer.drain()
        if ending == "stalls":
            await reader.read()

    origin = gateway(upstream(talk), timeout=0.3)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{origin}/a")


class Dying(Recorder):
    """Answers once a connection, then closes it when the next request comes."""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._answer)
        await writer.drain()
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))


def test_an_idempotent_call_is_repeated_when_a_kept_connection_died_of_age(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    dying = Dying(HELLO)
    origin = gateway(upstream(dying))
    assert [httpx.get(f"{origin}/a").status_code for _ in range(3)] == [200, 200, 200]
    assert dying.connections == 3


def test_a_call_that_changes_something_is_never_repeated(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    dying = Dying(HELLO)
    origin = gateway(upstream(dying))
    assert httpx.get(f"{origin}/a").status_code == 200
    assert httpx.post(f"{origin}/nop").status_code == 502
    assert [head[:4] for head in dying.heads] == [b"GET ", b"POST"]


def test_an_upstream_is_let_go_when_the_caller_hangs_up(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    gone = threading.Event()

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reader.read()
        gone.set()

    origin = gateway(upstream(talk))
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(f"{origin}/a", timeout=0.3)
    assert gone.wait(3)


def test_calls_beyond_the_pool_wait_their_turn_and_beyond_the_queue_are_refused(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(0.3)
            writer.write(HELLO)

    origin = gateway(upstream(talk), limits=PoolLimits(connections=1, waiting=1))
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(httpx.get(f"{origin}/a").status_code))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 200, 503]


def test_bytes_that_nobody_asked_for_end_a_kept_connection(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(HELLO + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
    origin = gateway(upstream(recorder))
    assert [httpx.get(f"{origin}/a").text for _ in range(3)] == ["hello"] * 3


def test_a_kept_connection_is_not_trusted_for_ever(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder), limits=PoolLimits(idle=0.05))
    httpx.get(f"{origin}/a")
    time.sleep(0.1)
    httpx.get(f"{origin}/a")
    assert recorder.connections == 2


def test_an_upstream_that_takes_no_connection_is_504(gateway: Gateway) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(address)
        origin = gateway(f"http://127.0.0.1:{address[1]}", connect_timeout=0.2)
        assert httpx.get(f"{origin}/a").status_code == 504
        for one in waiting:
            one.close()


def test_the_manual_shows_the_failure_that_callers_get() -> None:
    manual = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()
    example = manual.partition("```json\n")[2].partition("```")[0]
    portal = PortalSettings(hotline="0225 3747 474", email="hotro@haiphong.gov.vn")
    route = ApiRoute(
        "don-vi", "old.test", "/*", (Upstream("http://u"),), contact="Sở Nội vụ thành phố Hải Phòng"
    )
    answer = failure_answer(
        portal,
        route,
        UpstreamUnreachable("http://u: refused"),
        {"method": "GET", "headers": [], "query_string": b""},
    )
    assert json.loads(answer.body) == json.loads(example)
