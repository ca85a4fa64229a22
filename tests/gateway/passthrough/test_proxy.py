"""Calls through the gateway to an honest upstream: what crosses, and what does not."""

from __future__ import annotations

import asyncio
import gzip
import socket
import time
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder


def test_path_and_query_cross_byte_for_byte(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder))
    for target in (b"/a%2Fb%7e|c/%C4%90?x=%20&&y", b"/a?", b"//a/../b", b"/a;v=1?q=a+b"):
        talk_raw(
            origin, b"GET " + target + b" HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n\r\n"
        )
        assert recorder.heads[-1].startswith(b"GET " + target + b" HTTP/1.1\r\n")


def test_end_to_end_headers_cross_in_order_and_hop_by_hop_ones_do_not(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder))
    answer = talk_raw(
        origin,
        b"GET /a HTTP/1.1\r\nHost: old.test\r\nX-B: 2\r\nX-A: 1\r\nX-B: 3\r\nTE: gzip\r\n"
        b"X-Hop: no\r\nKeep-Alive: 5\r\nConnection: close, X-Hop\r\nAuthorization: Basic eA==\r\n\r\n",
    )
    head = recorder.heads[0].lower()
    assert b"x-b: 2\r\nx-a: 1\r\nx-b: 3\r\nauthorization: basic ea==" in head
    for name in (b"x-hop", b"keep-alive", b"\r\nte:", b"\r\nconnection:"):
        assert name not in head
    assert b"host: old.test\r\n" in head
    assert b"via: 1.1 hopnhat" in head
    assert b"X-Thu-Tu: 1\r\nX-Thu-Tu: 2\r\n" in answer
    assert answer.endswith(b"\r\n\r\nhello")


def test_a_front_server_on_this_machine_is_believed_about_the_caller(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder))
    headers = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https", "host": "old.test"}
    httpx.get(f"{origin}/a", headers=headers)
    head = recorder.heads[0].lower()
    assert b"x-forwarded-for: 203.0.113.9, 127.0.0.1\r\n" in head
    assert b"x-forwarded-proto: https\r\n" in head
    assert b"x-forwarded-host: old.test\r\n" in head
    assert b"forwarded: for=203.0.113.9, for=127.0.0.1;host=old.test;proto=https\r\n" in head


def test_the_upstream_may_be_told_another_host(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder), host_header="noi-bo.test")
    httpx.get(f"{origin}/a")
    assert b"\r\nHost: noi-bo.test\r\n" in recorder.heads[0]


def test_a_location_that_names_the_upstream_names_the_public_host(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    place: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 302 Found\r\nLocation: {place[0]}/b?c\r\nContent-Length: 0\r\n\r\n"
        writer.write(head.encode())

    place.append(upstream(talk))
    answer = httpx.get(f"{gateway(place[0])}/a", headers={"host": "old.test"})
    assert answer.status_code == 302
    assert answer.headers["location"] == "http://old.test/b?c"


async def mirror(scope: Scope, receive: Receive, send: Send) -> None:
    """Send every piece of the request's body back as it comes."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"x-method", scope["method"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
        await send({"type": "http.response.body", "body": message["body"], "more_body": more})


@pytest.mark.parametrize("size", [0, 10, 3_000_000])
def test_bodies_cross_both_ways_whatever_their_framing(
    serve: Callable[[ASGIApp], str], gateway: Gateway, size: int
) -> None:
    origin = gateway(serve(mirror))
    body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    def pieces() -> Any:
        for start in range(0, len(body), 70_001):
            yield body[start : start + 70_001]

    with httpx.Client() as client:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            for content in (body, pieces()):
                answer = client.request(method, f"{origin}/a", content=content)
                assert answer.content == body
                assert answer.headers["x-method"] == method


def test_connections_are_kept_and_used_again(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder))
    for _ in range(5):
        assert httpx.get(f"{origin}/a").text == "hello"
    assert recorder.connections == 1


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\nETag: "a"\r\n\r\n'),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ],
)
def test_answers_without_a_body_end_with_their_head(
    upstream: Callable[..., str], gateway: Gateway, method: str, head: bytes
) -> None:
    recorder = Recorder(head)
    origin = gateway(upstream(recorder))
    with httpx.Client() as client:
        for _ in range(3):
            answer = client.request(method, f"{origin}/a")
            assert str(answer.status_code).encode() in head
            assert answer.content == b""
    assert recorder.connections == 1


def test_a_compressed_body_is_not_touched(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    packed = gzip.compress("Hải Phòng".encode())
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    origin = gateway(upstream(Recorder(head + packed)))
    answer = talk_raw(origin, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.endswith(packed)


def test_a_body_that_ends_with_the_connection_is_whole(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss/>", hang_up=True)
    origin = gateway(upstream(recorder))
    assert [httpx.get(f"{origin}/a").text for _ in range(2)] == ["<rss/>", "<rss/>"]


def test_an_old_client_that_cannot_read_chunks_gets_a_length(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    origin = gateway(upstream(Recorder(chunked)))
    answer = talk_raw(origin, b"GET /a HTTP/1.0\r\nHost: old.test\r\n\r\n")
    assert b"content-length: 5\r\n" in answer
    assert answer.endswith(b"\r\n\r\nabcde")
    assert b"chunked" not in answer


def test_an_answer_before_the_end_of_the_question_is_passed_on(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        await writer.drain()

    head = b"POST /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9000000\r\n\r\n"
    answer = talk_raw(gateway(upstream(talk)), head, b"x" * 1000, pause=0.2)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.endswith(b"big")


def test_a_caller_that_reads_slowly_holds_the_upstream_back(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    sent = [0]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 400000000\r\n\r\n")
        for _ in range(400):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
            sent[0] += 1_000_000

    host, _, port = gateway(upstream(talk)).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as client:
        client.sendall(b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n")
        client.recv(10)
        time.sleep(0.7)
        before = sent[0]
        time.sleep(0.3)
        assert sent[0] == before < 40_000_000  # what fits into sockets and our two buffers


@pytest.mark.parametrize("behind", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"])
def test_a_long_answer_of_known_length_ends_where_it_says(
    upstream: Callable[..., str], gateway: Gateway, behind: bytes
) -> None:
    body = bytes(range(256)) * 8_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    recorder = Recorder(head + body + behind)
    origin = gateway(upstream(recorder))
    for _ in range(3):
        assert httpx.get(f"{origin}/a").content == body
    assert recorder.connections == (3 if behind else 1)
