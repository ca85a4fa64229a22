"""A call at an old address, passed on: streamed both ways, changed in nothing it can notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.logs import log
from gateway.metrics import Metrics
from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import (
    CallerGone,
    PassthroughError,
    UpstreamBroken,
    failure_answer,
    retired_answer,
)
from gateway.passthrough.headers import request_head, response_headers
from gateway.passthrough.hop import hop_lines
from gateway.passthrough.pool import Pool, PoolLimits
from gateway.passthrough.trailers import are_wanted, crossing
from gateway.passthrough.transition import Transitions
from gateway.passthrough.uploading import Upload
from gateway.passthrough.usage import UsageCounting
from gateway.portal_settings import PortalSettings
from gateway.wire import wire_of
from redirects.calendar import today_in_vietnam
from redirects.route import ApiRoute

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_CONTINUE = 100
_WATCH_AFTER = 0.1  # seconds: an answer that comes sooner is cheaper without anybody watching
_GATHERED = 32 * 1024 * 1024  # bytes of an answer of unknown length held for an HTTP/1.0 caller


class Passthrough:
    """Passes calls on to upstreams. One of it lives in each process."""

    def __init__(
        self,
        portal: PortalSettings,
        metrics: Metrics,
        limits: PoolLimits | None = None,
        *,
        usage: UsageCounting | None = None,
        today: Callable[[], date] = today_in_vietnam,
    ) -> None:
        self._portal = portal
        self._metrics = metrics
        self._usage = usage
        self._transitions = Transitions(today)
        self._limits = limits or PoolLimits()
        self._pools: dict[str, Pool] = {}

    def to(self, route: ApiRoute) -> ASGIApp:
        """Return the application that passes a call on along `route`."""
        return partial(self._pass_on, route)

    def retired(self, route: ApiRoute, scope: Scope) -> ASGIApp:
        """Return what answers a call of an API whose last day is over."""
        answer = retired_answer(self._portal, route, self._transitions.fields(route))
        if self._usage is not None:
            self._usage.count(route, scope, answer.status)
        return answer

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)

    async def _pass_on(self, route: ApiRoute, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        send = self._transitions.telling(route, send)
        call = Call(route, scope, receive, send)
        try:
            await call.make(self._pool(route.upstreams[0].origin))
            status = call.status
        except CallerGone:
            status = 499
        except PassthroughError as error:
            status = error.status
            log.warning("passthrough.failed", route=route.name, error=str(error))
            # Once its head has gone out an answer can only be cut off, so that it is not taken
            # for whole: returning without its end makes the server close the connection.
            if not call.status:
                answer = failure_answer(self._portal, route, error)
                await answer(scope, receive, send)
        self._metrics.passed_on(route.name, status, loop.time() - started)
        if self._usage is not None:
            self._usage.count(route, scope, status)

    def _pool(self, origin: str) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(origin, self._limits)
        return pool


class Call:
    """One call on its way. `status` is the upstream's once its head has gone to the caller."""

    def __init__(self, route: ApiRoute, scope: Scope, receive: Receive, send: Send) -> None:
        self.status = 0
        self._route = route
        self._scope = scope
        self._receive = receive
        self._send = send
        self._wire = wire_of(scope)
        self._upload = Upload(scope, receive)
        self._watcher: asyncio.Task[None] | None = None

    async def make(self, pool: Pool) -> None:
        """Send the request and bring the answer back. Raises PassthroughError."""
        upload = self._upload
        first = await upload.begin()
        hop = hop_lines(self._scope["headers"], waits=upload.waits, protocols=())
        head = request_head(self._scope, self._route, chunked=upload.chunked, hop=hop)
        repeatable = not upload.more and self._scope["method"] in _IDEMPOTENT
        connection, reused = await pool.take()
        try:
            await self._exchange(connection, head + first)
        except UpstreamBroken as error:
            # A kept connection may die of age under our hands: ask once more, on a new one.
            if not (reused and repeatable and error.untouched):
                raise
            self._finish(pool, connection)
            connection, _ = await pool.take(fresh=True)
            await self._exchange(connection, head + first)
        finally:
            self._finish(pool, connection)

    async def _exchange(self, connection: UpstreamConnection, first: bytes) -> None:
        connection.begin(self._scope["method"], interim=self._tell)
        connection.write(first)
        self._upload.send_rest(connection)
        watch = asyncio.get_running_loop().call_later(_WATCH_AFTER, self._watch, connection)
        try:
            await connection.head(self._route.timeout)
            await self._answer(connection)
        finally:
            watch.cancel()

    async def _answer(self, connection: UpstreamConnection) -> None:
        headers = self._for_caller(connection.status, connection.headers)
        if self._upload.waits:
            headers.append((b"connection", b"close"))  # a body that comes all the same is not read
        timeout = self._route.timeout
        data = b""
        if self._scope["http_version"] == "1.0" and self._scope["method"] != "HEAD":
            data = await self._gather(connection, headers)
        self.status = connection.status
        send = self._send
        await send({"type": "http.response.start", "status": connection.status, "headers": headers})
        while connection.has_more:
            if data := await connection.read(timeout):
                await send({"type": "http.response.body", "body": data, "more_body": True})
                data = b""
        rest = await connection.read(timeout)
        if connection.trailers and self._wire is not None:
            wanted = are_wanted(self._scope["headers"], headers)
            await self._wire.end(data + rest, crossing(connection.trailers) if wanted else ())
        else:
            await send({"type": "http.response.body", "body": data + rest})

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

    def _tell(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Pass on a response ahead of the final one."""
        if status == _CONTINUE and self._upload.takes_word():
            return
        if self._wire is not None:
            self._wire.interim(status, self._for_caller(status, headers))

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
