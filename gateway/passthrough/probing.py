"""Asking upstreams how they are, ahead of any call: `[route.health] path`.

An answer closes an upstream's breaker at once, silence counts as a failed call does. So a server
that has come back gets calls within one interval, and one that died is known before callers wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

from gateway.logs import log
from gateway.passthrough.failures import PassthroughError, UpstreamBroken, UpstreamBusy
from gateway.passthrough.upstreams import Server, Servers
from redirects.route import ApiRoute, Health

_TICK = 0.1  # seconds between looks at what is due: the shortest interval there is
_FIRST_FAILED_STATUS = 500


class _Probe(NamedTuple):
    """One upstream as one route would have it asked."""

    origin: str
    host: str
    health: Health
    timeout: float


class Probing:
    """Asks every upstream that a route wants asked. `routes` are those of the present snapshot."""

    def __init__(self, servers: Servers, routes: Callable[[], Iterable[ApiRoute]]) -> None:
        self._servers = servers
        self._routes = routes
        self._known: tuple[ApiRoute, ...] = ()
        self._probes: list[_Probe] = []
        self._due: dict[_Probe, float] = {}
        self._underway: dict[_Probe, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Go on asking until cancelled, and let go of connections that are idle for long."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                self._look(loop.time())
                self._servers.close_idle()
                await asyncio.sleep(_TICK)
        finally:
            for task in self._underway.values():
                task.cancel()

    def _look(self, now: float) -> None:
        routes = tuple(self._routes())
        if routes is not self._known:
            self._known = routes
            self._probes = list(dict.fromkeys(_probes_of(routes)))
            self._due = {probe: self._due.get(probe, now) for probe in self._probes}
        for probe in self._probes:
            if now >= self._due[probe] and probe not in self._underway:
                self._due[probe] = now + probe.health.interval
                self._underway[probe] = asyncio.create_task(self._ask(probe))

    async def _ask(self, probe: _Probe) -> None:
        server = self._servers.at(probe.origin, probe.health)
        age = server.breaker.begin()
        try:
            async with asyncio.timeout(probe.timeout):
                await _hear(server, probe)
        except UpstreamBusy:
            pass  # those who hold all its connections find out
        except (PassthroughError, TimeoutError) as error:
            server.breaker.failed(age)
            log.info("upstream.unwell", origin=probe.origin, error=str(error) or "too slow")
        else:
            server.breaker.succeeded(age)
        finally:
            server.breaker.abandoned(age)
            del self._underway[probe]


async def _hear(server: Server, probe: _Probe) -> None:
    """Ask once, on a new connection. Raises PassthroughError where it is not well."""
    connection, _ = await server.pool.take(fresh=True, connect=probe.timeout)
    try:
        connection.begin("GET")
        connection.write(
            f"GET {probe.health.path} HTTP/1.1\r\nhost: {probe.host}\r\n"
            "user-agent: hopnhat-health\r\naccept: */*\r\n\r\n".encode("ascii")
        )
        await connection.head(probe.timeout)
        if connection.status >= _FIRST_FAILED_STATUS:
            raise UpstreamBroken(f"{probe.origin}{probe.health.path} says {connection.status}")
        while await connection.read(probe.timeout):
            pass
    finally:
        server.pool.give_back(connection)


def _probes_of(routes: Iterable[ApiRoute]) -> Iterable[_Probe]:
    for route in routes:
        if route.health.path is not None:
            timeout = min(route.timeout, max(route.health.interval, _TICK * 10))
            for one in route.upstreams:
                yield _Probe(one.origin, route.host_header or route.host, route.health, timeout)
