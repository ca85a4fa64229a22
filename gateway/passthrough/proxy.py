"""A call at an old address, passed on: streamed both ways, changed in nothing it can notice."""

from __future__ import annotations

import asyncio
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
from gateway.passthrough.headers import has_body, request_head, response_headers, target_of
from gateway.passthrough.pool import Pool, PoolLimits
from gateway.portal_settings import PortalSettings
from redirects.route import ApiRoute

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_WATCH_AFTER = 0.1  # seconds: an answer that comes sooner is cheaper without anybody watching
_GATHERED = 32 * 1024 * 1024  # bytes of an answer of unknown length held for an HTTP/1.0 caller


class Passthrough:
    """Passes calls on to upstreams. One of it lives in each process."""

    def __init__(
        self, portal: PortalSettings, metrics: Metrics, limits: PoolLimits | None = None
    ) -> None:
        self._portal = portal
        self._metrics = metrics
        self._limits = limits or PoolLimits()
        self._pools: dict[str, Pool] = {}

    def to(self, route: ApiRoute) -> ASGIApp:
        """Return the application that passes a call on along `route`."""
        return partial(self._pass_on, route)

    def retired(self, route: ApiRoute) -> ASGIApp:
        """Return what answers calls of an API whose last day is over."""
        return retired_answer(self._portal, route)

    async def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)

    async def _pass_on(self, route: ApiRoute, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
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
        self._upload: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def make(self, pool: Pool) -> None:
        """Send the request and bring the answer back. Raises PassthroughError."""
        body, chunked = has_body(self._scope["headers"])
        head = request_head(self._scope, self._route, chunked=chunked)
        first, more = await self._first_of_body() if body else (b"", False)
        if first and chunked:
            first = _chunk(first)
        if chunked and not more:
            first += b"0\r\n\r\n"
        repeatable = not more and self._scope["method"] in _IDEMPOTENT
        connection, reused = await pool.take()
        try:
            await self._exchange(connection, head + first, more=more, chunked=chunked)
        except UpstreamBroken as error:
            # A kept connection may die of age under our hands: ask once more, on a new one.
            if not (reused and repeatable and error.untouched):
                raise
            self._finish(pool, connection)
            connection, _ = await pool.take(fresh=True)
            await self._exchange(connection, head + first, more=False, chunked=chunked)
        finally:
            self._finish(pool, connection)

    async def _exchange(
        self, connection: UpstreamConnection, first: bytes, *, more: bool, chunked: bool
    ) -> None:
        connection.begin(self._scope["method"])
        connection.write(first)
        if more:
            self._upload = asyncio.create_task(self._send_rest(connection, chunked=chunked))
        watch = asyncio.get_running_loop().call_later(_WATCH_AFTER, self._watch, connection)
        try:
            await connection.head(self._route.timeout)
            await self._answer(connection)
        finally:
            watch.cancel()

    async def _answer(self, connection: UpstreamConnection) -> None:
        headers = response_headers(
            connection.headers,
            status=connection.status,
            route=self._route,
            scope=self._scope,
        )
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
        await send({"type": "http.response.body", "body": data + rest})

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

    async def _first_of_body(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise CallerGone(target_of(self._scope).decode("latin-1").partition("?")[0])
        return message.get("body", b""), message.get("more_body", False)

    async def _send_rest(self, connection: UpstreamConnection, *, chunked: bool) -> None:
        more = True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                connection.abort()
                return
            more = message.get("more_body", False)
            body = message.get("body", b"")
            if body:
                connection.write(_chunk(body) if chunked else body)
                try:
                    await connection.drain()
                except PassthroughError:
                    return  # the reader of the answer raises it
        if chunked:
            connection.write(b"0\r\n\r\n")

    def _watch(self, connection: UpstreamConnection) -> None:
        self._watcher = asyncio.create_task(self._notice_hang_up(connection))

    async def _notice_hang_up(self, connection: UpstreamConnection) -> None:
        """Let go of the upstream when nobody waits for it any more."""
        if self._upload is not None:
            await asyncio.wait([self._upload])
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not connection.complete:
            connection.abort()

    def _finish(self, pool: Pool, connection: UpstreamConnection) -> None:
        if self._upload is not None:
            if not self._upload.done():
                connection.reusable = False  # it was answered before it had heard us out
                self._upload.cancel()
            self._upload = None
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None
        pool.give_back(connection)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)
