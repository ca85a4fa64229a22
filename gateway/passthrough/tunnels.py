"""Connections that have left HTTP, such as WebSockets: opened, limited and counted by route."""

from __future__ import annotations

from collections import Counter
from functools import partial

from gateway.metrics import Metrics
from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import CallerGone, UpstreamBusy
from gateway.passthrough.tunnel import Tunnel
from gateway.server.wire import Wire
from redirects.route import ApiRoute


class Tunnels:
    """The tunnels of one process."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._open: Counter[str] = Counter()

    async def open(
        self, route: ApiRoute, wire: Wire, connection: UpstreamConnection, head: bytes
    ) -> None:
        """Answer with `head`, a whole one of 101, and carry from now on whatever the two ends say.

        Raises UpstreamBusy where the route has as many as it may, UpstreamBroken or CallerGone
        where one of the ends is gone.
        """
        if self._open[route.name] >= route.max_upgraded:
            raise UpstreamBusy(f"route {route.name} has {route.max_upgraded} upgraded connections")
        try:
            await wire.ready()
        except ConnectionError as error:
            raise CallerGone(connection.name) from error
        transport, behind = connection.let_go()
        tunnel = Tunnel(idle=route.upgrade_idle, ended=partial(self._count, route.name, -1))
        self._count(route.name, +1)
        tunnel.upstream.take_over(transport, behind)
        wire.switch(head, tunnel.caller)
        tunnel.begin()

    def _count(self, route: str, more: int) -> None:
        self._open[route] += more
        self._metrics.upgraded(route, more)
