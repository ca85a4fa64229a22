"""Whose turn it is among the upstreams of a route: by weight, past those whose breaker is open."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from gateway.passthrough.breaker import Breaker
from gateway.passthrough.failures import UpstreamDown
from gateway.passthrough.pool import Pool, PoolLimits
from redirects.route import ApiRoute, Health


@dataclass(frozen=True, slots=True)
class Server:
    """An upstream as this process knows it."""

    origin: str
    pool: Pool
    breaker: Breaker


class Servers:
    """Every upstream of this process: one pool each, whichever routes lead to it."""

    def __init__(
        self,
        limits: PoolLimits,
        clock: Callable[[], float],
        turned: Callable[[str, bool], None] = lambda _origin, _is_open: None,
    ) -> None:
        """`turned` is told which upstream's breaker opens (True) or closes."""
        self._turned = turned
        self._limits = limits
        self._clock = clock
        self._pools: dict[str, Pool] = {}
        self._breakers: dict[tuple[str, Health], Breaker] = {}

    def at(self, origin: str, health: Health) -> Server:
        """Return an upstream; routes that judge it alike share what is known of its health."""
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(origin, self._limits)
        breaker = self._breakers.get((origin, health))
        if breaker is None:
            breaker = self._breakers[origin, health] = Breaker(
                health, self._clock, partial(self._turned, origin)
            )
        return Server(origin, pool, breaker)

    def of(self, route: ApiRoute) -> Turns:
        """Return the upstreams of a route, to be asked in turn."""
        return Turns([(self.at(one.origin, route.health), one.weight) for one in route.upstreams])

    def close_idle(self) -> None:
        """Close connections that nobody wants any more, as those to servers no route names."""
        for pool in self._pools.values():
            pool.close_idle()

    def close(self) -> None:
        """Close every connection."""
        for pool in self._pools.values():
            pool.close()


class Turns:
    """Shares calls out so that any run of them is as even as the weights allow.

    Each turn every candidate gains its weight, the richest is taken and pays what all gained: of
    weights 2 and 1 the turns are A B A A B A, not A A B.
    """

    def __init__(self, servers: Sequence[tuple[Server, int]]) -> None:
        self._only = servers[0][0] if len(servers) == 1 else None
        self._weighted = [one for one in servers if one[1]]
        self._spares = [server for server, weight in servers if not weight]
        self._gained = {server.origin: 0 for server, _ in servers}

    def next(self, tried: Collection[Server] = ()) -> Server:
        """Return whom to ask, none of those that were tried. Raises UpstreamDown."""
        if self._only is not None and not tried and self._only.breaker.lets_through:
            return self._only
        able = [
            (server, weight)
            for server, weight in self._weighted
            if server not in tried and server.breaker.lets_through
        ]
        if able:
            return self._richest(able)
        for server in self._spares:
            if server not in tried and server.breaker.lets_through:
                return server
        raise UpstreamDown(self._all_names(), retry_after=self._seconds_left())

    def _richest(self, able: Sequence[tuple[Server, int]]) -> Server:
        for server, weight in able:
            self._gained[server.origin] += weight
        chosen, _ = max(able, key=lambda one: self._gained[one[0].origin])
        self._gained[chosen.origin] -= sum(weight for _, weight in able)
        return chosen

    def _all_names(self) -> str:
        return ", ".join(self._gained)

    def _seconds_left(self) -> int:
        servers = [*(server for server, _ in self._weighted), *self._spares]
        return max(1, math.ceil(min(server.breaker.seconds_left for server in servers)))
