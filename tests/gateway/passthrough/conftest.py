"""A gateway that passes everything on to one upstream, on a real server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.metrics import Metrics
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.proxy import Passthrough
from redirects.route import ApiRoute, Upstream
from tests.gateway.passthrough.recorder import PORTAL, Gateway


@pytest.fixture
def gateway(serve: Callable[[ASGIApp], str]) -> Gateway:
    """Serve a gateway that passes everything on to one upstream."""

    def start(upstream: str, *, limits: PoolLimits | None = None, **options: Any) -> str:
        route = ApiRoute(
            "api", "old.test", "/*", (Upstream(upstream),), contact="Sở Tư pháp", **options
        )
        made: dict[str, Passthrough] = {}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                made["one"] = Passthrough(PORTAL, Metrics(), limits)
                while (message := await receive())["type"] != "lifespan.shutdown":
                    await send({"type": f"{message['type']}.complete"})
                await made["one"].close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            await made["one"].to(route)(scope, receive, send)

        return serve(app)

    return start
