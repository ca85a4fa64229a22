"""A replay asks two real servers the same and tells what differs."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import Result
from starlette.types import ASGIApp, Receive, Scope, Send
from typer.testing import CliRunner

from gateway.cli.main import app
from gateway.replaying.asking import MOST_KEPT
from gateway.replaying.call import RecordedCall
from gateway.replaying.recordings import write_own
from gateway.replaying.replay import Pace


@dataclass
class Answering:
    """A server that answers JSON by its path, and remembers what it was asked."""

    answers: dict[str, bytes]
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    asked: list[tuple[str, bytes, dict[bytes, bytes]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    missing: str = "/404"
    under_way: int = 0
    most_under_way: int = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0.02)
        target = scope["extensions"]["hopnhat.target"]
        self.asked.append((scope["method"], target, dict(scope["headers"])))
        self.bodies.append((await receive()).get("body", b""))
        path = scope["path"]
        body = self.answers.get(path, b"[]")
        headers = [(b"content-type", b"application/json"), *self.headers]
        await send(
            {
                "type": "http.response.start",
                "status": 404 if path == self.missing else 200,
                "headers": headers,
            }
        )
        await send({"type": "http.response.body", "body": body})
        self.under_way -= 1


@dataclass
class Pair:
    old: Answering
    new: Answering
    old_url: str
    new_url: str
    file: Path

    def write(self, *calls: tuple[str, str], **headers: str) -> None:
        recorded = (
            RecordedCall("", method, "api.test", target.encode("latin-1"), tuple(headers.items()))
            for method, target in calls
        )
        self.file.write_bytes(b"".join(map(write_own, recorded)))

    def replay(self, *words: str) -> Result:
        return CliRunner().invoke(
            app,
            [
                "api",
                "replay",
                str(self.file),
                "--old",
                self.old_url,
                "--new",
                self.new_url,
                "--pace",
                "1000",
                *words,
            ],
        )


Build = Callable[[dict[str, bytes], dict[str, bytes]], Pair]


@pytest.fixture
def pair(serve: Callable[[ASGIApp], str], tmp_path: Path) -> Build:
    def build(old: dict[str, bytes], new: dict[str, bytes]) -> Pair:
        before, after = Answering(old), Answering(new)
        return Pair(before, after, serve(before), serve(after), tmp_path / "calls.jsonl")

    return build


def test_servers_that_say_the_same_are_told_so(pair: Build) -> None:
    both = pair({"/api/a": b'{"x": 1, "y": 2.0}'}, {"/api/a": b'{"y":2,"x":1}'})
    both.write(("GET", "/api/a"), ("HEAD", "/api/b"))
    result = both.replay()
    assert result.exit_code == 0, result.output
    assert "2 calls sent, 2 answered the same, 0 not" in result.stdout


def test_what_differs_is_told_by_its_place(pair: Build) -> None:
    both = pair({"/api/a": b'{"x": 1}'}, {"/api/a": b'{"x": 2}'})
    both.write(("GET", "/api/a?n=1"), ("GET", "/api/a?n=2"), ("GET", "/api/b"))
    result = both.replay("--json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["sent"], told["same"]) == (3, 1)
    assert told["places"] == [{"part": "body", "place": "$.x", "calls": 2}]
    assert told["different"][0] == {
        "at": "line 1",
        "call": "GET /api/a?n=1",
        "differences": [{"part": "body", "place": "$.x", "old": "1", "new": "2"}],
        "unanswered": {},
    }
    shown = both.replay()
    assert "body $.x: 2 calls" in shown.stdout
    assert "line 2: GET /api/a?n=2\n  body $.x: 1 -> 2" in shown.stdout


def test_both_are_asked_byte_for_byte_what_was_recorded(pair: Build) -> None:
    both = pair({}, {})
    target = "/api/a%2Fb|%7e/?x=%c4%91&;"
    both.write(
        ("GET", target),
        accept="text/x",
        cookie="a=1",
        **{"if-none-match": '"1"', "connection": "close"},
    )
    assert both.replay().exit_code == 0
    for server in (both.old, both.new):
        [(method, asked, headers)] = server.asked
        assert (method, asked) == ("GET", target.encode())
        assert headers[b"host"] == b"api.test"
        assert headers[b"accept"] == b"text/x"
        assert headers[b"cookie"] == b"a=1"
        assert headers[b"accept-encoding"] == b"identity"
        assert b"if-none-match" not in headers


def test_another_host_can_be_asked_for(pair: Build) -> None:
    both = pair({}, {})
    both.write(("GET", "/"))
    assert both.replay("--host", "khac.test").exit_code == 0
    assert both.new.asked[0][2][b"host"] == b"khac.test"


def test_only_safe_calls_are_sent_and_each_once(pair: Build) -> None:
    both = pair({}, {})
    both.write(("POST", "/api/a"), ("GET", "/api/a"), ("GET", "/api/a"), ("GET", "/khac"))
    result = both.replay("--json", "--path", "/api/")
    assert [method for method, _, _ in both.old.asked] == ["GET"]
    assert json.loads(result.stdout)["skipped"] == {
        "not safe to repeat": 1,
        "asked before": 1,
        "another path": 1,
    }


def test_calls_that_change_something_are_sent_only_when_asked_for(pair: Build) -> None:
    both = pair({}, {})
    both.file.write_text(
        json.dumps(
            {
                "log": {
                    "entries": [
                        {
                            "request": {
                                "method": "POST",
                                "url": "http://a.test/x",
                                "postData": {"text": "<a/>"},
                            }
                        }
                    ]
                }
            }
        )
    )
    assert both.replay().exit_code == 1  # nothing was compared
    assert both.new.asked == []
    assert both.replay("--unsafe").exit_code == 0
    assert both.new.bodies == [b"<a/>"]


def test_no_more_than_the_limit_are_sent_and_few_at_once(pair: Build) -> None:
    both = pair({}, {})
    both.write(*(("GET", f"/api/{number}") for number in range(30)))
    result = both.replay("--limit", "12", "--at-once", "3", "--json")
    assert json.loads(result.stdout)["sent"] == 12
    assert both.old.most_under_way <= 3


def test_ignore_rules_say_what_may_differ(pair: Build, tmp_path: Path) -> None:
    both = pair({"/api/a": b'{"x": 1, "luc": 5}'}, {"/api/a": b'{"x": 1, "luc": 6}'})
    both.new.headers.append((b"x-new", b"1"))
    both.write(("GET", "/api/a"))
    rules = tmp_path / "rules.toml"
    rules.write_text('json = ["$.luc"]\nheaders = ["X-New"]\n')
    assert both.replay().exit_code == 1
    assert both.replay("--ignore", str(rules)).exit_code == 0


def test_compressed_bodies_are_compared_by_what_they_hold(pair: Build) -> None:
    both = pair({"/a": gzip.compress(b"[1]", 1)}, {"/a": gzip.compress(b"[ 1 ]", 9)})
    for server in (both.old, both.new):
        server.headers.append((b"content-encoding", b"gzip"))
    both.write(("GET", "/a"))
    assert both.replay().exit_code == 0


def test_a_body_too_long_to_read_is_compared_by_length_and_digest(pair: Build) -> None:
    long = b" " * MOST_KEPT
    both = pair({"/a": long + b"1", "/b": long + b"1"}, {"/a": long + b"2", "/b": long + b"1"})
    both.write(("GET", "/a"), ("GET", "/b"))
    result = json.loads(both.replay("--json").stdout)
    assert [one["call"] for one in result["different"]] == ["GET /a"]
    assert result["different"][0]["differences"][0]["place"] == "bytes"


def test_fields_that_are_not_ascii_are_sent_as_they_were_recorded(pair: Build) -> None:
    both = pair({}, {})
    both.write(("GET", "/a"), **{"X-Ten": "Hải".encode().decode("latin-1")})
    assert both.replay().exit_code == 0
    assert both.new.asked[0][2][b"x-ten"] == "Hải".encode()
    both.write(("GET", "/b"), **{"X-Ten": "Hải"})  # as a browser's HAR has it
    assert both.replay("--host", "cổng.test").exit_code == 0
    assert both.new.asked[1][2][b"x-ten"] == "Hải".encode()
    both.write(("GET", "/c"), **{"X-Ten": "\ud800"})
    assert both.replay().exit_code == 0


def test_a_method_that_is_none_of_http_is_counted(pair: Build) -> None:
    both = pair({}, {})
    both.write(("GET", "/a"), ("GÉT", "/b"))
    result = both.replay("--unsafe")
    assert "1 calls could not be read" in result.stderr
    assert "1 calls sent, 1 answered the same" in result.stdout


def test_a_server_that_does_not_answer_is_named(pair: Build) -> None:
    both = pair({}, {})
    both.new_url = "http://127.0.0.1:1"
    both.write(("GET", "/a"))
    result = both.replay()
    assert result.exit_code == 1
    assert "unanswered new: 1 calls" in result.stdout
    assert "  new did not answer: ConnectError" in result.stdout


def test_no_call_gets_the_cookies_of_another(pair: Build) -> None:
    both = pair({}, {})
    both.old.headers.append((b"set-cookie", b"SID=1"))
    both.new.headers.append((b"set-cookie", b"SID=2"))
    both.write(("GET", "/a"), ("GET", "/b"))
    assert both.replay("--at-once", "1").exit_code == 0
    assert [b"cookie" in headers for _, _, headers in both.new.asked] == [False, False]


def test_an_answer_without_end_is_given_up(upstream: Callable[..., str], pair: Build) -> None:
    async def events(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"data: 1\n\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    both = pair({}, {})
    both.old_url = both.new_url = upstream(events)
    both.write(("GET", "/a"))
    result = both.replay("--timeout", "0.4")
    assert result.exit_code == 1
    assert "old did not answer: not done in 0.4 s" in result.stdout


def test_a_status_that_differs_is_told(pair: Build) -> None:
    both = pair({}, {})
    both.write(("GET", "/404"))
    assert both.replay().exit_code == 0
    both.new.missing = ""
    result = both.replay()
    assert result.exit_code == 1
    assert "  status status: 404 -> 200" in result.stdout


def test_a_citizen_s_file_is_not_shown(pair: Build) -> None:
    both = pair({}, {"/ho-so/000.00.19.H47-260105-0001": b"1"})
    both.write(("GET", "/ho-so/000.00.19.H47-260105-0001"))
    result = both.replay()
    assert "GET /ho-so/~" in result.stdout
    assert "260105" not in result.stdout


@pytest.mark.parametrize("url", ["ftp://a.test", "http://a.test/x", "a.test"])
def test_what_is_no_origin_is_a_wrong_use(pair: Build, url: str) -> None:
    both = pair({}, {})
    both.write(("GET", "/"))
    both.old_url = url
    assert both.replay().exit_code == 2


def test_lines_that_cannot_be_read_are_counted(pair: Build) -> None:
    both = pair({}, {})
    both.write(("GET", "/"))
    with both.file.open("ab") as file:
        file.write(b"rubbish\n")
    result = both.replay()
    assert result.exit_code == 0
    assert "1 calls could not be read" in result.stderr


def test_calls_start_at_their_pace() -> None:
    now, slept = 10.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(round(seconds, 3))
        now += seconds

    async def run() -> None:
        nonlocal now
        pace = Pace(4, lambda: now, sleep)
        for _ in range(3):
            await pace.wait()
        now += 5.0  # a long rest is not made up for
        await pace.wait()
        await pace.wait()

    asyncio.run(run())
    assert slept == [0.25, 0.25, 0.25]
