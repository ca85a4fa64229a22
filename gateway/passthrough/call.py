"""One call on its way to an upstream, and its answer on the way back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from starlette.types import Receive, Scope, Send

from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import (
    PassthroughError,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamDown,
    UpstreamFailed,
    UpstreamSlow,
)
from gateway.passthrough.headers import (
    Framing,
    came_through_front,
    request_head,
    response_headers,
)
from gateway.passthrough.hop import next_hop
from gateway.passthrough.pool import Pool
from gateway.passthrough.trailers import crossing
from gateway.passthrough.tunnels import Tunnels
from gateway.passthrough.uploading import Upload
from gateway.passthrough.upstreams import Server, Turns
from gateway.server.spelling import Spelling
from gateway.server.wire import head_of, wire_of
from redirects.route import ApiRoute

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_CONTINUE = 100
_WATCH_AFTER = 0.1  # seconds: an answer that comes sooner is cheaper without anybody watching
_GATHERED = 32 * 1024 * 1024  # bytes of an answer of unknown length held for an HTTP/1.0 caller


class Call:
    """One call on its way. `status` is the upstream's once its head has gone to the caller."""

    def __init__(
        self, route: ApiRoute, scope: Scope, receive: Receive, send: Send, *, tunnels: Tunnels
    ) -> None:
        self.status = 0
        self.sent = b""  # the request's head
        self._route = route
        self._scope = scope
        self._receive = receive
        self._send = send
        self._wire = wire_of(scope)
        self._upload = Upload(scope, receive)
        self._hop = next_hop(scope["headers"], self._protocols_allowed())
        self._tunnels = tunnels
        self._watcher: asyncio.Task[None] | None = None
        self._is_sent = self._is_repeatable = False

    async def make(self, turns: Turns) -> None:
        """Send the request and bring the answer back, from one upstream or else from another.

        Raises PassthroughError.
        """
        seconds = self._route.total_timeout
        if seconds is None:
            await self._make(turns)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._make(turns)
        except TimeoutError as error:
            raise UpstreamSlow(f"route {self._route.name}: not done in {seconds:g} s") from error

    async def _make(self, turns: Turns) -> None:
        upload = self._upload
        first = await upload.begin()
        framing = Framing(chunked=upload.chunked, waits=upload.waits, hop=self._hop.lines)
        head = request_head(self._scope, self._route, framing)
        self.sent = head
        self._is_repeatable = not upload.more and self._scope["method"] in _IDEMPOTENT
        tried: list[Server] = []
        failure: PassthroughError | None = None
        while True:
            try:
                server = turns.next(tried)
            except UpstreamDown as down:
                raise failure or down from None
            tried.append(server)
            try:
                await self._ask(server, head + first)
            except (UpstreamFailed, UpstreamBusy) as error:
                if len(tried) == self._route.tries or not self._may_be_asked_again:
                    raise
                failure = error
            else:
                return

    @property
    def _may_be_asked_again(self) -> bool:
        """Say whether the call may go out once more: it changes nothing twice.

        A call that was never sent may go anywhere; one that was, only if it can be repeated.
        """
        return not self.status and (self._is_repeatable or not self._is_sent)

    async def _ask(self, server: Server, request: bytes) -> None:
        breaker, pool, seconds = server.breaker, server.pool, self._route.connect_timeout
        age = breaker.begin()
        heard = partial(breaker.succeeded, age)
        try:
            connection, reused = await pool.take(connect=seconds)
            try:
                await self._exchange(connection, request, heard)
            except UpstreamBroken as error:
                # A kept connection may die of age under our hands: ask once more, on a new one.
                if not (reused and error.untouched and self._may_be_asked_again):
                    raise
                self._finish(pool, connection)
                connection, _ = await pool.take(fresh=True, connect=seconds)
                await self._exchange(connection, request, heard)
            finally:
                self._finish(pool, connection)
        except UpstreamFailed:
            breaker.failed(age)
            raise
        except asyncio.CancelledError:  # its total time is over
            if not self.status:
                breaker.failed(age)
            raise
        finally:
            breaker.abandoned(age)

    async def _exchange(
        self, connection: UpstreamConnection, request: bytes, heard: Callable[[], None]
    ) -> None:
        may_switch = bool(self._hop.protocols)
        connection.begin(self._scope["method"], interim=self._tell, may_switch=may_switch)
        connection.write(request)
        self._is_sent = True
        self._upload.send_rest(connection)
        watch = asyncio.get_running_loop().call_later(_WATCH_AFTER, self._watch, connection)
        try:
            await connection.head(self._route.timeout)
            heard()
            if connection.switched:
                await self._leave_http(connection)
            else:
                await self._answer(connection)
        finally:
            watch.cancel()

    async def _answer(self, connection: UpstreamConnection) -> None:
        headers = self._for_caller(connection.status, connection.headers)
        timeout = self._route.timeout
        data = b""
        if self._scope["http_version"] == "1.0" and self._scope["method"] != "HEAD":
            data = await self._gather(connection, headers)
        send = self._send
        if self._wire is not None:
            is_here = bool(data) or connection.has_piece
            self._wire.answer_as(_spelling_of(connection), is_body_here=is_here)
        await send({"type": "http.response.start", "status": connection.status, "headers": headers})
        self.status = connection.status
        while connection.has_more:
            if data := await connection.read(timeout):
                await send({"type": "http.response.body", "body": data, "more_body": True})
                data = b""
        rest = await connection.read(timeout)
        if connection.trailers and self._wire is not None:
            await send({"type": "http.response.body", "body": data + rest, "more_body": True})
            data = rest = b""
            announced = any(name == b"trailer" for name, _ in headers)
            if self._hop.reads_trailers or announced:
                self._wire.trail(crossing(connection.trailers))
        await send({"type": "http.response.body", "body": data + rest})

    async def _leave_http(self, connection: UpstreamConnection) -> None:
        """Let the two ends speak what they have agreed upon."""
        headers = self._for_caller(connection.status, connection.headers)
        headers += self._hop.agreed(connection)
        if self._wire is not None:
            spelling = _spelling_of(connection)
            head = head_of(connection.status, headers, spelling)
            await self._tunnels.open(self._route, self._wire, connection, head)
            self.status = connection.status

    def _protocols_allowed(self) -> frozenset[str]:
        """HTTP/1.0 knows no other protocol, and a body would have to be heard out first."""
        if self._wire is None or not self._wire.speaks_1_1 or self._upload.more:
            return frozenset()
        return self._route.upgrades

    def _for_caller(
        self, status: int, headers: list[tuple[bytes, bytes]]
    ) -> list[tuple[bytes, bytes]]:
        in_chunks = self._wire is not None and self._wire.speaks_1_1
        return response_headers(
            headers, status=status, route=self._route, scope=self._scope, in_chunks=in_chunks
        )

    async def _gather(
        self, connection: UpstreamConnection, headers: list[tuple[bytes, bytes]]
    ) -> bytes:
        """Hold an answer of unknown length for a caller that cannot read chunks (HTTP/1.0)."""
        if any(name == b"content-length" for name, _ in headers):
            return b""
        pieces: list[bytes] = []
        size = 0
        while piece := await connection.read(self._route.timeout):
            pieces.append(piece)
            size += len(piece)
            if size > _GATHERED:
                raise UpstreamBroken(f"{connection.name}: too long an answer for HTTP/1.0")
        headers.append((b"content-length", b"%d" % size))
        return b"".join(pieces)

    def _tell(self, status: int, headers: list[tuple[bytes, bytes]], reason: bytes) -> None:
        """Pass on a response ahead of the final one.

        Not to a front server: nginx 1.22 takes the first that comes for the answer.
        """
        if status == _CONTINUE and self._upload.takes_word():
            return
        if self._wire is not None and not came_through_front(self._scope):
            kept = self._for_caller(status, headers)
            names = [name for name, _ in headers]
            self._wire.interim(status, kept, Spelling(names, status=status, reason=reason))

    def _watch(self, connection: UpstreamConnection) -> None:
        self._watcher = asyncio.create_task(self._notice_hang_up(connection))

    async def _notice_hang_up(self, connection: UpstreamConnection) -> None:
        """Let go of the upstream when nobody waits for it any more."""
        await self._upload.until_sent()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not connection.complete:
            connection.abort()

    def _finish(self, pool: Pool, connection: UpstreamConnection) -> None:
        if not self._upload.stop():
            connection.reusable = False  # it was answered before it had heard us out
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
        pool.give_back(connection)


def _spelling_of(connection: UpstreamConnection) -> Spelling:
    names = [name for name, _ in connection.headers]
    return Spelling(names, status=connection.status, reason=connection.reason)
