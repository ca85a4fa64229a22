"""Requests that ask for another protocol: framed like any other, declined by going on in HTTP."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp

from gateway.app import create_site
from gateway.server.upgrading import mask_upgrade
from tests.gateway.passthrough.test_proxy import mirror

# What Java's HttpClient sends with its first request to a plain address.
JAVA = b"Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAEAAEAA\r\nUpgrade: h2c\r\n"
NEXT = b"POST /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nyz"


@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 3\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"],
)
@pytest.mark.parametrize("spelling", [b"Upgrade", b"upgrade", b"UPGRADE", b"uPgrade"])
@pytest.mark.parametrize("apart", [True, False])
def test_a_body_behind_a_declined_upgrade_is_the_requests_own(
    serve: Callable[[ASGIApp], str],
    talk_raw: Callable[..., bytes],
    body: bytes,
    spelling: bytes,
    *,
    apart: bool,
) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: a\r\n" + JAVA.replace(b"Upgrade:", spelling + b":")
    pieces = (head, body, NEXT) if apart else (head + body + NEXT,)
    answer = talk_raw(serve(mirror), *pieces, pause=0.05)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b"\r\n3\r\nabc\r\n0\r\n" in answer
    assert answer.endswith(b"\r\n2\r\nyz\r\n0\r\n\r\n")


def test_only_the_name_of_the_field_is_masked() -> None:
    head = b"GET /upgrade: HTTP/1.1\r\nUpgrade-Insecure-Requests: 1\r\nX: upgrade: y\r\n\r\n"
    assert mask_upgrade(head) == head
    assert mask_upgrade(b"GET / HTTP/1.1\r\nUPGRADE: a\r\nX: 1\r\nupgrade: b\r\n\r\n") == (
        b"GET / HTTP/1.1\r\n^pgrade: a\r\nX: 1\r\n^pgrade: b\r\n\r\n"
    )


def agree(upgrade: bytes) -> bytes:
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
        + upgrade
        + b"\r\n\r\n"
    )


def ask(host: str, path: bytes) -> bytes:
    return (
        b"GET " + path + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )


def test_the_site_switches_on_its_routes_alone_and_counts_what_is_open(
    town: Any, serve: Callable[..., str], upstream: Callable[..., str], talk_raw: Any
) -> None:
    asked = threading.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(agree(b"websocket"))
        await writer.drain()
        await reader.read()

    route = town.settings.route[0].model_copy(update={"upstream": upstream(talk)})
    town.settings = town.settings.model_copy(update={"route": (route,)})
    origin = serve(create_site(town.settings))
    portal = "haiphong.localhost"
    last = f"GET /api/v1/don-vi/31 HTTP/1.1\r\nHost: {portal}\r\nConnection: close\r\n\r\n".encode()
    for path in (b"/", b"/khong-co", b"/api/v1/don-vi/31"):
        answer = talk_raw(origin, ask(portal, path) + last)
        assert answer.count(b"HTTP/1.1 ") == 2
        assert b"HTTP/1.1 101 " not in answer
    assert not asked.is_set()

    def open_now() -> bytes:
        page = talk_raw(origin, f"GET /metrics HTTP/1.0\r\nHost: {portal}\r\n\r\n".encode())
        found = re.search(rb'hopnhat_upgraded_connections\{route="don-vi"\} (\S+)', page)
        return found[1] if found else b"none"

    address = ("127.0.0.1", int(origin.rpartition(":")[2]))
    with socket.create_connection(address, timeout=5) as client:
        client.sendall(ask("www.haiduong.localhost", b"/api/chat"))
        assert client.recv(4096).startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert open_now() == b"1.0"
    deadline = time.monotonic() + 3
    while open_now() != b"0.0":
        assert time.monotonic() < deadline
        time.sleep(0.02)
