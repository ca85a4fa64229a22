"""Memory stays where it is, whatever passes through: long bodies, and callers who stop reading."""

from __future__ import annotations

import asyncio
import gc
import http.client
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.wire import Wire
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder

HOST = "old.test"
LONG = 200_000_000
PIECE = b"x" * 100_000
MOST_GROWTH_MB = 30.0
MOST_HELD_MB = 2.0
STALLED = 16


async def long_bodies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hear a body out, or send one as long."""
    head = await reader.readuntil(b"\r\n\r\n")
    if head.startswith(b"POST"):
        heard = 0
        while heard < LONG:
            heard += len(await reader.read(1_000_000))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n%d" % heard)
        await writer.drain()
        return
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LONG)
    for _ in range(LONG // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()


def private_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


@contextmanager
def served(folder: Path, catalogue: Path, upstream: str) -> Iterator[tuple[int, int]]:
    """Run `hopnhat serve` by itself, with one route; gives its process and its port."""
    shutil.copy(catalogue, folder / "catalogue.db")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = folder / "hopnhat.toml"
    settings.write_text(
        f'data = "{folder}"\n[serve]\nport = {port}\n'
        f'[[site]]\nname = "cu"\ntitle = "Cổng cũ"\nhost = "{HOST}"\n'
        f'[[route]]\nname = "api"\nhost = "{HOST}"\npath = "/api/*"\nupstream = "{upstream}"\n'
    )
    command = [sys.executable, "-m", "gateway.cli", "--settings", str(settings), "serve"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not _is_ready(port):
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(20)


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz/ready", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel what a process holds")
def test_memory_does_not_grow_with_bodies_nor_with_callers_who_stop_reading(
    tmp_path: Path, blank_catalogue: Path, upstream: Callable[..., str]
) -> None:
    with served(tmp_path, blank_catalogue, upstream(long_bodies)) as (pid, port):
        before = most = private_mb(pid)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        pieces = (PIECE for _ in range(LONG // len(PIECE)))
        headers = {"Host": HOST, "Content-Length": str(LONG)}
        connection.request("POST", "/api/a", body=pieces, headers=headers)
        assert connection.getresponse().read() == b"%d" % LONG
        most = max(most, private_mb(pid))
        connection.request("GET", "/api/a", headers={"Host": HOST})
        answer = connection.getresponse()
        heard = 0
        while data := answer.read(1_000_000):
            heard += len(data)
            if heard % 20_000_000 < 1_000_000:
                most = max(most, private_mb(pid))
        assert heard == LONG
        connection.close()
        assert most - before < MOST_GROWTH_MB

        before = private_mb(pid)
        with ExitStack() as callers:
            for _ in range(STALLED):
                caller = callers.enter_context(socket.create_connection(("127.0.0.1", port)))
                caller.sendall(f"GET /api/a HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            time.sleep(1.5)
            assert (private_mb(pid) - before) / STALLED < MOST_HELD_MB


def test_a_passed_on_call_leaves_nothing_to_the_collector_of_cycles(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    origin = gateway(upstream(Recorder(HELLO)))
    ask = b"GET /a HTTP/1.1\r\nHost: old.test\r\n\r\n"
    last = ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    gc.collect()
    before = {id(one) for one in gc.get_objects()}
    gc.disable()
    try:
        assert talk_raw(origin, ask * 30 + last).count(b"hello") == 31
        left = [one for one in gc.get_objects() if isinstance(one, (RequestResponseCycle, Wire))]
    finally:
        gc.enable()
    assert len([one for one in left if id(one) not in before]) <= 2  # the last request's
