"""143 published cases of smuggling and malformed HTTP against the real site on a real socket."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.serving import DoorProtocol

pytestmark = pytest.mark.drill

CASES = Path(__file__).resolve().parents[2].parent / "shared/data/security/http11probe.json"
ACCEPTED = {
    "MAL-NON-ASCII-URL": "old links carry raw UTF-8: it is encoded, not refused",
    "MAL-URL-OVERLONG-UTF8": "raw bytes are encoded; no decoded path is ever routed on",
    **dict.fromkeys(
        ("COMP-POST-CL-UNDERSEND", "COMP-CHUNKED-NO-FINAL", "MAL-POST-CL-HUGE-NO-BODY"),
        "405 needs no body: it is answered before the body has come",
    ),
}


def ask(port: int, raw: str) -> str:
    """Return the status of the answer, "closed", or "timeout"."""
    with socket.create_connection(("127.0.0.1", port), timeout=1.0) as client:
        try:
            client.sendall(raw.replace("@@HOST@@", f"127.0.0.1:{port}").encode("latin-1"))
            answer = client.recv(65536)
        except TimeoutError:
            return "timeout"
        except (ConnectionResetError, BrokenPipeError):
            return "closed"
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    status = found[1].decode() if found else "closed"
    # The site has no such page or takes no POST there: the request itself was let in.
    return "200" if status in {"404", "405"} else status


def test_no_published_case_of_smuggling_gets_through(
    town: Any, open_town: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not CASES.exists():
        pytest.skip(f"{CASES} is not here")
    monkeypatch.setattr(DoorProtocol, "head_seconds", 0.3)
    open_town(town)
    port = town.listening.getsockname()[1]
    failed = []
    for case in json.loads(CASES.read_text()):
        wants_a_page = "2" in (case["expected"] or "") and case["expected"][0] in "2R"
        if wants_a_page or not (case.get("raw") and case["scored"] and case["verdict"]):
            continue
        got = ask(port, case["raw"])
        if case["verdict"].get(got) == "fail" and case["id"] not in ACCEPTED:
            failed.append((case["id"], got, case["expected"]))
    assert not failed
    assert ask(port, "GET / HTTP/1.1\r\nHost: @@HOST@@\r\n\r\n") == "200"
