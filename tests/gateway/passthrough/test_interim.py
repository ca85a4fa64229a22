"""Responses ahead of the final one: 103 (Early Hints), and 100 (Continue) from end to end."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable

import pytest

from gateway.passthrough import uploading
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder

HINTS = (
    b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nConnection: X-Hop\r\n"
    b"X-Hop: 1\r\n\r\n"
)
GET = b"GET /a HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n\r\n"
POST = (
    b"POST /a HTTP/1.1\r\nHost: old.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
    b"Connection: close\r\n\r\n"
)
STAYING = POST.replace(b"Connection: close\r\n", b"")
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


def test_an_early_hint_is_there_before_the_answer_is(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    hinted = threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HINTS)
        await asyncio.to_thread(hinted.wait, 5)
        writer.write(HELLO)
        await writer.drain()

    host, _, port = gateway(upstream(talk)).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(GET)
        early = client.recv(4096)
        assert early == b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
        hinted.set()
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("status", [b"100 Continue", b"102 Processing", b"103 Early Hints"])
def test_interim_responses_come_in_front_of_the_answer(
    upstream: Callable[..., str],
    gateway: Gateway,
    talk_raw: Callable[..., bytes],
    status: bytes,
) -> None:
    origin = gateway(upstream(Recorder(b"HTTP/1.1 " + status + b"\r\n\r\n" + HELLO)))
    answer = talk_raw(origin, GET)
    assert answer.startswith(b"HTTP/1.1 " + status + b"\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nhello")


def test_an_old_client_reads_no_interim_response(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    answer = talk_raw(
        gateway(upstream(Recorder(HINTS + HELLO))), b"GET /a HTTP/1.0\r\nHost: a\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"103" not in answer


def test_interim_responses_without_end_are_no_answer(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        while True:
            writer.write(HINTS * 100)
            await writer.drain()

    answer = talk_raw(gateway(upstream(talk)), GET)
    assert b"HTTP/1.1 502 Bad Gateway\r\n" in answer
    assert len(answer) < 500_000  # the limit, and what one read brought beyond it


class Judge:
    """An upstream that reads the head, gives its word or not, and keeps what body came."""

    def __init__(self, word: bytes, *, reads: bool = True) -> None:
        self.heads: list[bytes] = []
        self.bodies: list[bytes] = []
        self._word = word
        self._reads = reads

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self._word)
        if self._reads:
            self.bodies.append(await reader.readexactly(5))
            writer.write(HELLO)
        await writer.drain()


def ask_first(origin: str, head: bytes = POST) -> tuple[bytes, bytes, float]:
    """Send a head that expects a word; send the body once one has come.

    Give what came first, what came then, and how long the first took.
    """
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        started = time.monotonic()
        client.sendall(head)
        first = client.recv(4096)
        waited = time.monotonic() - started
        if first == CONTINUE:
            client.sendall(b"12345")
        rest = b""
        while data := client.recv(4096):
            rest += data
        return first, rest, waited


def test_a_body_is_sent_when_the_upstream_says_so(
    upstream: Callable[..., str], gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploading, "WORD_SECONDS", 60.0)  # the upstream's word, not our patience
    judge = Judge(CONTINUE)
    first, rest, _ = ask_first(gateway(upstream(judge)))
    assert b"\r\nExpect: 100-continue\r\n" in judge.heads[0]
    assert first == CONTINUE
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    assert judge.bodies == [b"12345"]


def test_a_body_that_the_upstream_declines_is_never_sent(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    judge = Judge(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n", reads=False)
    first, rest, _ = ask_first(gateway(upstream(judge)), STAYING)
    assert first.startswith(b"HTTP/1.1 401 Unauthorized\r\n")
    assert b"\r\nconnection: close\r\n" in first.lower()
    assert CONTINUE not in first + rest
    assert judge.bodies == []


def test_a_body_is_not_asked_for_where_no_upstream_is(gateway: Gateway) -> None:
    first, rest, _ = ask_first(gateway("http://127.0.0.1:9"), STAYING)
    assert first.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert b"\r\nconnection: close\r\n" in first.lower()
    assert CONTINUE not in first + rest


def test_an_upstream_that_does_not_know_the_question_gets_the_body_after_a_second(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    judge = Judge(b"")
    first, rest, waited = ask_first(gateway(upstream(judge)))
    assert first == CONTINUE
    assert waited > 0.9
    assert rest.startswith(b"HTTP/1.1 200 OK\r\n")
    assert judge.bodies == [b"12345"]


def test_an_old_client_is_not_asked_to_go_on(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    judge = Judge(b"")
    ask = POST.replace(b"HTTP/1.1", b"HTTP/1.0")
    answer = talk_raw(gateway(upstream(judge)), ask, b"12345")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"expect" not in judge.heads[0].lower()
