"""Upstreams that speak TLS: their certificate is checked, and all that crosses crosses there too."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from websockets.sync.client import connect

from tests.gateway.passthrough.recorder import HELLO, Gateway, chatting

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="needs openssl to make a certificate")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that signed itself, with its key."""
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    assert OPENSSL is not None
    subprocess.run(
        [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=up",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(file), "-out", str(file) + ".crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    file.write_bytes(file.read_bytes() + Path(f"{file}.crt").read_bytes())
    return file


@pytest.fixture
def identity(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@contextmanager
def answering(identity: ssl.SSLContext) -> Iterator[str]:
    """Run a server that says hello over TLS; gives its origin."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HELLO)
        await writer.drain()
        writer.close()

    async def listen() -> int:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=identity)
        port: int = server.sockets[0].getsockname()[1]
        return port

    yield f"https://127.0.0.1:{asyncio.run_coroutine_threadsafe(listen(), loop).result(10)}"
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


def test_a_call_and_a_web_socket_cross_to_a_server_whose_certificate_is_known(
    gateway: Gateway,
    certificate: Path,
    identity: ssl.SSLContext,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with answering(identity) as upstream:
        assert httpx.get(f"{gateway(upstream)}/a").text == "hello"
    with chatting(identity) as chat:
        address = gateway(chat).replace("http:", "ws:")
        with connect(address, max_size=None) as client:
            for message in ("Hải Phòng", b"\x00" * 2_000_000):
                client.send(message)
                assert client.recv() == message


def test_a_server_that_nobody_vouches_for_gets_no_call(
    gateway: Gateway, identity: ssl.SSLContext
) -> None:
    with answering(identity) as upstream:
        assert httpx.get(f"{gateway(upstream)}/a").status_code == 502
