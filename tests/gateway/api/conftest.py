"""The unit API on a real server: one for all of these tests, because it keeps nothing between them."""

from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from catalogue.units.hosts import HostTable
from catalogue.units.register import load_register
from gateway.api.units import UnitApi
from gateway.server.serving import configure
from gateway.settings.portal import PortalSettings

TODAY = dt.date(2026, 11, 24)


@pytest.fixture(scope="module")
def api() -> Iterator[str]:
    """Serve the API as the portal does; gives its origin."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    portal = PortalSettings(url=origin, title="Thành phố Hải Phòng", hotline="0225 3747 474")
    register = load_register()
    hosts = HostTable(register, ())
    units = UnitApi(portal=portal, register=register, hosts=hosts, today=lambda: TODAY)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await units.answer(scope)(scope, receive, send)

    config = configure(app, host="127.0.0.1", port=0)
    config.lifespan = "off"
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    yield origin
    server.should_exit = True
    thread.join(10)
    assert not thread.is_alive()
