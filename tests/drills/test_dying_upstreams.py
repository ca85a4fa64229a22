"""An upstream goes away under load and comes back: callers who only read never notice."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from gateway.app import create_site
from gateway.settings.route_parts import HealthSettings, UpstreamSettings
from gateway.settings.routes import RouteSettings
from tests.journeys import upstreams

pytestmark = pytest.mark.drill
CALLERS = 8
ANSWERS = 400


def test_no_reader_notices_that_one_of_two_servers_was_taken_away_and_brought_back(
    town: Any, serve: Callable[..., str], tmp_path: Path
) -> None:
    for name in ("mot", "hai"):
        (tmp_path / name / "files" / "api").mkdir(parents=True)
        (tmp_path / name / "files" / "api" / "ai.txt").write_text(name)
    with ExitStack() as staying, ExitStack() as going:
        stays = staying.enter_context(upstreams.nginx(tmp_path / "mot"))
        goes = going.enter_context(upstreams.nginx(tmp_path / "hai"))
        route = RouteSettings(
            name="api",
            host="127.0.0.1",
            path="/api/*",
            upstreams=(UpstreamSettings(origin=stays), UpstreamSettings(origin=goes)),
            health=HealthSettings(failures=3, cooling=0.5),
        )
        settings = town.settings.model_copy(update={"route": (route,)})
        origin = serve(create_site(settings), town.listening)
        seen: list[tuple[int, str]] = []
        done = threading.Event()

        def read() -> None:
            with httpx.Client(trust_env=False) as client:
                while not done.is_set():
                    answer = client.get(f"{origin}/api/ai.txt")
                    seen.append((answer.status_code, answer.text))

        def next_answers() -> Counter[tuple[int, str]]:
            begun, deadline = len(seen), time.monotonic() + 60
            while len(seen) < begun + ANSWERS:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            return Counter(seen[begun:])

        with ThreadPoolExecutor(CALLERS) as pool:
            readers = [pool.submit(read) for _ in range(CALLERS)]
            both = next_answers()
            going.close()
            taken_away = next_answers()
            going.enter_context(upstreams.nginx(tmp_path / "hai", int(goes.rpartition(":")[2])))
            time.sleep(1)  # its cooling is over
            again = next_answers()
            done.set()
            for reader in readers:
                reader.result(30)

    assert set(both) == set(again) == {(200, "mot"), (200, "hai")}
    assert both[200, "hai"] == pytest.approx(both[200, "mot"], rel=0.2)
    assert again[200, "hai"] == pytest.approx(again[200, "mot"], rel=0.2)
    assert taken_away[200, "mot"] > 10 * taken_away[200, "hai"]
    assert {status for status, _ in seen} == {200}
