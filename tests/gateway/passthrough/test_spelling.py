"""Names and status words cross as they were spelled: old programs look for them in those letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2 as httpx
import pytest

from gateway.server.spelling import Spelling, spelling_in
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder

ASK = (
    b'GET /a HTTP/1.1\r\nHOST: old.test\r\nuser-Agent: VB6\r\nX-B: 2\r\nx-a: 1\r\nSOAPAction: ""\r\n'
    b"x-B: 3\r\nConnection: close\r\n\r\n"
)


def test_a_request_reaches_the_upstream_in_the_callers_letters(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    recorder = Recorder(HELLO)
    talk_raw(gateway(upstream(recorder)), ASK)
    assert recorder.heads[0].startswith(
        b"GET /a HTTP/1.1\r\nHOST: old.test\r\nuser-Agent: VB6\r\nx-B: 2\r\nx-a: 1\r\n"
        b'SOAPAction: ""\r\nx-B: 3\r\n'
    )


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 Da Xong\r\nSet-COOKIE: a=b\r\nContent-length: 5\r\nX-ASPNET-Version: 2\r\n",
        b'HTTP/1.1 200 \r\nContent-Length: 5\r\nETag: "x"\r\nWWW-Authenticate: NTLM\r\n',
        b"HTTP/1.1 299 Khac\r\ncontent-length: 5\r\n",
        b"HTTP/1.1 600 La\r\nContent-Length: 5\r\nServer: Microsoft-IIS/6.0\r\n",
        "HTTP/1.1 404 Không thấy\r\nContent-Length: 5\r\n".encode(),
    ],
)
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_reaches_the_caller_in_the_upstreams_letters(
    upstream: Callable[..., str],
    gateway: Gateway,
    talk_raw: Callable[..., bytes],
    head: bytes,
    version: bytes,
) -> None:
    date = b"Date: Tue, 01 Jul 2025 00:00:00 GMT\r\n"
    origin = gateway(upstream(Recorder(head + date + b"\r\nhello")))
    answer = talk_raw(origin, ASK.replace(b"HTTP/1.1", b"HTTP/" + version))
    assert answer == head + date + b"Connection: close\r\n\r\nhello"


def test_an_answer_is_framed_for_the_caller_whatever_its_letters(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nTRANSFER-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    origin = gateway(upstream(Recorder(chunked)))
    answers = talk_raw(origin, ASK.replace(b"Connection: close\r\n", b"") + ASK)
    first, _, rest = answers.partition(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 OK\r\nX-A: 1\r\nDate: ")
    assert first.endswith(b" GMT\r\nTransfer-Encoding: chunked")
    assert rest.startswith(b"2\r\nab\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert rest.endswith(
        b"\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"
    )
    old = talk_raw(origin, ASK.replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert old.endswith(b"\r\ncontent-length: 2\r\nDate: " + old.partition(b"Date: ")[2])
    assert old.endswith(b"\r\nConnection: close\r\n\r\nab")


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_an_answer_that_is_here_as_a_whole_goes_out_as_a_whole(
    upstream: Callable[..., str], gateway: Gateway, answer: bytes, method: str
) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    sent = head + b"\r\n\r\n" if method == "HEAD" else answer
    has_body = method == "GET" and b"204" not in head
    with httpx.Client(base_url=gateway(upstream(Recorder(sent)))) as client:
        for _ in range(3):
            got = client.request(method, "/a")
            assert got.content == (b"hello" if has_body and b"hello" in body else b"")
            assert got.status_code == int(head[9:12])


def test_a_request_behind_a_body_of_unknown_length_is_spelled_by_itself(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    heads: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            if heads[-1].startswith(b"POST"):
                await reader.readuntil(b"0\r\n\r\n")
            writer.write(HELLO)
            await writer.drain()

    post = b"POST /b HTTP/1.1\r\nHost: old.test\r\nTransfer-Encoding: chunked\r\nX-b: 1\r\n\r\n"
    talk_raw(gateway(upstream(talk)), post + b"1\r\na\r\n0\r\n\r\n" + ASK)
    assert b"\r\nX-b: 1\r\n" in heads[0]
    assert b"\r\nx-b: 2\r\n" in heads[1]  # its head was not seen apart: no letters but lower ones


def test_an_answer_in_place_of_the_upstreams_has_words_of_its_own(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    long = b"HTTP/1.1 200 Tot Lam\r\nContent-Length: 9\r\n\r\n123456789"
    answer = talk_raw(gateway(upstream(Recorder(long)), max_answer=5), ASK)
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")


def test_a_control_character_cannot_cross_and_a_line_break_least_of_all() -> None:
    spelling = Spelling([b"X-A"])
    assert spelling.lines([(b"x-a", b"1\x002\x7f3\t4")]) == b"X-A: 1 2 3\t4\r\n"
    for evil in (b"a\r\nb: c", b"a\nb: c", b"a\rb: c"):
        with pytest.raises(ValueError, match="line break"):
            spelling.lines([(b"x-a", evil)])
    assert spelling_in(b"").of(b"x-a") == b"x-a"
