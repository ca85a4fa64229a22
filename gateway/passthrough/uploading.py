"""A request's body on its way to the upstream, framed as it came, trailers and all."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope

from gateway.answer import field_lines
from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import CallerGone, CallTooLong, PassthroughError
from gateway.passthrough.headers import has_body, target_of
from gateway.passthrough.trailers import crossing
from gateway.server.wire import wire_of

WORD_SECONDS = 1.0
"""A caller that waits for 100 (Continue) waits this long for an upstream that does not know it."""


class Upload:
    """The body of one request.

    `chunked`: its length is not known. `waits`: the caller keeps it back until the upstream says
    100 (Continue) or has an answer without it (RFC 9110, 10.1.1). `more`: some of it is to come.
    """

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.more, self.chunked = has_body(scope["headers"])
        self._scope = scope
        self._receive = receive
        self._wire = wire_of(scope)
        self.waits = self.more and self._wire is not None and self._wire.waits_for_word
        self._word = asyncio.Event() if self.waits else None
        self._rest: asyncio.Task[None] | None = None

    async def begin(self) -> bytes:
        """Return what of the body goes out with the head. Raises CallerGone."""
        if not self.more or self.waits:
            return b""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone(target_of(self._scope).decode("latin-1").partition("?")[0])
        self.more = message.get("more_body", False)
        return self._framed(message.get("body", b""))

    def send_rest(self, connection: UpstreamConnection) -> None:
        """Begin to send what is to come."""
        if self.more:
            self._rest = asyncio.create_task(self._send_rest(connection))

    def takes_word(self) -> bool:
        """Send what was kept back, for the upstream wants it; False where nothing ever was.

        The server says 100 (Continue) to the caller by itself, as soon as the body is asked for.
        """
        self.waits = False
        if self._word is None:
            return False
        self._word.set()
        return True

    async def until_sent(self) -> None:
        """Wait until nothing is to come."""
        if self._rest is not None:
            await asyncio.wait([self._rest])

    def stop(self) -> bool:
        """Send no more; say whether the upstream has heard everything."""
        if self._rest is None:
            return True
        heard_out = self._rest.done()
        self._rest.cancel()
        self._rest = None
        return heard_out

    async def _send_rest(self, connection: UpstreamConnection) -> None:
        if self._word is not None:
            await self._listen(self._word)
        more = True
        while more:
            try:
                message = await self._receive()
            except CallTooLong as error:
                connection.abort(error)
                return
            if message["type"] == "http.disconnect":
                connection.abort()
                return
            more = self.more = message.get("more_body", False)
            connection.write(self._framed(message.get("body", b"")))
            try:
                await connection.drain()
            except PassthroughError:
                return  # the reader of the answer raises it

    async def _listen(self, word: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(WORD_SECONDS):
                await word.wait()
        except TimeoutError:
            self.waits = False

    def _framed(self, piece: bytes) -> bytes:
        if not self.chunked:
            return piece
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""
        return framed if self.more else framed + b"0\r\n" + self._trailer_lines() + b"\r\n"

    def _trailer_lines(self) -> bytes:
        return field_lines(crossing(self._wire.trailers)) if self._wire is not None else b""
