"""The settings file is saved again and again under load: no caller is failed by it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from gateway.app import create_site
from gateway.settings.whole import load_settings
from tests.journeys import upstreams

pytestmark = pytest.mark.drill
CALLERS = 8
CHANGES = 12
FILE = """
[portal]
hosts = ["haiphong.test"]

[serve]
poll = 0.05

[[route]]
name = "api"
host = "127.0.0.1"
path = "/api/*"
upstream = "{origin}"
timeout = {timeout}

[route.rewrite]
answer = ["set X-Lan={timeout}"]
"""


def test_no_caller_is_failed_while_routes_change(
    town: Any, serve: Callable[..., str], tmp_path: Path
) -> None:
    folder = tmp_path / "nginx"
    folder.mkdir()
    with upstreams.nginx(folder) as upstream:
        path = tmp_path / "hopnhat.toml"

        def save(timeout: int) -> None:
            beside = path.with_suffix(".new")
            beside.write_text(FILE.format(origin=upstream, timeout=timeout), encoding="utf-8")
            beside.replace(path)

        save(10)
        settings = load_settings(path).model_copy(update={"data": town.settings.data})
        origin = serve(create_site(settings, path), town.listening)
        seen: list[tuple[int, int, str]] = []
        done = threading.Event()

        def call() -> None:
            with httpx.Client(trust_env=False) as client:
                while not done.is_set():
                    answer = client.get(f"{origin}/api/bang.csv")
                    lot = answer.headers.get("x-lan", "")
                    seen.append((answer.status_code, len(answer.content), lot))

        with ThreadPoolExecutor(CALLERS) as pool:
            callers = [pool.submit(call) for _ in range(CALLERS)]
            for change in range(11, 11 + CHANGES):
                save(change)
                deadline = time.monotonic() + 20
                while not seen or seen[-1][2] != str(change):
                    assert time.monotonic() < deadline, (change, seen[-3:])
                    time.sleep(0.02)
            done.set()
            for caller in callers:
                caller.result(30)

    assert {(status, size) for status, size, _ in seen} == {(200, len(upstreams.TABLE))}
    assert {int(lot) for _, _, lot in seen} >= set(range(11, 11 + CHANGES))
