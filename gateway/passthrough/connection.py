"""One connection to an upstream: requests written as bytes, responses parsed by httptools.

Much cheaper than a general client (docs/decisions/0008): nothing is built that a proxy does not
look at. Both directions have back-pressure, so memory does not grow with a body, nor with what is
sent instead of one: heads, interim responses, chunk extensions, trailers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httptools

from gateway.passthrough.failures import CallerGone, PassthroughError, UpstreamBroken, UpstreamSlow

HIGH_WATER = 256 * 1024
LOW_WATER = 64 * 1024
_MOST_BARE_BYTES = 64 * 1024  # that bring no piece of a body
_WORTH_SENDING_ALONE = 32 * 1024  # a larger piece is not copied to join others
_FINAL = 200
_SWITCHING = 101
_NO_BODY = frozenset({204, 304})

Fields = list[tuple[bytes, bytes]]
Interim = Callable[[int, Fields, bytes], None]


class UpstreamConnection(asyncio.Protocol):
    """Carries one exchange at a time. `begin`, write, await `head`, await `read` until complete."""

    def __init__(self, name: str, on_lost: Callable[[UpstreamConnection], None]) -> None:
        self.name = name
        self.idle_since = 0.0
        self.closed = False
        self.status = 0
        self.reason = b""
        self.headers: Fields = []
        self.trailers: Fields = []
        self.switched = False
        self.complete = True
        self.reusable = True
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._write_waiter: asyncio.Future[None] | None = None
        self._failure: PassthroughError | None = None
        self._chunks: list[bytes] = []
        self._buffered = 0
        self._bare_bytes = 0
        self._paused = False
        self._write_paused = False
        self._head_only = False
        self._has_head = False
        self._until_close = False
        self._untouched = True
        self._length: int | None = None
        self._unparsed = 0  # of a body of known length: bytes to come that need no parser
        self._interim: Interim | None = None
        self._may_switch = False

    # --- one exchange ---

    def begin(
        self, method: str, *, interim: Interim | None = None, may_switch: bool = False
    ) -> None:
        """Make ready for the response to a request of this method.

        `interim` is told responses ahead of the final one. `may_switch`: the request asked for
        another protocol, so that 101 is an answer; `switched` says that it was given.
        """
        self.complete = self._has_head = self._until_close = False
        self._untouched = True
        self._failure = None
        self._head_only = method == "HEAD"
        self._length = None
        self._unparsed = 0
        self._bare_bytes = 0
        self._interim = interim
        self._may_switch = may_switch
        self.trailers = []

    def rest(self, now: float) -> None:
        """Be idle from `now` on, and keep nothing of the exchange that is over."""
        self.idle_since = now
        self._interim = None

    def write(self, data: bytes) -> None:
        """Send bytes of the request."""
        if self._transport is not None and not self.closed:
            self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the upstream takes more. Raises PassthroughError if it went away."""
        if self._failure is not None:
            raise self._failure
        if self._write_paused:
            self._write_waiter = self._loop.create_future()
            await self._write_waiter

    async def head(self, timeout: float) -> None:  # noqa: ASYNC109 - one timer, cheaper than a scope
        """Wait for the final status and headers. Raises PassthroughError."""
        while not self._has_head:
            if self._failure is not None:
                raise self._failure
            await self._wait(timeout)

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - one timer, cheaper than a scope
        """Return what has come of the body, b"" at its end. Raises PassthroughError."""
        while not self._chunks:
            if self.complete:
                return b""
            if self._failure is not None:
                raise self._failure
            await self._wait(timeout)
        data = self._next_piece()
        self._buffered -= len(data)
        if self._paused and self._buffered <= LOW_WATER:
            self._read_on()
        return data

    @property
    def has_piece(self) -> bool:
        """Say whether the next read returns at once."""
        return self.complete or bool(self._chunks)

    @property
    def has_more(self) -> bool:
        """Say whether more pieces follow the next one, or may follow."""
        return not self.complete or len(self._chunks) > 1

    @property
    def is_at_rest(self) -> bool:
        """Say whether it may carry another exchange: nothing of the last one is left to be read."""
        return (
            self.reusable
            and self.complete
            and not self._chunks
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def abort(self, error: PassthroughError | None = None) -> None:
        """Close at once: the exchange is over, whatever has come of it."""
        self._fail(error or CallerGone(self.name))
        if self._transport is not None:
            self._transport.abort()

    def let_go(self) -> tuple[asyncio.Transport, bytes]:
        """Give up a connection that has switched: its transport, and what has come on it.

        Raises UpstreamBroken where it is gone.
        """
        transport, self._transport = self._transport, None
        if transport is None or self.closed or transport.is_closing():
            raise UpstreamBroken(f"{self.name} switched protocols and went away")
        self.reusable = False
        self.closed = self.complete = True
        self._on_lost(self)
        if self._paused:
            transport.resume_reading()
        return transport, b"".join(self._chunks)

    def _pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def _read_on(self) -> None:
        if self._transport is not None and not self.closed:
            self._paused = False
            self._transport.resume_reading()

    def _next_piece(self) -> bytes:
        if len(self._chunks) == 1 or len(self._chunks[0]) >= _WORTH_SENDING_ALONE:
            return self._chunks.pop(0)
        data = b"".join(self._chunks)
        self._chunks.clear()
        return data

    async def _wait(self, timeout: float) -> None:  # noqa: ASYNC109 - one timer, cheaper than a scope
        self._waiter = self._loop.create_future()
        timer = self._loop.call_later(timeout, self._time_out)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _time_out(self) -> None:
        self.abort(UpstreamSlow(f"{self.name} did not answer in time"))

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, error: PassthroughError) -> None:
        self.reusable = False
        if self._failure is None and not self.complete:
            self._failure = error
        self._wake()
        self.resume_writing()

    # --- asyncio's side ---

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # a stream's transport, whichever loop made it
        """Keep the transport."""
        self._transport = transport
        transport.set_write_buffer_limits(HIGH_WATER, LOW_WATER)

    def data_received(self, data: bytes) -> None:
        """Parse what came; bytes nobody asked for end the connection."""
        if self.complete:
            self.abort()
            return
        self._untouched = False
        if self._unparsed:
            self._take_unparsed(data)
        elif self.switched:
            self._keep(data)
        else:
            self._parse(data)
        if self._buffered > HIGH_WATER and not self._paused:
            self._pause()
        self._wake()

    def _parse(self, data: bytes) -> None:
        self._bare_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as end_of_http:
            self._switch(data[end_of_http.args[0] :])
            return
        except httptools.HttpParserError as error:
            self.abort(UpstreamBroken(f"{self.name} did not speak HTTP: {error}"))
            return
        if self._bare_bytes > _MOST_BARE_BYTES and not self.complete:
            self.abort(UpstreamBroken(f"{self.name} sent headers without end"))
        elif self._length is not None and not self.complete:
            self._unparsed = self._length

    def _switch(self, behind: bytes) -> None:
        """End HTTP on this connection, if that was asked for."""
        if not self._may_switch:
            self.abort(UpstreamBroken(f"{self.name} switched protocols unasked"))
            return
        self.status = _SWITCHING
        self.switched = self._has_head = True
        self._keep(behind)

    def _keep(self, data: bytes) -> None:
        self._chunks.append(data)
        self._buffered += len(data)

    def _take_unparsed(self, data: bytes) -> None:
        """Keep a piece of a body of known length: the parser would only copy it."""
        if len(data) > self._unparsed:
            data = data[: self._unparsed]
            self.reusable = False  # bytes behind the body
        self._unparsed -= len(data)
        self._keep(data)
        if not self._unparsed:
            self.reusable = self.reusable and self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self.complete = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Finish a body that lasts until the connection closes; anything else was cut short."""
        self.closed = True
        self.reusable = False
        if self._until_close and exc is None:
            self.complete = True
        elif not self.complete:
            self._fail(
                UpstreamBroken(f"{self.name} closed the connection", untouched=self._untouched)
            )
        self._wake()
        self.resume_writing()
        self._on_lost(self)

    def pause_writing(self) -> None:
        """The upstream reads slowly."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """The upstream reads again, or never will."""
        self._write_paused = False
        if self._write_waiter is not None and not self._write_waiter.done():
            self._write_waiter.set_result(None)

    # --- httptools' side ---

    def on_message_begin(self) -> None:
        """Forget the head of an interim response; behind the final one nothing may begin."""
        if self.complete:
            self.reusable = False  # its rest would be taken for the next answer
        if not self._has_head:
            self.headers = []
            self.reason = b""

    def on_status(self, reason: bytes) -> None:
        """Keep the words behind the status, or a piece of them."""
        if not self._has_head:
            self.reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep one header as it came; behind a body it is a trailer."""
        if not self._has_head:
            self.headers.append((name, value))
        elif not self.complete:
            self.trailers.append((name, value))

    def on_headers_complete(self) -> None:
        """Know how the body ends, or that this is not the answer yet (1xx)."""
        status = self._parser.get_status_code()
        if self._has_head:
            return
        if status < _FINAL:
            if self._interim is not None and status != _SWITCHING:
                self._interim(status, self.headers, self.reason)
            return
        self.status = status
        self._has_head = True
        if self._head_only or status in _NO_BODY:
            # The parser would wait for a body the headers speak of: it is not used again.
            self.reusable = self.reusable and self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self.complete = True
            return
        framing = {
            low: value
            for name, value in self.headers
            if (low := name.lower()) in {b"content-length", b"transfer-encoding"}
        }
        coding = framing.get(b"transfer-encoding", b"").lower()
        if not coding.endswith(b"chunked"):  # RFC 9112, 6.3: anything else lasts to the end
            self._until_close = b"content-length" not in framing
        if len(framing) == 1 and (length := framing.get(b"content-length")) is not None:
            self._length = int(length)  # the parser has judged it

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body until it is read."""
        if self.complete:
            self.reusable = False  # a body where there can be none
            return
        self._keep(body)
        self._bare_bytes = 0
        if self._length is not None:
            self._length -= len(body)

    def on_message_complete(self) -> None:
        """The response is whole."""
        if self._has_head and not self.complete:
            self.reusable = self.reusable and self._parser.should_keep_alive()
            self.complete = True
