"""Serves the old portals on loopback: one raw ASGI app, virtual hosts by the Host header."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import uvicorn

from demo.web import Reply, Request, html

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from demo.web import OldPortal
    from demo.world import World

Scope = dict[str, Any]
Message = dict[str, Any]

START_TIMEOUT = 10.0


class OldServers:
    """The ASGI app: finds the portal by host, asks it, and sends what it says byte for byte."""

    def __init__(self, portals: dict[str, OldPortal], public_port: int | None) -> None:
        self.portals, self.public_port = portals, public_port

    async def __call__(
        self,
        scope: Scope,
        receive: Callable[[], Awaitable[Message]],
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        """Answers one HTTP call; anything else is not spoken here."""
        if scope["type"] != "http":
            return
        request = _request(scope, await _body(receive), self.public_port)
        portal = self.portals.get(request.host)
        reply = portal.answer(request) if portal else html("<h1>Unknown host</h1>", 421)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        await _send(reply, request, send)


def create_app(world: World, public_port: int | None = None) -> OldServers:
    """The app for a world. Absolute links name `public_port`, or none."""
    portals = {
        host: portal
        for portal in (*world.portals, world.trap)
        for host in (portal.site.host, *portal.site.aliases)
    }
    return OldServers(portals, public_port)


@dataclass(frozen=True, slots=True)
class Running:
    """A running server and the port it listens on."""

    port: int


@contextlib.contextmanager
def serve(world: World, port: int = 0, public_port: int | None = None) -> Iterator[Running]:
    """Runs the old portals on 127.0.0.1 in a thread; port 0 takes a free one."""
    app = create_app(world, public_port)
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        config = uvicorn.Config(
            app, log_level="critical", access_log=False, lifespan="off",
            date_header=False,
            timeout_graceful_shutdown=2, server_header=False,
        )  # fmt: skip
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            _wait_until_started(server)
            yield Running(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(START_TIMEOUT)


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the demo's old portals did not start")
        time.sleep(0.01)


def _request(scope: Scope, body: bytes, public_port: int | None) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return Request(
        method=scope["method"],
        host=headers.get("host", "").split(":")[0].lower().rstrip("."),
        raw_path=raw_path.split(b"?")[0].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
        port=public_port,
    )


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(reply: Reply, request: Request, send: Callable[[Message], Awaitable[None]]) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in reply.headers]
    if reply.status != HTTPStatus.NOT_MODIFIED:
        headers.append((b"content-length", str(len(reply.body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    body = b"" if request.method == "HEAD" else reply.body
    await send({"type": "http.response.body", "body": body})
