"""Answers carried by the protocol itself: byte for byte what ASGI would have sent, in their turn."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

import gateway.server.serving
from gateway.answer import Answer, field_lines
from gateway.app import create_site
from gateway.server.carrying import CHOSEN
from redirects.mapping import MappingKind

OLD = "http://www.haiduong.localhost"
HOST = b"Host: www.haiduong.localhost\r\n"
SECRETS = (rb"date: [^\r]+", rb'"age_seconds": [\d.]+')  # what may differ between two answers


class Asgi:
    """An application behind which nobody sees what could be chosen ahead."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def alike(answer: bytes) -> list[bytes]:
    """Return an answer's status, sorted header fields and body, without what is never the same."""
    for secret in SECRETS:
        answer = re.sub(secret, b"-", answer)
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *fields = head.split(b"\r\n")
    return [status, *sorted(fields), body]


REQUESTS = {
    "hit": b"GET /tin HTTP/1.1\r\n" + HOST + b"Connection: close\r\n",
    "HEAD": b"HEAD /tin HTTP/1.1\r\n" + HOST + b"Connection: close\r\n",
    "POST": b"POST /tin HTTP/1.1\r\n" + HOST + b"Connection: close\r\nContent-Length: 2\r\n",
    "HTTP/1.0": b"GET /tin HTTP/1.0\r\n" + HOST,
    "HTTP/1.0 that would stay": b"GET /tin HTTP/1.0\r\n" + HOST + b"Connection: keep-alive\r\n",
    "gone": b"GET /bo HTTP/1.1\r\n" + HOST + b"Connection: close\r\n",
    "gone, as JSON": b"GET /bo HTTP/1.1\r\n" + HOST + b"Accept: application/json\r\n"
    b"Connection: close\r\n",
    "gone, HEAD": b"HEAD /bo HTTP/1.0\r\n" + HOST,
    "miss": b"GET /khong-co?lang=en HTTP/1.0\r\n" + HOST,
    "scanner": b"GET /.env HTTP/1.0\r\n" + HOST,
    "fragment": b"GET /tin#x HTTP/1.0\r\n" + HOST,
    "absolute": b"GET http://www.haiduong.localhost/tin HTTP/1.0\r\n" + HOST,
    "probe": b"GET /healthz/live HTTP/1.0\r\n" + HOST,
    "server": b"OPTIONS * HTTP/1.0\r\n" + HOST,
    "robots": b"GET /robots.txt HTTP/1.0\r\n" + HOST,
    "unknown host": b"GET /tin HTTP/1.0\r\nHost: la.test\r\n",
    "two hosts": b"GET /tin HTTP/1.0\r\n" + HOST + HOST,
    "no host": b"GET /tin HTTP/1.1\r\nConnection: close\r\n",
    "too long": b"GET /" + b"a" * 10_000 + b" HTTP/1.0\r\n" + HOST,
    "upgrade": b"GET /tin HTTP/1.1\r\n" + HOST + b"Connection: close, upgrade\r\nUpgrade: h2c\r\n",
    "a length of nothing": b"GET /tin HTTP/1.0\r\n" + HOST + b"Content-Length: 0\r\n",
}


@pytest.fixture
def origins(town: Any, serve: Callable[..., str]) -> list[str]:
    """Serve one town twice: with answers carried, and by ASGI alone."""
    town.settings.serve.__dict__["poll"] = 0.05
    town.decide(f"{OLD}/tin", MappingKind.MOVED, target="/tin-tuc?a=1&b='2'")
    town.decide(f"{OLD}/bo", MappingKind.GONE, reason="Hết <hạn> 100%.")
    return [serve(create_site(town.settings)), serve(Asgi(create_site(town.settings)))]


