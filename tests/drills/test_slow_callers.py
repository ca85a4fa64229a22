"""Hundreds of callers who are slow on purpose (slowhttptest): everybody else is still served."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.types import Receive, Scope, Send

from gateway.app import create_site
from gateway.settings.routes import RouteSettings

pytestmark = pytest.mark.drill

PROGRAM = shutil.which("slowhttptest")
SECONDS = 8
CALLERS = 300
COMMON = f"-c {CALLERS} -r 150 -l {SECONDS} -i 2 -p 3".split()
PATIENCE = 3.0  # seconds within which an ordinary caller is answered on a busy machine
MODES = {
    "slow heads": ["/", "-H"],
    "slow bodies": ["/nhan/ho-so", "-B", "-s", "8192"],
    "slow readers": ["/", "-X", "-k", "3", "-w", "10", "-y", "20", "-n", "2", "-z", "5"],
}


async def hear_out(scope: Scope, receive: Receive, send: Send) -> None:
    """Be an upstream that hears a whole body before it answers."""
    if scope["type"] == "lifespan":
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.skipif(PROGRAM is None, reason="needs slowhttptest: scripts/test_setup.sh installs it")
@pytest.mark.parametrize("mode", MODES)
def test_slow_callers_keep_nobody_from_being_served(
    town: Any, serve: Callable[..., str], tmp_path: Path, mode: str
) -> None:
    upstream = serve(hear_out)
    route = RouteSettings(name="nhan", host="127.0.0.1", path="/nhan/*", upstream=upstream)
    settings = town.settings.model_copy(update={"route": (route,)})
    town.page("http://www.haiduong.localhost/tin/1", "Giá đất năm 2025", slug="gia-dat")
    serve(create_site(settings), town.listening, stall=2.0)
    origin = f"http://127.0.0.1:{town.listening.getsockname()[1]}"
    assert PROGRAM is not None
    path, *switches = MODES[mode]
    report_to = ["-g", "-o", str(tmp_path / "seen")]
    command = [PROGRAM, *switches, *COMMON, *report_to, "-u", origin + path]
    slowest, asked = 0.0, 0
    with (
        (tmp_path / "output").open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output) as attack,
    ):
        while attack.poll() is None:
            began = time.monotonic()
            answer = httpx.get(
                f"{origin}/tin/1", headers={"host": "www.haiduong.localhost"}, trust_env=False
            )
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status_code == 301
            asked += 1
            time.sleep(0.1)
            assert asked < 40 * SECONDS, "the attack never ended"
    report = (tmp_path / "seen.csv").read_text().splitlines()
    assert asked > SECONDS  # somebody asked all the while
    assert slowest < PATIENCE
    # The attacker's own count and probe: seconds, closed, pending, connected, available.
    rows = [[int(cell) for cell in line.split(",")] for line in report[1:] if line]
    assert max(closed + connected for _, closed, _, connected, _ in rows) > CALLERS / 2
    assert all(available for *_, available in rows[1:]), report
