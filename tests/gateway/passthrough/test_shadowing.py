"""Shadow mode: the next server is asked after the caller has its answer, and only compared."""

from __future__ import annotations

import asyncio
import gzip
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.shadow import ShadowSpool
from gateway.comparing.reply import Difference, Part
from gateway.metrics import Metrics
from gateway.passthrough.comparing_apart import place_of
from gateway.passthrough.proxy import Passthrough
from gateway.passthrough.shadowing import LARGEST_BODY, MOST_WAITING, Shadowing
from redirects.route import ApiRoute, Shadow, Upstream
from tests.gateway.passthrough.recorder import PORTAL, Recorder


class Watched:
    """A gateway with a shadow, and what it counted."""

    def __init__(self, directory: Path) -> None:
        self.metrics = Metrics()
        self.spool = ShadowSpool(directory)
        self.directory = directory
        self.chance = 0.0
        self.url = ""
        self.passthrough: Passthrough | None = None

    def app(self, route: ApiRoute) -> ASGIApp:
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                shadowing = Shadowing(self.spool, self.metrics, chance=lambda: self.chance)
                self.passthrough = Passthrough(PORTAL, self.metrics, shadowing=shadowing)
                while (message := await receive())["type"] != "lifespan.shutdown":
                    await send({"type": f"{message['type']}.complete"})
                await self.passthrough.close()
                await send({"type": "lifespan.shutdown.complete"})
                return
            assert self.passthrough is not None
            await self.passthrough.to(route)(scope, receive, send)

        return app

    def outcomes(self) -> dict[str, int]:
        found = {}
        for family in self.metrics.registry.collect():
            for sample in family.samples:
                if sample.name == "hopnhat_shadow_calls_total":
                    found[sample.labels["outcome"]] = int(sample.value)
        return found

    def wait(self, **wanted: int) -> None:
        """Wait until the calls had these outcomes."""
        for _ in range(600):
            if self.outcomes() == wanted:
                return
            threading.Event().wait(0.01)
        raise AssertionError(self.outcomes())

    def places(self) -> list[tuple[str, str, str]]:
        self.spool.flush()
        lines = [
            httpx.Response(200, content=line).json()
            for path in self.directory.glob("*.jsonl")
            for line in path.read_bytes().splitlines()
        ]
        return sorted(
            (part, place, sample) for _, part, place, _, sample, _ in lines if part != "outcome"
        )


Watch = Callable[..., Watched]


@pytest.fixture
def watch(serve: Callable[[ASGIApp], str], tmp_path: Path) -> Watch:
    """Serve a gateway whose one route has a shadow."""

    def start(
        old: str, new: str, *, share: float = 0.5, ignore: str | None = None, timeout: float = 5
    ) -> Watched:
        watched = Watched(tmp_path / "shadow")
        shadow = Shadow(new, share, ignore)
        route = ApiRoute("api", "old.test", "/*", (Upstream(old),), timeout=timeout, shadow=shadow)
        watched.url = serve(watched.app(route))
        return watched

    return start


def answer(body: bytes, *lines: bytes) -> bytes:
    head = b"\r\n".join((b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *lines))
    return head + b"\r\n\r\n" + body


def test_the_caller_gets_the_old_answer_and_the_new_server_the_same_question(
    upstream: Callable[..., str], watch: Watch
) -> None:
    old, new = Recorder(answer(b'{"x":1}')), Recorder(answer(b'{"x":2}'))
    watched = watch(upstream(old), upstream(new))
    got = httpx.get(f"{watched.url}/a%2Fb?q=1", headers={"host": "old.test", "x-key": "k"})
    assert got.content == b'{"x":1}'
    watched.wait(different=1)
    assert new.heads == old.heads
    assert b"GET /a%2Fb?q=1 HTTP/1.1\r\nhost: old.test" in new.heads[0]
    assert watched.places() == [("body", "$.x", "/a%2Fb")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (answer(b'{"x": 1, "y": 2}'), answer(b'{"y":2,"x":1.0}')),
        (
            answer(gzip.compress(b"[1]", 1, mtime=0), b"Content-Encoding: gzip"),
            answer(gzip.compress(b"[ 1 ]", 9, mtime=0), b"Content-Encoding: gzip"),
        ),
        (answer(b"\x01", b"Content-Encoding: br"), answer(b"\x01", b"Content-Encoding: br")),
    ],
)
def test_answers_that_say_the_same_are_the_same(
    upstream: Callable[..., str], watch: Watch, old: bytes, new: bytes
) -> None:
    watched = watch(upstream(Recorder(old)), upstream(Recorder(new)))
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1)
    assert watched.places() == []


def test_each_server_s_own_name_is_no_difference(
    upstream: Callable[..., str], watch: Watch
) -> None:
    servers = [Recorder(b""), Recorder(b"")]
    origins = [upstream(server) for server in servers]
    for server, origin in zip(servers, origins, strict=True):
        server._answer = (
            b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s/moi\r\n\r\n" % origin.encode()
        )
    watched = watch(*origins)
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1)


@pytest.mark.parametrize(
    ("method", "headers", "chance"),
    [
        ("POST", {}, 0.0),
        ("PUT", {}, 0.0),
        ("GET", {"if-none-match": '"a"'}, 0.0),
        ("GET", {"range": "bytes=0-1"}, 0.0),
        ("GET", {}, 0.5),
    ],
)
def test_only_a_share_of_safe_calls_is_asked_again(
    upstream: Callable[..., str], watch: Watch, method: str, headers: dict[str, str], chance: float
) -> None:
    new = Recorder(answer(b""))
    watched = watch(upstream(Recorder(answer(b"a"))), upstream(new))
    watched.chance = chance
    httpx.request(method, f"{watched.url}/a", headers=headers)
    watched.chance = 0.0
    httpx.get(f"{watched.url}/last")
    watched.wait(different=1)
    assert [head.split()[1] for head in new.heads] == [b"/last"]


