"""Header fields behind a body cross both ways, but for those that would change what was judged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2 as httpx
import pytest

from gateway.passthrough.trailers import crossing, reads_trailers
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder

CHUNKS = b"Transfer-Encoding: chunked\r\n"
BODY = b"\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
TRAILERS = b"Content-MD5: q1w2\r\nX-Dem: 2\r\nSet-Cookie: a=b\r\n\r\n"
GET = b"GET /a HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n"
Told = tuple[bytes, bytes, bool]
POST = b"POST /a HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n" + CHUNKS


@pytest.mark.parametrize(
    "told",
    [
        (b"TE: trailers\r\n", b"", True),
        (b"te: deflate;q=0.5, Trailers\r\n", b"", True),
        (b"", b"Trailer: X-Dem\r\n", True),
        (b"", b"", False),
    ],
)
def test_trailers_of_an_answer_reach_who_asked_or_was_told(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes], told: Told
) -> None:
    asked, announced, come = told
    recorder = Recorder(b"HTTP/1.1 200 OK\r\n" + announced + CHUNKS + BODY + TRAILERS)
    origin = gateway(upstream(recorder))
    answer = talk_raw(origin, GET + asked + b"\r\n")
    behind = b"Content-MD5: q1w2\r\nX-Dem: 2\r\n\r\n" if come else b"\r\n"
    assert answer.endswith(b"\r\n0\r\n" + behind)
    assert (b"\r\nTrailer: X-Dem\r\n" in answer) == bool(announced)
    assert (b"\r\nconnection: TE\r\nte: trailers\r\n" in recorder.heads[0]) == bool(asked)
    assert httpx.get(f"{origin}/a").text == "abcde"
    assert recorder.connections == 1


def test_an_old_client_gets_the_body_alone(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    head = b"HTTP/1.1 200 OK\r\nTrailer: X-Dem\r\n"
    origin = gateway(upstream(Recorder(head + CHUNKS + BODY + TRAILERS)))
    answer = talk_raw(origin, b"GET /a HTTP/1.0\r\nHost: old.test\r\n\r\n")
    assert answer.endswith(b"\r\n\r\nabcde")
    assert b"trailer" not in answer


@pytest.mark.parametrize("pause", [0.0, 0.2])
def test_trailers_of_a_request_reach_the_upstream(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes], pause: float
) -> None:
    bodies: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readuntil(b"\r\n\r\n"))
        bodies.append(await reader.readuntil(b"0\r\n"))
        bodies.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(HELLO)
        await writer.drain()

    origin = gateway(upstream(talk))
    bad = b"X-Forwarded-For: 1.1.1.1\r\nAuthorization: x\r\nHost: la.test\r\n"
    pieces = (POST + b"Trailer: X-Dem\r\n" + BODY, bad + TRAILERS)
    assert talk_raw(origin, *pieces, pause=pause).endswith(b"hello")
    assert b"\r\nTrailer: X-Dem\r\n" in bodies[0]
    assert bodies[2] == b"content-md5: q1w2\r\nx-dem: 2\r\n\r\n"


def test_trailers_without_end_are_cut_off(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n" + CHUNKS + BODY + b"X-Dai: ")
        while True:
            writer.write(b"x" * 100_000)
            await writer.drain()

    answer = talk_raw(gateway(upstream(talk)), GET + b"\r\n")
    assert not answer.endswith(b"0\r\n\r\n")
    assert b"(still open)" not in answer


@pytest.mark.parametrize("flood", [b"X-Dai: ", b"1;"])
def test_what_is_sent_in_place_of_a_body_has_a_limit(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes], flood: bytes
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65536):
            pass
        writer.close()

    begin = BODY if flood.startswith(b"X") else b"\r\n"
    pieces = (POST + begin, flood + b"x" * 40_000, b"x" * 40_000, b"x")
    answer = talk_raw(gateway(upstream(talk)), *pieces, pause=0.1)
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_a_trailer_does_not_join_the_head_it_came_behind() -> None:
    harmless = [(b"content-md5", b"x"), (b"grpc-status", b"0"), (b"X-Dem", b"")]
    harmful = [
        (name, b"x")
        for name in (
            b"Host",
            b"content-length",
            b"Authorization",
            b"x-forwarded-proto",
            b"if-match",
        )
    ]
    assert crossing([*harmful, *harmless, (b"x", b"a\r\nb: c")]) == harmless
    assert reads_trailers([(b"te", b"gzip"), (b"te", b"trailers")])
    assert not reads_trailers([(b"te", b"gzip")])
