"""The door in front of the parser, by raw sockets."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.server.serving import _USUAL_LINE, DoorProtocol, _ascii_first_line, _begins_well

CLOSE = b"Host: a\r\nConnection: close\r\n\r\n"


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    target = scope["extensions"]["hopnhat.target"]
    body = b"%s %s %s %d\n" % (scope["method"].encode(), scope["raw_path"], target, size)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def origin(serve: Callable[[ASGIApp], str], monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(DoorProtocol, "head_seconds", 0.4)
    return serve(echo)


CHUNKED = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
WHOLE = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("pieces", "wanted"),
    [
        (["GET /tin/đẹp?q=ô HTTP/1.1\r\n".encode() + CLOSE], b"/tin/%C4%91%E1%BA%B9p?q=%C3%B4 0\n"),
        (["GET /đ? HTTP/1.1\r\n".encode(), b"Host: a\r\n", CLOSE[9:]], b"GET /%C4%91 /%C4%91? 0\n"),
        ([b"\r\n\r\nGET /a HTTP/1.1\r\n" + CLOSE], b"GET /a /a 0\n"),
        ([b"GET /a%2Fb%7e|c HTTP/1.1\r\n" + CLOSE], b"GET /a%2Fb%7e|c /a%2Fb%7e|c 0\n"),
        ([WHOLE + "GET /đ HTTP/1.1\r\n".encode() + CLOSE], b"GET /%C4%91 /%C4%91 0\n"),
        ([CHUNKED + b"5\r\nhello\r\n0\r\n\r\nGET /b HT", b"TP/1.1\r\n" + CLOSE], b"GET /b /b 0\n"),
        (
            [CHUNKED + b"5\r\nhel", b"lo\r\n0\r\n\r\n", "GET /đ HTTP/1.1\r\n".encode() + CLOSE],
            b"GET /%C4%91 /%C4%91 0\n",
        ),
    ],
    ids=[
        "raw UTF-8",
        "in pieces",
        "empty lines first",
        "escapes kept",
        "behind a body",
        "behind chunks",
        "behind split chunks",
    ],
)
def test_a_head_reaches_the_application_as_the_caller_meant_it(
    origin: str, talk_raw: Callable[..., bytes], pieces: list[bytes], wanted: bytes
) -> None:
    answer = talk_raw(origin, *pieces, pause=0.05)
    assert answer.endswith(wanted)
    assert b" 400 " not in answer


def test_a_head_that_never_ends_is_cut_in_time(origin: str, talk_raw: Callable[..., bytes]) -> None:
    assert talk_raw(origin, b"GET /a HTTP/1.1\r\nHost: a\r\n") == b""


def test_a_connection_that_says_nothing_is_closed(
    origin: str, talk_raw: Callable[..., bytes]
) -> None:
    assert talk_raw(origin) == b""


def test_a_second_head_has_a_deadline_too(origin: str, talk_raw: Callable[..., bytes]) -> None:
    answer = talk_raw(origin, b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /b HT", pause=0.1)
    assert answer.endswith(b"GET /a /a 0\n")


@pytest.mark.parametrize("filler", [b"X: " + b"a" * 70_000, b"X: a\r\n" * 12_000])
def test_a_head_without_measure_is_refused(
    origin: str, talk_raw: Callable[..., bytes], filler: bytes
) -> None:
    answer = talk_raw(origin, b"GET /a HTTP/1.1\r\nHost: a\r\n" + filler)
    assert answer.startswith(b"HTTP/1.1 431 ") or answer.endswith(b"(reset)")


def test_two_ways_to_say_where_a_body_ends_are_refused(
    origin: str, talk_raw: Callable[..., bytes]
) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert talk_raw(origin, head + b"0\r\n\r\n").startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "odd",
    [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\nx",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\nxx",
        b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nxx",
        b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\nxx",
        b"GET /a\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"A" * 70_000,
        b"GET /a HTTP/1.1 extra\r\nHost: a\r\n\r\n",
    ],
    ids=["h2", "no length", "odd length", "connect", "h2c", "0.9", "tls", "method", "version"],
)
def test_what_is_not_http_never_stops_the_server(
    origin: str, talk_raw: Callable[..., bytes], odd: bytes
) -> None:
    talk_raw(origin, odd, patience=1.0)
    answer = talk_raw(origin, b"GET /b HTTP/1.1\r\n" + CLOSE)
    assert answer.endswith(b"GET /b /b 0\n")


def test_an_old_client_is_never_told_to_continue(
    origin: str, talk_raw: Callable[..., bytes]
) -> None:
    head = b"POST /a HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
    assert talk_raw(origin, head).startswith(b"HTTP/1.1 200 ")


@given(st.lists(st.binary(max_size=40), max_size=4), st.booleans())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_bytes_stop_the_server(
    origin: str,
    talk_raw: Callable[..., bytes],
    pieces: list[bytes],
    begin: bool,  # noqa: FBT001 - hypothesis passes by name
) -> None:
    start = [b"POST /a HTTP/1.1\r\nHost: a\r\n"] if begin else []
    talk_raw(origin, *start, *pieces, patience=0.05)
    assert talk_raw(origin, b"GET /b HTTP/1.1\r\n" + CLOSE).endswith(b"GET /b /b 0\n")


@given(st.from_regex(_USUAL_LINE, fullmatch=True), st.binary(max_size=20))
def test_a_usual_line_passes_every_other_look_at_it_unchanged(line: bytes, rest: bytes) -> None:
    assert _begins_well(line + rest)
    assert _ascii_first_line(line + rest) == line + rest
