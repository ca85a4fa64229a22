"""Calls at old addresses, passed on: streamed both ways, changed in nothing they can notice.

Here is what becomes of each: answered from what was kept, by an upstream (`call`), or told why not.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date
from functools import partial

from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.adapting.adapter import UnitAdapter
from gateway.answer import field_lines
from gateway.logs import log
from gateway.metrics import Metrics
from gateway.passthrough.call import Call
from gateway.passthrough.descriptions import Held
from gateway.passthrough.failures import (
    CallerGone,
    PassthroughError,
    StoodIn,
    UpstreamDown,
)
from gateway.passthrough.passage import Clocks, Passage, Passages
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.recording import Recordings
from gateway.passthrough.shadowing import Shadowing
from gateway.passthrough.telling import failure_answer, retired_answer
from gateway.passthrough.transition import Transitions
from gateway.passthrough.tunnels import Tunnels
from gateway.passthrough.upstreams import Servers
from gateway.passthrough.usage import UsageCounting
from gateway.server.wire import spelled
from gateway.settings.portal import PortalSettings
from redirects.calendar import today_in_vietnam
from redirects.route import ApiRoute

_SERVERS_FAULT = 500


class Passthrough:
    """Passes calls on to upstreams. One of it lives in each process."""

    def __init__(
        self,
        portal: PortalSettings,
        metrics: Metrics,
        limits: PoolLimits | None = None,
        *,
        usage: UsageCounting | None = None,
        shadowing: Shadowing | None = None,
        recordings: Recordings | None = None,
        unit_codes: UnitAdapter | None = None,
        today: Callable[[], date] = today_in_vietnam,
        clocks: Clocks | None = None,
    ) -> None:
        self._portal = portal
        self._metrics = metrics
        self._usage = usage
        self._shadowing = shadowing
        self._recordings = recordings
        self._unit_codes = unit_codes
        self._transitions = Transitions(today)
        clocks = clocks or Clocks(steady=time.monotonic, wall=time.time)
        self.servers = Servers(limits or PoolLimits(), clocks.steady, self._turned)
        self._passages = Passages(self.servers, clocks)
        self._tunnels = Tunnels(metrics)

    def to(self, route: ApiRoute) -> ASGIApp:
        """Return the application that passes a call on along `route`."""
        app: ASGIApp = partial(self._pass_on, route)
        if route.units is not None and self._unit_codes is not None:
            refused = partial(self._refused, route)
            app = self._unit_codes.around(route, route.units, app, refused)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            await app(scope, receive, spelled(scope, send))

        return answer

    def _refused(self, route: ApiRoute, scope: Scope, status: int) -> None:
        """Count a call that was answered before anybody was asked."""
        self._metrics.passed_on(route.name, status, 0.0)
        if self._usage is not None:
            self._usage.count(route, scope, status)

    def retired(self, route: ApiRoute, scope: Scope) -> ASGIApp:
        """Return what answers a call of an API whose last day is over."""
        answer = retired_answer(self._portal, route, scope)
        answer.lines += field_lines(self._transitions.fields(route))
        if self._usage is not None:
            self._usage.count(route, scope, answer.status)
        return answer

    async def close(self) -> None:
        """Close every connection."""
        if self._shadowing is not None:
            await self._shadowing.close()
        self.servers.close()
        await asyncio.sleep(0)

    async def _pass_on(self, route: ApiRoute, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        started = loop.time()
        send = self._transitions.telling(route, send)
        passage = self._passages.of(route)
        asked, hear, tell = passage.prepare(scope, receive, send)
        overheard = self._shadowing.overhear(route, asked, tell) if self._shadowing else None
        call = Call(route, asked, hear, overheard or tell, tunnels=self._tunnels)
        try:
            passage.admit(scope)
            status = await passage.answer_from_store(scope, send) if passage.keeps else 0
            if not status:
                await call.make(passage.turns)
                status = call.status
                passage.answered(scope, status)
        except CallerGone:
            status = 499
        except StoodIn as kept:
            status = kept.status
        except PassthroughError as error:
            status = error.status
            if status >= _SERVERS_FAULT and not isinstance(error, UpstreamDown):  # told once
                log.warning("passthrough.failed", route=route.name, error=str(error))
            # Once its head has gone out an answer can only be cut off, so that it is not taken
            # for whole: returning without its end makes the server close the connection.
            if not call.status or (isinstance(tell, Held) and tell.is_held):
                status = await self._make_do(passage, error, scope, receive, send)
        self._metrics.passed_on(route.name, status, loop.time() - started)
        if self._usage is not None:
            self._usage.count(route, scope, status)
        if self._recordings is not None:
            self._recordings.add(route, asked, status)
        if self._shadowing is not None and overheard is not None:
            self._shadowing.follow(route, asked, call.sent, overheard)

    def _turned(self, upstream: str, is_open: bool) -> None:  # noqa: FBT001 - a breaker calls it
        """Tell operators that an upstream is broken off, or is asked again."""
        log.warning("upstream.broken-off" if is_open else "upstream.asked-again", origin=upstream)
        self._metrics.breaker_turned(upstream, is_open=is_open)

    async def _make_do(
        self, passage: Passage, error: PassthroughError, scope: Scope, receive: Receive, send: Send
    ) -> int:
        """Answer with what was kept of an earlier call, or say what went wrong."""
        if passage.keeps and error.status >= _SERVERS_FAULT:
            status = await passage.answer_from_store(scope, send, instead_of_failure=True)
            if status:
                return status
        await failure_answer(self._portal, passage.route, error, scope)(scope, receive, send)
        return error.status
