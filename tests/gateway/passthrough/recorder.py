"""An upstream that keeps what it was sent, and what the tests of the passthrough share."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp, Receive, Scope, Send
from websockets.sync.server import ServerConnection, serve

from gateway.metrics import Metrics
from gateway.passthrough.pool import PoolLimits
from gateway.passthrough.proxy import Passthrough
from gateway.settings.portal import PortalSettings
from redirects.calendar import today_in_vietnam
from redirects.resolution import Proxied, Request
from redirects.route import ApiRoute
from redirects.route_table import RouteTable

PORTAL = PortalSettings(hotline="0225 123 456", email="hotro@haiphong.test")
Gateway = Callable[..., str]
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Thu-Tu: 1\r\nX-Thu-Tu: 2\r\n\r\nhello"


class Recorder:
    """An upstream that keeps the raw head of each request and answers with given bytes."""

    def __init__(self, answer: bytes, *, hang_up: bool = False) -> None:
        self.heads: list[bytes] = []
        self.connections = 0
        self._answer = answer
        self._hang_up = hang_up

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self._answer)
            await writer.drain()
            if self._hang_up:
                return


def passing_on(*routes: ApiRoute, limits: PoolLimits | None = None) -> ASGIApp:
    """An application that passes calls on along some routes; everything, where there is one."""
    table = RouteTable(routes, today_in_vietnam)
    made: list[Passthrough] = []

    def chosen(scope: Scope) -> ApiRoute:
        found = table.find(Request("old.test", scope["raw_path"], b"", scope["method"]))
        assert isinstance(found, Proxied)
        return found.route

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            route = routes[0] if len(routes) == 1 else chosen(scope)
            await made[0].to(route)(scope, receive, send)
            return
        made.append(Passthrough(PORTAL, Metrics(), limits))
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await made[0].close()
        await send({"type": "lifespan.shutdown.complete"})

    return app


@contextmanager
def chatting(identity: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a WebSocket server that says again what it is told; gives its origin."""

    def answer(connection: ServerConnection) -> None:
        for message in connection:
            if message == "ai đấy?" and connection.request is not None:
                connection.send(connection.request.headers["Origin"])
                continue
            connection.send(message)
            if message == "thôi":
                connection.close(4001, "đã thôi")

    scheme = "https" if identity else "http"
    with serve(answer, "127.0.0.1", 0, max_size=None, ssl=identity) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"{scheme}://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join(5)
