"""The demo's world and a client that knows its hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

from demo.server import serve
from demo.world import build_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from demo.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(scope="session")
def fetch(world: World) -> Iterator[Callable[..., httpx.Response]]:
    """Asks the old server for a URL under its own host name, without following redirects."""
    with serve(world) as server, httpx.Client(timeout=20) as client:

        def get(url: str, method: str = "GET", **options: Any) -> httpx.Response:
            parts = urlsplit(url)
            target = parts._replace(scheme="http", netloc=f"127.0.0.1:{server.port}").geturl()
            headers = {"host": parts.netloc, **options.pop("headers", {})}
            return client.request(method, target, headers=headers, **options)

        yield get
