"""Published cases of smuggling and malformed HTTP, on a real socket: on the site, and on an API.

The suite is http11probe. Every case whose bytes and verdicts it states is sent, scored or not; on
the API, whose upstream answers everything with 200, also those that ask for a page of ours.
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.app import create_site
from gateway.server.serving import DoorProtocol
from gateway.settings.routes import RouteSettings

pytestmark = pytest.mark.drill

CASES = Path(__file__).resolve().parents[3].parent / "shared/data/security/http11probe.json"
LEFT_TO_LINKS = {
    "MAL-NON-ASCII-URL": "old links carry raw UTF-8: it is encoded, not refused",
    "MAL-URL-OVERLONG-UTF8": "raw bytes are encoded; no decoded path is ever routed on",
}
SAID_OTHERWISE = {
    # The site has no such page or takes no POST there: the request itself was let in.
    "404": "200",
    "405": "200",
    # The suite knows waiting without end; we end it and say so.
    "408": "timeout",
}
ACCEPTED = {
    "site": LEFT_TO_LINKS
    | dict.fromkeys(
        ("COMP-POST-CL-UNDERSEND", "COMP-CHUNKED-NO-FINAL", "MAL-POST-CL-HUGE-NO-BODY"),
        "405 needs no body: it is answered before the body has come",
    ),
    "api": LEFT_TO_LINKS,
}


def ask(port: int, raw: str, *, until_closed: bool = False) -> str:
    """Return the status of the answer, "closed", or "timeout"; "200c" is 200 and closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=1.0) as client:
        try:
            client.sendall(raw.replace("@@HOST@@", f"127.0.0.1:{port}").encode("latin-1"))
            answer = client.recv(65536)
            while answer.startswith(b"HTTP/1.1 1") and b"\r\n\r\nHTTP/1.1 " not in answer:
                answer += client.recv(65536)
        except TimeoutError:
            return "timeout"
        except (ConnectionResetError, BrokenPipeError):
            return "closed"
        found = re.match(rb"(?:HTTP/1\.1 100 .*?\r\n\r\n)?HTTP/1\.1 (\d{3}) ", answer, re.DOTALL)
        status = SAID_OTHERWISE.get(found[1].decode(), found[1].decode()) if found else "closed"
        return f"{status}c" if until_closed and is_closed(client) else status


def is_closed(client: socket.socket) -> bool:
    try:
        while client.recv(65536):
            pass
    except TimeoutError:
        return False
    return True


async def agree(scope: Scope, receive: Receive, send: Send) -> None:
    """Be an upstream that hears everything out and finds it good."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive()).get("more_body", False):
        pass
    headers = [(b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body"})


def cases_for(asked: str) -> list[dict[str, Any]]:
    """Return the cases with bytes and verdicts; the site has no page for some that want one."""
    if not CASES.exists():
        pytest.skip(f"{CASES} is not here")
    judged = [
        case for case in json.loads(CASES.read_text()) if case.get("raw") and case.get("verdict")
    ]
    wants_a_page = re.compile(r"(2|Range2)")
    return [case for case in judged if asked == "api" or not wants_a_page.match(case["expected"])]


def sequences() -> list[dict[str, Any]]:
    """Return the cases of several requests; they begin with one that nobody may let in."""
    cases = json.loads(CASES.read_text())
    return [case for case in cases if case.get("steps") and case["expected"].startswith("400, or")]


@pytest.mark.parametrize("asked", ["site", "api"])
def test_no_published_case_of_smuggling_gets_through(
    town: Any, serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    cases = cases_for(asked)
    monkeypatch.setattr(DoorProtocol, "head_seconds", 0.3)
    routes: tuple[RouteSettings, ...] = ()
    if asked == "api":
        upstream = serve(agree)
        routes = (RouteSettings(name="all", host="127.0.0.1", path="/*", upstream=upstream),)
    settings = town.settings.model_copy(update={"route": routes})
    serve(create_site(settings), town.listening, stall=0.3)
    port = town.listening.getsockname()[1]
    failed = {}
    for case in cases:
        verdict = case["verdict"]
        got = ask(port, case["raw"], until_closed="200c" in verdict)
        if verdict.get(got, verdict.get(got.removesuffix("c"), "fail")) == "fail":
            failed[case["id"]] = (got, case["expected"])
    let_in = {case["id"]: ask(port, case["steps"][0]["raw"]) for case in sequences()}
    assert set(let_in.values()) <= {"400", "closed"}, let_in
    assert len(cases) + len(let_in) > 150
    assert failed.keys() == ACCEPTED[asked].keys(), failed
    assert ask(port, "GET / HTTP/1.1\r\nHost: @@HOST@@\r\n\r\n") == "200"