async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await reader.read()


def test_a_new_server_that_is_silent_or_not_there_holds_nobody_up(
    upstream: Callable[..., str], watch: Watch
) -> None:
    old = upstream(Recorder(answer(b"a")))
    for new in (upstream(silent), "http://127.0.0.1:1"):
        watched = watch(old, new, timeout=0.3)
        assert httpx.get(f"{watched.url}/a").content == b"a"
        watched.wait(unanswered=1)


def test_what_is_too_much_is_dropped_and_counted(
    upstream: Callable[..., str], watch: Watch
) -> None:
    watched = watch(upstream(Recorder(answer(b"a"))), upstream(silent), timeout=60)
    with httpx.Client(base_url=watched.url) as client:
        for _ in range(MOST_WAITING + 10):
            assert client.get("/a").content == b"a"
    watched.wait(dropped=10 - 4)  # four are being asked, and stopped with the gateway


def test_a_long_answer_is_not_compared(upstream: Callable[..., str], watch: Watch) -> None:
    short, long = answer(b"a"), answer(b"a" * (LARGEST_BODY + 1))
    watched = watch(upstream(Recorder(short)), upstream(Recorder(long)))
    httpx.get(f"{watched.url}/a")
    watched.wait(**{"too-long": 1})
    new = Recorder(short)
    watched = watch(upstream(Recorder(long)), upstream(new))
    assert len(httpx.get(f"{watched.url}/a").content) == LARGEST_BODY + 1
    assert watched.outcomes() == {}
    assert new.heads == []


def test_a_new_server_that_closes_kept_connections_is_asked_once_more(
    upstream: Callable[..., str], watch: Watch
) -> None:
    class Closing(Recorder):
        async def __call__(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            self.heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(self._answer)
            await writer.drain()
            await reader.readuntil(b"\r\n\r\n")  # the next one gets no answer

    new = Closing(answer(b"a"))
    watched = watch(upstream(Recorder(answer(b"a"))), upstream(new))
    for number in (1, 2):
        httpx.get(f"{watched.url}/a")
        watched.wait(same=number)
    assert len(new.heads) == 2


def test_rules_say_what_may_differ_and_are_followed_as_they_change(
    upstream: Callable[..., str], watch: Watch, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('json = ["$.x"]\n')
    os.utime(rules, ns=(1, 1))
    old, new = upstream(Recorder(answer(b'{"x":1}'))), upstream(Recorder(answer(b'{"x":2}')))
    watched = watch(old, new, ignore=str(rules))
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1)
    rules.write_text("")
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1, different=1)
    rules.write_text("not rules")
    os.utime(rules, ns=(2, 2))
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1, different=1, **{"no-rules": 1})
    rules.unlink()
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1, different=1, **{"no-rules": 2})


def test_comparing_that_ends_or_takes_too_long_is_counted_and_begun_anew(
    upstream: Callable[..., str], watch: Watch
) -> None:
    watched = watch(upstream(Recorder(answer(b"[1]"))), upstream(Recorder(answer(b"[ 1 ]"))))
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1)
    assert watched.passthrough is not None
    assert watched.passthrough._shadowing is not None
    apart = watched.passthrough._shadowing._apart
    first = apart._child
    assert first is not None
    os.kill(first.pid or 0, signal.SIGSTOP)  # it hangs
    apart._seconds = 0.2
    httpx.get(f"{watched.url}/a")
    watched.wait(same=1, failed=1)
    assert first.exitcode == -signal.SIGKILL
    apart._seconds = 20.0
    httpx.get(f"{watched.url}/a")
    watched.wait(same=2, failed=1)


def test_a_call_names_no_citizen_s_file_in_what_is_kept(
    upstream: Callable[..., str], watch: Watch
) -> None:
    old, new = (upstream(Recorder(answer(body))) for body in (b'{"a b":1}', b'{"a b":"Nguyen"}'))
    watched = watch(old, new)
    httpx.get(f"{watched.url}/ho-so/000.00.19.H47-260105-0001?ten=Nguyen")
    watched.wait(different=1)
    assert watched.places() == [("body", "$[*]", "/ho-so/~")]


@pytest.mark.parametrize(
    ("difference", "place"),
    [
        (Difference(Part.STATUS, "status", "200", "404"), ("status", "200 -> 404")),
        (Difference(Part.HEADER, "vary", "a", "b"), ("header", "vary")),
        (Difference(Part.BODY, "$.rows[17].id", "1", "2"), ("body", "$.rows[*].id")),
        (Difference(Part.BODY, "/a/b[2]/@c", "1", None), ("body", "/a/b[*]/@c")),
    ],
)
def test_a_place_is_told_without_what_stood_there(
    difference: Difference, place: tuple[str, str]
) -> None:
    assert place_of(difference) == place


def test_the_next_server_never_makes_an_answer_wait(
    upstream: Callable[..., str], watch: Watch
) -> None:
    """The caller's answer is whole before the new server hears of the call."""
    order: list[str] = []

    class Noting(Recorder):
        async def __call__(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            order.append("asked")
            await super().__call__(reader, writer)

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na")
        await writer.drain()
        await asyncio.sleep(0.2)
        order.append("ends")
        writer.write(b"b")
        await writer.drain()
        await reader.read()

    watched = watch(upstream(slow), upstream(Noting(answer(b"ab"))))
    assert httpx.get(f"{watched.url}/a").content == b"ab"
    watched.wait(same=1)
    assert order == ["ends", "asked"]
