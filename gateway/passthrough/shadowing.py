"""Shadow mode: a share of the live safe calls is also sent to the server that is to answer one day.

Only after the caller has its answer, from a queue that drops what is too much, on connections of
its own: what the new server does or does not do is never felt by a caller. It is only compared.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from starlette.types import Scope, Send

from catalogue.coding import CodingError, undo_codings
from catalogue.shadow import OUTCOME, ShadowSpool
from gateway.comparing.compare import compare
from gateway.comparing.reply import Difference, Part, Reply, whole_reply
from gateway.comparing.rules import Ignored, RulesError, read_rules
from gateway.logs import log
from gateway.metrics import Metrics
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

LARGEST_UNPACKED = 4 * 1024 * 1024
AT_ONCE = 4

# What these ask for depends on what one server said before.
_CONDITIONAL = frozenset(
    {b"if-none-match", b"if-modified-since", b"if-match", b"if-unmodified-since"}
    | {b"if-range", b"range", b"content-length", b"transfer-encoding", b"upgrade"}
)
_POSITION = re.compile(r"\[[^\]]*\]")


class ShadowCall(NamedTuple):
    """A call that was answered and is to be made again."""

    route: ApiRoute
    shadow: Shadow
    scope: Scope
    head: bytes
    answered: Overhearing


@dataclass(slots=True)
class RulesFile:
    """Ignore rules as their file said when it was last read."""

    changed: int
    ignored: Ignored


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
        self._rules: dict[str, RulesFile] = {}

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
        old = _reply(call.answered.status, call.answered.headers, call.answered.body)
        method = call.scope["method"]
        try:
            found = await asyncio.to_thread(self._differences, call.shadow, old, new, method)
        except RulesError as error:
            log.error("shadow.rules", route=route.name, error=str(error))
            self._count(route, "no-rules")
            return
        self._count(route, "different" if found else "same")
        sample = without_codes(call.scope["raw_path"].decode("latin-1"))
        for part, place in {place_of(one) for one in found}:
            self._spool.count(route.name, part, place, sample=sample)

    def _differences(
        self, shadow: Shadow, old: Reply, new: Reply, method: str
    ) -> tuple[Difference, ...]:
        return compare(old, new, self._ignored(shadow.ignore), method=method)

    def _ignored(self, path: str | None) -> Ignored:
        """Return the rules of a file as it is now. Raises RulesError."""
        if path is None:
            return Ignored()
        try:
            changed = Path(path).stat().st_mtime_ns
        except OSError as error:
            raise RulesError(f"{path}: cannot be read: {error}") from error
        known = self._rules.get(path)
        if known is None or known.changed != changed:
            known = self._rules[path] = RulesFile(changed, read_rules(Path(path)))
        return known.ignored

    async def _ask(self, call: ShadowCall) -> Reply | None:
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

    async def _exchange(self, connection: UpstreamConnection, call: ShadowCall) -> Reply | None:
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
        return _reply(connection.status, headers, b"".join(pieces))

    def _pool(self, origin: str) -> Pool:
        pool = self._pools.get(origin)
        if pool is None:
            limits = PoolLimits(connections=AT_ONCE, waiting=AT_ONCE)
            pool = self._pools[origin] = Pool(origin, limits)
        return pool

    def _count(self, route: ApiRoute, outcome: str) -> None:
        self._metrics.shadowed(route.name, outcome)
        self._spool.count(route.name, OUTCOME, outcome)


def place_of(difference: Difference) -> tuple[str, str]:
    """Return where answers differ, without what a caller or a citizen might be known by.

    Items and members with strange names become `[*]`; of values only a status is told.
    """
    if difference.part is Part.STATUS:
        return difference.part.value, f"{difference.old} -> {difference.new}"
    return difference.part.value, _POSITION.sub("[*]", difference.place)


def _reply(status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> Reply:
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
    coding = ",".join(value for name, value in fields if name.lower() == "content-encoding")
    with suppress(CodingError):  # then it is compared as it came
        body = undo_codings(body, coding, limit=LARGEST_UNPACKED)
    return whole_reply(status, fields, body)
