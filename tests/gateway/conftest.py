"""Real small servers for the gateway's tests: ours on a free port, and upstreams of every temper."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
import uvicorn
from starlette.types import ASGIApp

from gateway.serving import configure

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture
def serve() -> Iterator[Callable[[ASGIApp], str]]:
    """Serve an application the way `hopnhat serve` does; gives its origin."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: ASGIApp) -> str:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen(128)
        server = uvicorn.Server(configure(app, host="127.0.0.1", port=0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        running.append((server, thread))
        deadline = threading.Event()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            deadline.wait(0.01)
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for server, thread in reversed(running):
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def upstream() -> Iterator[Callable[[Talk], str]]:
    """Start a server that talks raw bytes, honest or not; gives its origin."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def start(talk: Talk) -> str:
        async def listen() -> int:
            async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await talk(reader, writer)
                except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    pass  # the other side went away, or the test is over
                finally:
                    writer.close()

            server = await asyncio.start_server(guarded, "127.0.0.1", 0)
            port: int = server.sockets[0].getsockname()[1]
            return port

        return f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(listen(), loop).result(10)}"

    yield start

    async def stop() -> None:
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def talk_raw() -> Callable[..., bytes]:
    """Send bytes to an origin as they are and return everything that comes until it closes."""

    def send(origin: str, *pieces: bytes, pause: float = 0.0, patience: float = 5.0) -> bytes:
        host, _, port = origin.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=patience) as client:
            for piece in pieces:
                client.sendall(piece)
                threading.Event().wait(pause)
            received = b""
            try:
                while data := client.recv(65536):
                    received += data
            except TimeoutError:
                received += b"(still open)"
            except ConnectionResetError:
                received += b"(reset)"
            return received

    return send
