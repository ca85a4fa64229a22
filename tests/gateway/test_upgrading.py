"""Requests that ask for another protocol: framed like any other, declined by going on in HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from starlette.types import ASGIApp

from gateway.upgrading import mask_upgrade
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