def test_an_answer_is_the_same_whoever_carries_it(
    origins: list[str], talk_raw: Callable[..., bytes]
) -> None:
    for name, head in REQUESTS.items():
        body = b"hi" if head.startswith(b"POST") else b""
        carried, by_asgi = (talk_raw(origin, head + b"\r\n" + body) for origin in origins)
        assert alike(carried) == alike(by_asgi), name
        assert carried.startswith(b"HTTP/1.1 "), name


def test_each_request_is_counted_once(origins: list[str], talk_raw: Callable[..., bytes]) -> None:
    for head in REQUESTS.values():
        talk_raw(origins[0], head + b"\r\n")
    ask = b"GET /metrics HTTP/1.0\r\nHost: haiphong.localhost\r\n\r\n"
    counts = talk_raw(origins[0], ask)
    assert b'outcome="unresolved",site="haiduong"} 2.0' in counts
    assert b'outcome="gone",site="haiduong"} 3.0' in counts
    assert b'outcome="unknown-host",site=""} 1.0' in counts
    assert b'outcome="refused-414",site=""} 1.0' in counts


class Numbered:
    """Answers by number: odd ones at once, even ones by ASGI after a moment."""

    def __init__(self) -> None:
        self.chosen = 0
        self.by_asgi = 0

    def choose(self, scope: Scope) -> ASGIApp:
        self.chosen += 1
        name = scope["raw_path"][1:]
        if name == b"fails":
            raise RuntimeError("no answer")
        if name in {b"quick", b"breaks"}:
            name = b"1"
        body = name + b"\n"
        answer = Answer(200, field_lines([(b"content-length", b"%d" % len(body))]), body)
        return answer if int(name) % 2 else _slowly(answer)

    def redirect(self, _host: bytes, target: bytes) -> bytes | None:
        if target == b"/breaks":
            raise RuntimeError("no redirect")
        return b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n" if target == b"/quick" else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            while (message := await receive())["type"] != "lifespan.shutdown":
                await send({"type": f"{message['type']}.complete"})
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.by_asgi += 1
        app = scope["extensions"][CHOSEN] or self.choose(scope)
        await app(scope, receive, send)


def _slowly(answer: ASGIApp) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await gateway.server.serving.asyncio.sleep(0.01)
        await answer(scope, receive, send)

    return app


def ask_for(name: object, *fields: bytes) -> bytes:
    lines = b"".join(field + b"\r\n" for field in (b"Host: a", *fields))
    return b"GET /%s HTTP/1.1\r\n%s\r\n" % (str(name).encode(), lines)


def bodies(answers: bytes) -> list[bytes]:
    return re.findall(rb"\r\n\r\n(\d+)\n", answers)


@pytest.mark.parametrize("numbers", [(1, 3, 5), (2, 1, 3), (1, 2, 4, 3, 5), (2, 2, 1, 1, 2, 1)])
def test_pipelined_requests_are_answered_in_their_order(
    serve: Callable[..., str], talk_raw: Callable[..., bytes], numbers: tuple[int, ...]
) -> None:
    app = Numbered()
    *first, last = [ask_for(number) for number in numbers]
    closing = last[:-2] + b"Connection: close\r\n\r\n"
    answers = talk_raw(serve(app), b"".join(first) + closing)
    assert bodies(answers) == [b"%d" % number for number in numbers]
    assert answers.count(b"connection: close") == 1
    assert app.chosen == len(numbers)  # once a request, whoever carried it


def test_a_connection_may_ask_again_and_again(serve: Callable[..., str]) -> None:
    app = Numbered()
    host, _, port = serve(app).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        for number in (1, 2, 3, 4, 4, 1, 1):
            client.sendall(ask_for(number))
            assert bodies(client.recv(65536)) == [b"%d" % number]
    assert app.by_asgi == 3


def test_a_choice_that_fails_is_answered_500(
    serve: Callable[..., str], talk_raw: Callable[..., bytes]
) -> None:
    answer = talk_raw(serve(Numbered()), ask_for("fails", b"Connection: close"))
    assert answer.startswith(b"HTTP/1.1 500 ")


