"""A connection to an upstream, byte by byte: where an answer ends, and what may follow it."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from gateway.passthrough.connection import UpstreamConnection

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


async def asked(answer: bytes, method: str = "GET") -> tuple[bytes, bool]:
    """Return the body of an answer that came at once, and whether its connection is at rest."""
    is_over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        if b"Length" in answer:
            with suppress(ConnectionError):
                await reader.read()
        writer.close()
        is_over.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    _, connection = await asyncio.get_running_loop().create_connection(
        lambda: UpstreamConnection("upstream", lambda _: None),
        *server.sockets[0].getsockname(),
    )
    connection.begin(method)
    connection.write(b"GET / HTTP/1.1\r\n\r\n")
    await connection.head(5)
    body = b""
    while piece := await connection.read(5):
        body += piece
    is_at_rest = connection.is_at_rest
    connection.abort()
    await is_over.wait()
    server.close()
    return body, is_at_rest


@pytest.mark.parametrize("behind", [b"", b"\r\n"])
def test_a_connection_can_be_used_again_behind_an_answer(behind: bytes) -> None:
    assert asyncio.run(asked(HEAD + b"ok" + behind)) == (b"ok", True)


@pytest.mark.parametrize(
    "behind",
    [
        b"H",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        HEAD + b"ok",
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ],
)
@pytest.mark.parametrize(("method", "body"), [("GET", b"ok"), ("HEAD", b"")])
def test_the_beginning_of_an_answer_nobody_asked_for_is_not_the_next_one_s(
    method: str, body: bytes, behind: bytes
) -> None:
    assert asyncio.run(asked(HEAD + body + behind, method)) == (body, False)


@pytest.mark.parametrize("field", [b"", b"Transfer-Encoding: identity\r\n"])
def test_a_body_without_a_length_lasts_until_the_connection_closes(field: bytes) -> None:
    assert asyncio.run(asked(b"HTTP/1.1 200 OK\r\n" + field + b"\r\nok")) == (b"ok", False)
