"""Gateways that pass calls on along routes, on real servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.metrics import Metrics
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.proxy import Passthrough
from redirects.calendar import today_in_vietnam
from redirects.resolution import Proxied, Request
from redirects.route import ApiRoute, Upstream
from redirects.route_table import RouteTable
from tests.gateway.passthrough.recorder import PORTAL, Gateway


@pytest.fixture
def serve_routes(serve: Callable[[ASGIApp], str]) -> Callable[..., str]:
    """Serve a gateway that passes calls on along several routes; gives its origin."""

    def start(*routes: ApiRoute, limits: PoolLimits | None = None) -> str:
        table = RouteTable(routes, today_in_vietnam)

        def chosen(scope: Scope) -> ApiRoute:
            found = table.find(Request("old.test", scope["raw_path"], b"", scope["method"]))
            assert isinstance(found, Proxied)
            return found.route

        made: dict[str, Passthrough] = {}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                made["one"] = Passthrough(PORTAL, Metrics(), limits)
                while (message := await receive())["type"] != "lifespan.shutdown":
                    await send({"type": f"{message['type']}.complete"})
                await made["one"].close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            route = routes[0] if len(routes) == 1 else chosen(scope)
            await made["one"].to(route)(scope, receive, send)

        return serve(app)

    return start


@pytest.fixture
def gateway(serve_routes: Callable[..., str]) -> Gateway:
    """Serve a gateway that passes everything on along one route."""

    def start(*upstreams: str | Upstream, limits: PoolLimits | None = None, **options: Any) -> str:
        about = {
            "name": "api",
            "host": "old.test",
            "path": "/*",
            "upstreams": tuple(
                one if isinstance(one, Upstream) else Upstream(one) for one in upstreams
            ),
            "contact": "Sở Tư pháp",
        }
        return serve_routes(ApiRoute(**{**about, **options}), limits=limits)

    return start
