from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from redirects.resolution import Request
from tests.redirects.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    for snapshot in world.opened:
        snapshot.close()


@pytest.fixture(scope="session")
def ask() -> Callable[..., Request]:
    """Make the request of a written URL: GET unless told."""

    def ask(url: str, method: str = "GET") -> Request:
        parts = urlsplit(url)
        return Request(parts.netloc, parts.path.encode(), parts.query.encode(), method)

    return ask