def test_a_redirect_that_fails_leaves_the_answer_to_the_choice(
    serve: Callable[..., str], talk_raw: Callable[..., bytes]
) -> None:
    answer = talk_raw(serve(Numbered()), ask_for("breaks", b"Connection: close"))
    assert bodies(answer) == [b"1"]


def test_only_an_ordinary_request_by_itself_is_redirected_unseen(
    serve: Callable[..., str], talk_raw: Callable[..., bytes]
) -> None:
    """Whatever is too large, has two hosts, ends the connection or is one of many is chosen for."""
    origin = serve(Numbered())
    plain = ask_for("quick")
    last = ask_for("quick", b"Connection: close")
    chosen = {
        last: b"200",
        last.replace(b"GET", b"HEAD", 1): b"200",
        ask_for("quick", b"Host: b", b"Connection: close"): b"200",
        last.replace(b"HTTP/1.1", b"HTTP/1.0"): b"200",
        plain.replace(b"\r\n", b"\n"): b"400",
    }
    for head, status in chosen.items():
        assert talk_raw(origin, head).startswith(b"HTTP/1.1 " + status), head
    host, _, port = origin.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        for head, status in (
            (plain, b"302"),
            (ask_for("quick", *[b"A: b"] * 80), b"200"),
            (ask_for("quick", b"A: " + b"b" * 5_000), b"200"),
            (plain, b"302"),
        ):
            client.sendall(head)
            assert client.recv(65536).startswith(b"HTTP/1.1 " + status), head
    assert bodies(talk_raw(origin, plain + last)) == [b"1", b"1"]


def test_an_idle_connection_is_closed_and_a_busy_one_is_not(
    serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway.server.serving, "KEEP_ALIVE_SECONDS", 0.4)
    host, _, port = serve(Numbered()).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        started = time.monotonic()
        for number in (1, 1, 2, 1, 1, 2):
            client.sendall(ask_for(number))
            assert client.recv(65536)
            threading.Event().wait(0.15)
        assert time.monotonic() - started > 0.6
        assert client.recv(65536) == b""


def test_a_client_that_does_not_read_is_waited_for(serve: Callable[..., str]) -> None:
    """Its answers stay in their order and none is lost, though far more is asked than fits."""
    host, _, port = serve(Numbered()).removeprefix("http://").partition(":")
    asked = 40_000
    with socket.create_connection((host, int(port)), timeout=20) as client:
        everything = b"".join(ask_for(2 * n + 1) for n in range(asked))
        sending = threading.Thread(target=client.sendall, args=(everything,))
        sending.start()
        threading.Event().wait(0.3)
        received, last = bytearray(), b"%d\n" % (2 * asked - 1)
        while not received.endswith(last):
            received += client.recv(1 << 20)
        sending.join()
    assert bodies(bytes(received)) == [b"%d" % (2 * n + 1) for n in range(asked)]


def test_a_header_field_with_a_line_break_is_never_sent() -> None:
    with pytest.raises(ValueError, match="line break"):
        field_lines([(b"location", b"/a\r\nset-cookie: x=1")])


def test_what_was_answered_goes_out_before_what_was_refused(
    serve: Callable[..., str], talk_raw: Callable[..., bytes]
) -> None:
    origin = serve(Numbered())
    for odd in (b"\x16\x03\x01 \r\n\r\n", b"GET /3 HTTP/1.1\r\nbad field\r\n\r\n"):
        answers = talk_raw(origin, ask_for(1) + ask_for(3) + odd)
        assert bodies(answers) == [b"1", b"3"]
        assert answers.rpartition(b"HTTP/1.1 ")[2].startswith(b"400 ")


def test_whoever_has_said_everything_is_answered(serve: Callable[..., str]) -> None:
    host, _, port = serve(Numbered()).removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as client:
        client.sendall(ask_for(1))
        client.shutdown(socket.SHUT_WR)
        assert bodies(client.recv(65536)) == [b"1"]
