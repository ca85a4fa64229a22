"""An upstream that keeps what it was sent, and what the tests of the passthrough share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gateway.portal_settings import PortalSettings

PORTAL = PortalSettings(hotline="0225 123 456", email="hotro@haiphong.test")
Gateway = Callable[..., str]
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Thu-Tu: 1\r\nX-Thu-Tu: 2\r\n\r\nhello"


class Recorder:
    """An upstream that keeps the raw head of each request and answers with given bytes."""

    def __init__(self, answer: bytes, *, hang_up: bool = False) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._hang_up = hang_up

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self._answer)
            await writer.drain()
            if self._hang_up:
                return
