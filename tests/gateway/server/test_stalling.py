"""Callers who stall, in their body or in reading the answer, by raw sockets."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from starlette.types import Receive, Scope, Send

from gateway.server.serving import MOST_UNREAD_BYTES

STALL = 0.4
POST = b"POST /a HTTP/1.1\r\nHost: a\r\n"
LENGTH = POST + b"Content-Length: 100000\r\n\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


async def take(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the size of the body; /early before it has come, /busy late, /much 64 MB."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    if scope["raw_path"] == b"/busy":
        await asyncio.sleep(3 * STALL)
    size, more = 0, scope["raw_path"] in {b"/a", b"/busy"}
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    body = b"%d\n" % size if scope["raw_path"] != b"/much" else b"x" * 64_000_000
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def origin(serve: Callable[..., str]) -> str:
    return serve(take, stall=STALL)


@pytest.mark.parametrize(
    "pieces", [(LENGTH, b"x" * 10), (CHUNKED, b"5\r\nhel"), (LENGTH,)], ids=["", "chunked", "none"]
)
def test_a_body_that_stalls_is_cut_in_time(
    origin: str, talk_raw: Callable[..., bytes], pieces: tuple[bytes, ...]
) -> None:
    answer = talk_raw(origin, *pieces, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert not answer.endswith(b"(still open)")


def test_a_body_that_trickles_is_cut_too(origin: str, talk_raw: Callable[..., bytes]) -> None:
    answer = talk_raw(origin, LENGTH, *[b"x"] * 60, pause=0.05)
    assert answer.startswith(b"HTTP/1.1 408 ") or answer.endswith(b"(reset)")


def test_a_slow_body_that_moves_is_heard_out(origin: str, talk_raw: Callable[..., bytes]) -> None:
    head = POST + b"Connection: close\r\nContent-Length: 16000\r\n\r\n"
    answer = talk_raw(origin, head, *[b"x" * 1000] * 16, pause=0.08)
    assert answer.endswith(b"\r\n\r\n16000\n")


def test_a_caller_is_not_blamed_while_it_is_we_who_do_not_listen(
    origin: str, talk_raw: Callable[..., bytes]
) -> None:
    head = POST.replace(b"/a", b"/busy") + b"Connection: close\r\nContent-Length: 900000\r\n\r\n"
    assert talk_raw(origin, head, b"x" * 900_000).endswith(b"\r\n\r\n900000\n")


def test_a_caller_who_waits_to_be_told_to_go_on_is_not_blamed_for_waiting(origin: str) -> None:
    host, _, port = origin.removeprefix("http://").partition(":")
    head = POST.replace(b"/a", b"/busy") + b"Expect: 100-continue\r\nConnection: close\r\n"
    with socket.create_connection((host, int(port)), timeout=20) as client:
        client.sendall(head + b"Content-Length: 20\r\n\r\n")
        assert client.recv(1024) == b"HTTP/1.1 100 Continue\r\n\r\n"  # after three spans of ours
        client.sendall(b"x" * 20)
        assert b"".join(iter(lambda: client.recv(1024), b"")).endswith(b"\r\n\r\n20\n")


def test_a_body_that_stalls_behind_its_answer_ends_the_connection(
    origin: str, talk_raw: Callable[..., bytes]
) -> None:
    answer = talk_raw(origin, LENGTH.replace(b"/a", b"/early"), b"x")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n0\n")


def test_a_body_that_goes_on_after_its_answer_is_not_listened_to_for_ever(
    origin: str, talk_raw: Callable[..., bytes]
) -> None:
    head = b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n"
    answer = talk_raw(origin, head, *[b"x" * (MOST_UNREAD_BYTES // 4)] * 16, pause=0.02)
    assert not answer.endswith(b"(still open)")


def test_who_does_not_read_the_answer_is_cut_in_time(origin: str) -> None:
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"GET /much HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(4 * STALL)
        size = 0
        with suppress(ConnectionResetError):
            while data := client.recv(1 << 20):
                size += len(data)
        assert size < 60_000_000


def test_who_reads_slowly_but_reads_gets_everything(origin: str) -> None:
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(b"GET /much HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        size = 0
        while data := client.recv(1 << 20):
            size += len(data)
            time.sleep(0.01)
        assert size > 64_000_000
