"""Shadow mode: a share of the live safe calls is also sent to the server that is to answer one day.

Only after the caller has its answer, from a queue that drops what is too much, on connections of
its own: what the new server does or does not do is never felt by a caller. It is only compared.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import NamedTuple

from starlette.types import Scope, Send

from catalogue.shadow import OUTCOME, ShadowSpool
from gateway.comparing.rules import RulesError
from gateway.logs import log
from gateway.metrics import Metrics
from gateway.passthrough.comparing_apart import (
    Answered,
    ComparingApart,
    ComparingError,
    Pair,
)
from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import PassthroughError, UpstreamBroken
from gateway.passthrough.headers import response_headers
from gateway.passthrough.overhearing import Overhearing
from gateway.passthrough.pool import Pool, PoolLimits
from gateway.replaying.call import SAFE
from redirects.route import ApiRoute, Shadow, Upstream
from redirects.traffic.personal import without_codes

MOST_WAITING = 64
MOST_WAITING_BYTES = 8 * 1024 * 1024
"""Calls, and bytes of their answers, that wait to be compared; more are dropped and counted."""

LARGEST_BODY = 512 * 1024
"""Bytes of an answer that is compared."""

AT_ONCE = 4

# What these ask for depends on what one server said before.
_CONDITIONAL = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since"}
    | {b"if-range", b"range", b"content-length", b"transfer-encoding", b"upgrade"}
)


class ShadowCall(NamedTuple):
    """A call that was answered and is to be made again."""

    route: ApiRoute
    shadow: Shadow
    scope: Scope
    head: bytes
    answered: Overhearing


class Shadowing:
    """Makes calls again and counts where the answers differ. One of it lives in each process.

    `chance` gives numbers from 0 up to 1, evenly.
    """

    def __init__(
        self, spool: ShadowSpool, metrics: Metrics, *, chance: Callable[[], float]
    ) -> None:
        self._spool = spool
        self._metrics = metrics
        self._chance = chance
        self._queue: deque[ShadowCall] = deque()
        self._bytes = 0
        self._workers: set[asyncio.Task[None]] = set()
        self._pools: dict[str, Pool] = {}
        self._apart = ComparingApart()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="shadow")

    def overhear(self, route: ApiRoute, scope: Scope, send: Send) -> Overhearing | None:
        """Choose whether a call is made again; if so, return what its answer is to go through."""
        shadow = route.shadow
        if shadow is None or scope["method"] not in SAFE or self._chance() >= shadow.share:
            return None
        if any(name in _CONDITIONAL for name, _ in scope["headers"]):
            return None
        return Overhearing(send, most=LARGEST_BODY)

    def follow(self, route: ApiRoute, scope: Scope, head: bytes, answered: Overhearing) -> None:
        """Make an answered call again when there is time; `head` went to the old server."""
        if route.shadow is None or not answered.is_whole or not head:
            return
        waiting = self._bytes + answered.size
        if len(self._queue) >= MOST_WAITING or waiting > MOST_WAITING_BYTES:
            self._count(route, "dropped")
            return
        self._queue.append(ShadowCall(route, route.shadow, scope, head, answered))
        self._bytes = waiting
        if len(self._workers) < AT_ONCE:
            worker = asyncio.create_task(self._work())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def close(self) -> None:
        """Stop; what waits is forgotten."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        for pool in self._pools.values():
            pool.close()
        self._apart.give_up()  # which lets go of the thread that waits for it
        self._thread.submit(self._apart.close)
        await asyncio.to_thread(self._thread.shutdown)

    async def _work(self) -> None:
        while self._queue:
            call = self._queue.popleft()
            self._bytes -= call.answered.size
            try:
                await self._compare(call)
            except Exception:  # noqa: BLE001 - a worker that dies of one answer compares no other
                log.exception("shadow.failed", route=call.route.name)
                self._count(call.route, "failed")

    async def _compare(self, call: ShadowCall) -> None:
        route = call.route
        try:
            async with asyncio.timeout(route.timeout):
                new = await self._ask(call)
        except (PassthroughError, TimeoutError):
            self._count(route, "unanswered")
            return
        if new is None:
            self._count(route, "too-long")
            return
        pair = Pair(call.scope["method"], call.answered.answer, new, call.shadow.ignore)
        try:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(self._thread, self._apart.places, pair)
        except RulesError as error:
            log.error("shadow.rules", route=route.name, error=str(error))
            self._count(route, "no-rules")
            return
        except ComparingError as error:
            log.error("shadow.failed", route=route.name, error=str(error))
            self._count(route, "failed")
            return
        self._count(route, "different" if found else "same")
        sample = without_codes(call.scope["raw_path"].decode("latin-1"))
        for part, place in found:
            self._spool.count(route.name, part, place, sample=sample)

    async def _ask(self, call: ShadowCall) -> Answered | None:
        """Return what the new server answers; None where it is too long to compare."""
        pool = self._pool(call.shadow.origin)
        connection, reused = await pool.take()
        try:
            return await self._exchange(connection, call)
        except UpstreamBroken as error:
            if not (reused and error.untouched):
                raise
            pool.give_back(connection)
            connection, _ = await pool.take(fresh=True)
            return await self._exchange(connection, call)
        finally:
            pool.give_back(connection)

    async def _exchange(self, connection: UpstreamConnection, call: ShadowCall) -> Answered | None:
        timeout = call.route.timeout
        connection.begin(call.scope["method"])
        connection.write(call.head)
        await connection.head(timeout)
        pieces, size = [], 0
        while piece := await connection.read(timeout):
            size += len(piece)
            if size > LARGEST_BODY:
                return None
            pieces.append(piece)
        mine = replace(call.route, upstreams=(Upstream(call.shadow.origin),))
        headers = response_headers(
            connection.headers, status=connection.status, route=mine, scope=call.scope
        )
        return Answered(connection.status, headers, b"".join(pieces))

    def _pool(self, origin: str) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            limits = PoolLimits(connections=AT_ONCE, waiting=AT_ONCE)
            pool = self._pools[origin] = Pool(origin, limits)
        return pool

    def _count(self, route: ApiRoute, outcome: str) -> None:
        self._metrics.shadowed(route.name, outcome)
        self._spool.count(route.name, OUTCOME, outcome)
