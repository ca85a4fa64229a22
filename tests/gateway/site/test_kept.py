"""Addresses that stay with the old server: asked there and answered here, whatever the method."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx2 as httpx

from redirects.mapping import MappingKind

OLD = "http://www.haiduong.localhost"


def test_a_kept_address_is_answered_by_the_old_server(
    town: Any, open_town: Callable[[Any], str], upstream: Callable[..., str]
) -> None:
    heads: list[bytes] = []

    async def old_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Cu: 1\r\n\r\ncu!")
            await writer.drain()

    first, *others = town.settings.site
    kept = first.model_copy(update={"old_server": upstream(old_server)})
    town.settings = town.settings.model_copy(update={"site": (kept, *others)})
    town.decide(f"{OLD}/tra-c\u1ee9u", MappingKind.KEEP)
    open_town(town)
    port = town.listening.getsockname()[1]
    answer = httpx.get(
        f"http://127.0.0.1:{port}/tra-c%E1%BB%A9u?ma=5", headers={"host": "www.haiduong.localhost"}
    )
    assert (answer.status_code, answer.text, answer.headers["x-cu"]) == (200, "cu!", "1")
    assert heads[0].startswith(
        b"GET /tra-c%E1%BB%A9u?ma=5 HTTP/1.1\r\nhost: www.haiduong.localhost"
    )
