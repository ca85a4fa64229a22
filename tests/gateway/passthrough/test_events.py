"""Server-sent events: each is with the caller at once, for as long as the stream lives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx2 as httpx
from starlette.types import ASGIApp

from redirects.route import ApiRoute, Upstream
from tests.gateway.passthrough.recorder import passing_on

PIECE = b"data: %d\n\n"


def test_an_event_does_not_wait_for_the_next_and_only_silence_ends_a_stream(
    serve: Callable[[ASGIApp], str], upstream: Callable[..., str]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for number in range(8):
            writer.write(PIECE % number)
            await writer.drain()
            await asyncio.sleep(0.2)

    route = ApiRoute(
        "api", "old.test", "/*", (Upstream(upstream(talk)),), timeout=0.8
    )  # 1.6 s in all
    with httpx.stream("GET", f"{serve(passing_on(route))}/su-kien") as answer:
        events = list(answer.iter_raw())
    assert events == [PIECE % number for number in range(8)]
