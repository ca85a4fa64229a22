"""Connections that leave HTTP: WebSocket and whatever else a route allows, as raw bytes."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import uvicorn
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from gateway.server.serving import configure
from gateway.settings.routes import RouteSettings
from redirects.route import ApiRoute, Upstream
from tests.gateway.conftest import listen
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder, chatting, passing_on

ASK = (
    b"GET /chim HTTP/1.1\r\nHost: old.test\r\nConnection: keep-alive, Upgrade\r\n"
    b"Upgrade: Bo-Cau/1\r\nOrigin: http://la.test\r\n\r\n"
)
AGREE = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: bo-cau/1\r\nX-A: 1\r\n\r\n"
STRANGER: Any = {"origin": "http://la.test", "max_size": None}
PIGEON: Any = {"upgrades": frozenset({"bo-cau/1"})}


@contextmanager
def dial(origin: str) -> Iterator[socket.socket]:
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        yield client


def socket_address(origin: str) -> str:
    return origin.replace("http://", "ws://") + "/chat?a=1"


def read_to(client: socket.socket, end: bytes) -> bytes:
    heard = b""
    while not heard.endswith(end):
        data = client.recv(65536)
        assert data, heard
        heard += data
    return heard


class Pigeon:
    """An upstream that agrees to another protocol and sends back what it hears, in capitals."""

    def __init__(self, first: bytes = b"") -> None:
        self.heads: list[bytes] = []
        self.gone = threading.Event()
        self._first = first

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(AGREE + self._first)
        while data := await reader.read(65536):
            writer.write(data.upper())
            await writer.drain()
        self.gone.set()
        writer.write(b"TAM BIET")
        await writer.drain()


def test_a_web_socket_carries_messages_both_ways(gateway: Gateway) -> None:
    with chatting() as chat, connect(socket_address(gateway(chat)), **STRANGER) as client:
        client.send("ai đấy?")
        assert client.recv() == "http://la.test"  # whom to trust is the upstream's to say
        for message in ("Hải Phòng", b"\x00" * 2_000_000, ""):
            client.send(message)
            assert client.recv() == message
        client.send("thôi")
        assert client.recv() == "thôi"
        with pytest.raises(ConnectionClosed) as closed:
            client.recv()
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "đã thôi")  # type: ignore[union-attr]  # it was received


def test_other_protocols_cross_where_a_route_names_them(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    pigeon = Pigeon(first=b"CHAO ")
    with dial(gateway(upstream(pigeon), **PIGEON)) as client:
        client.sendall(ASK + b"som ")  # before it was agreed upon
        head = read_to(client, b"CHAO SOM ")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\nX-A: 1\r\n")
        assert b"\r\nConnection: Upgrade\r\nUpgrade: bo-cau/1\r\n\r\nCHAO " in head
        client.sendall(b"GET / HTTP/1.1\r\n\r\n\x00")
        assert read_to(client, b"\x00") == b"GET / HTTP/1.1\r\n\r\n\x00"
    assert b"\r\nconnection: Upgrade\r\nupgrade: Bo-Cau/1\r\n" in pigeon.heads[0]
    assert b"\r\nOrigin: http://la.test\r\n" in pigeon.heads[0]


@pytest.mark.parametrize("version", [b"HTTP/1.0", b"HTTP/1.1"])
def test_a_protocol_that_no_route_names_is_not_asked_for(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes], version: bytes
) -> None:
    recorder = Recorder(HELLO)
    allowed = frozenset({"bo-cau/1"} if version == b"HTTP/1.0" else {"websocket"})
    origin = gateway(upstream(recorder), upgrades=allowed)
    ask = ASK.replace(b"HTTP/1.1", version).replace(b"keep-alive", b"close")
    answer = talk_raw(origin, ask)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"upgrade" not in recorder.heads[0].lower()


@pytest.mark.parametrize("size", [70_000, 1_000_000])
def test_much_may_come_with_the_agreement(
    upstream: Callable[..., str], gateway: Gateway, size: int
) -> None:
    with dial(gateway(upstream(Pigeon(first=b"x" * size + b"HET")), **PIGEON)) as client:
        talking = threading.Thread(target=client.sendall, args=(ASK + b"a" * size + b"z",))
        talking.start()
        heard = read_to(client, b"Z")
        talking.join(5)
        assert heard.endswith(b"\r\n\r\n" + b"x" * size + b"HET" + b"A" * size + b"Z")


def test_a_declined_upgrade_is_an_answer_like_any_other(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    recorder = Recorder(HELLO.replace(b"200 OK", b"426 Upgrade Required"))
    origin = gateway(upstream(recorder), **PIGEON)
    last = b"GET /b HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n\r\n"
    answer = talk_raw(origin, ASK + ASK + last)
    assert answer.count(b"HTTP/1.1 426 Upgrade Required\r\n") == 3
    assert [head.split(b" ")[1] for head in recorder.heads] == [b"/chim", b"/chim", b"/b"]
    assert recorder.connections == 1


@pytest.mark.parametrize(
    "agreement",
    [
        AGREE.replace(b"bo-cau/1", b"h2c"),
        AGREE.replace(b"Upgrade: bo-cau/1\r\n", b""),
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    ],
)
def test_a_protocol_that_was_not_asked_for_is_not_switched_to(
    upstream: Callable[..., str],
    gateway: Gateway,
    talk_raw: Callable[..., bytes],
    agreement: bytes,
) -> None:
    answer = talk_raw(gateway(upstream(Recorder(agreement)), **PIGEON), ASK, patience=1.0)
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


def test_a_caller_who_leaves_takes_the_upstream_along(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    pigeon = Pigeon()
    with dial(gateway(upstream(pigeon), **PIGEON)) as client:
        client.sendall(ASK)
        read_to(client, b"\r\n\r\n")
        assert not pigeon.gone.is_set()
    assert pigeon.gone.wait(2)


def test_a_caller_who_has_said_all_still_hears_the_answer(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    with dial(gateway(upstream(Pigeon()), **PIGEON)) as client:
        client.sendall(ASK)
        read_to(client, b"\r\n\r\n")
        client.sendall(b"hoi")
        client.shutdown(socket.SHUT_WR)
        assert read_to(client, b"TAM BIET") == b"HOITAM BIET"
        assert client.recv(1) == b""


def test_a_caller_who_leaves_before_the_word_is_given_takes_the_upstream_along(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    gone = threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.read(1) == b""
        gone.set()

    with dial(gateway(upstream(talk), **PIGEON)) as client:
        client.sendall(ASK)
        time.sleep(0.2)
    assert gone.wait(2)


def test_an_upstream_that_leaves_takes_the_caller_along(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AGREE)
        await reader.readexactly(2)

    with dial(gateway(upstream(talk), **PIGEON)) as client:
        client.sendall(ASK)
        read_to(client, b"\r\n\r\n")
        client.sendall(b"di")
        assert client.recv(10) == b""


@pytest.mark.parametrize("who_reads_slowly", ["caller", "upstream"])
def test_whoever_reads_slowly_holds_the_other_back(
    upstream: Callable[..., str], gateway: Gateway, who_reads_slowly: str
) -> None:
    sent = [0]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AGREE)
        if who_reads_slowly == "upstream":
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport
            await asyncio.sleep(60)
        while who_reads_slowly == "caller":
            writer.write(b"x" * 100_000)
            await writer.drain()
            sent[0] += 100_000

    with dial(gateway(upstream(talk), **PIGEON)) as client:
        client.sendall(ASK)
        client.recv(10)
        client.setblocking(False)
        last, deadline = (-1, time.monotonic()), time.monotonic() + 15
        while time.monotonic() - last[1] < 0.7:  # until nothing has moved for that long
            assert time.monotonic() < deadline
            if who_reads_slowly == "upstream":
                with suppress(BlockingIOError):
                    sent[0] += client.send(b"x" * 100_000)
            if sent[0] != last[0]:
                last = sent[0], time.monotonic()
            time.sleep(0.005)
        assert sent[0] < 40_000_000  # what fits into sockets and our two buffers
        client.settimeout(5)
        if who_reads_slowly == "caller":
            heard, held = 0, sent[0]
            while heard < held + 5_000_000:  # all that was held, and what came when it read on
                data = client.recv(1_000_000)
                assert data, (heard, held, sent)
                heard += len(data)


def test_a_tunnel_in_which_nothing_is_said_ends(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    pigeon = Pigeon()
    with dial(gateway(upstream(pigeon), upgrade_idle=1.5, **PIGEON)) as client:
        client.sendall(ASK)
        read_to(client, b"\r\n\r\n")
        for _ in range(4):  # 2 s in all
            time.sleep(0.5)
            client.sendall(b"a")
            assert client.recv(10) == b"A"
        started = time.monotonic()
        assert client.recv(10) == b""
        assert 1.0 < time.monotonic() - started < 5
    assert pigeon.gone.wait(2)


def test_a_route_has_so_many_tunnels_and_no_more(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    pigeon = Pigeon()
    origin = gateway(upstream(pigeon), max_upgraded=1, **PIGEON)
    with dial(origin) as client:
        client.sendall(ASK)
        read_to(client, b"\r\n\r\n")
        answer = talk_raw(origin, ASK, patience=1.0)
        assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nretry-after: " in answer
    deadline = time.monotonic() + 5
    while not talk_raw(origin, ASK, patience=0.3).startswith(b"HTTP/1.1 101 "):
        assert time.monotonic() < deadline, "the one before has left"


def test_a_server_that_stops_ends_its_tunnels(upstream: Callable[..., str]) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(AGREE)
        await reader.read()
        await asyncio.sleep(60)  # it does not mind that everybody has left

    route = ApiRoute("api", "old.test", "/*", (Upstream(upstream(talk)),), **PIGEON)
    listening = listen()
    server = uvicorn.Server(configure(passing_on(route), host="127.0.0.1", port=0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    with socket.create_connection(listening.getsockname(), timeout=5) as client:
        client.sendall(ASK)
        read_to(client, b"\r\n\r\n")
        server.should_exit = True
        assert client.recv(10) == b""
    thread.join(5)
    assert not thread.is_alive()


@pytest.mark.parametrize("protocol", ["h2c", "HTTP/2.0", "TLS/1.2", "a b", "", "web/socket/13"])
def test_a_protocol_that_could_carry_calls_past_the_gateway_cannot_be_named(protocol: str) -> None:
    settings = {"name": "a", "host": "old.test", "path": "/*", "upstream": "http://10.0.0.5"}
    with pytest.raises(ValueError, match="must be a protocol that carries no HTTP"):
        RouteSettings(**settings, upgrades=(protocol,))
    assert RouteSettings(**settings).as_route().upgrades == {"websocket"}
    assert RouteSettings(**settings, upgrades=()).as_route().upgrades == frozenset()
    assert RouteSettings(**settings, upgrades=("Bo-Cau/1",)).as_route().upgrades == {"bo-cau/1"}
