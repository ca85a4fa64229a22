"""What is known of a route outlives the snapshots it comes with, as long as the route is the same."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from gateway.passthrough.passage import Clocks, Passages
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.upstreams import Servers
from redirects.route import ApiRoute, Caching, Health, Upstream
from tests.gateway.passthrough.test_breaker import Clock

ROUTE = ApiRoute("api", "old.test", "/*", (Upstream("http://10.0.0.5"),), caching=Caching())


def within_a_loop(story: Callable[[Passages], None]) -> None:
    async def told() -> None:
        clock = Clock()
        story(Passages(Servers(PoolLimits(), clock), Clocks(clock, clock)))

    asyncio.run(told())


def test_a_route_that_comes_anew_and_says_the_same_keeps_what_is_known_of_it() -> None:
    def story(passages: Passages) -> None:
        passage = passages.of(ROUTE)
        again = replace(ROUTE)
        assert again is not ROUTE
        assert passages.of(again) is passage
        assert passages.of(again).route is again

    within_a_loop(story)


def test_a_route_that_says_something_else_begins_anew_but_not_its_upstreams() -> None:
    def story(passages: Passages) -> None:
        passage = passages.of(ROUTE)
        server = passage.turns.next()
        server.breaker.failed(server.breaker.begin())
        changed = passages.of(replace(ROUTE, timeout=3))
        assert changed is not passage
        assert changed.turns.next() == server, "its pool, and what is known of its health"

    within_a_loop(story)


def test_routes_that_judge_an_upstream_otherwise_share_its_connections_alone() -> None:
    def story(passages: Passages) -> None:
        one = passages.of(ROUTE).turns.next()
        other = passages.of(replace(ROUTE, name="khac", health=Health(failures=1))).turns.next()
        assert other.pool is one.pool
        assert other.breaker is not one.breaker

    within_a_loop(story)
