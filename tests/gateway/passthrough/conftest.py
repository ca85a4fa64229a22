"""Gateways that pass calls on along routes, on real servers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from gateway.passthrough.pool import PoolLimits
from redirects.route import ApiRoute, Upstream
from tests.gateway.passthrough.recorder import Gateway, passing_on


@pytest.fixture
def serve_routes(serve: Callable[[ASGIApp], str]) -> Callable[..., str]:
    """Serve a gateway that passes calls on along several routes; gives its origin."""

    def start(*routes: ApiRoute, limits: PoolLimits | None = None) -> str:
        return serve(passing_on(*routes, limits=limits))

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


@pytest.fixture
def closed() -> Iterator[str]:
    """Give an origin where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"
