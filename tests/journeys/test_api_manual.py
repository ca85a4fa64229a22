"""Every call that docs/api.md shows, run by the real curl against the demo's own set-up."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalogue.database import open_database
from catalogue.sites import Sites
from demo.server import serve as serve_old
from demo.world import build_world
from gateway.app import create_site
from gateway.demo_settings import DemoPorts, demo_settings
from gateway.settings.whole import load_settings
from tests.gateway.conftest import listen

MANUAL = Path(__file__).resolve().parents[2] / "docs" / "api.md"
CURL = shutil.which("curl")
SHOWN = re.compile(r"```console\n\$ (curl .+)\n((?:.+\n)+?)```")
CALLS = SHOWN.findall(MANUAL.read_text(encoding="utf-8"))

pytestmark = pytest.mark.skipif(CURL is None, reason="needs curl")


@pytest.fixture
def port(tmp_path: Path, blank_catalogue: Path, serve: Callable[..., str]) -> Iterator[int]:
    """Serve the demo as it is before anything was crawled: its APIs need nothing more."""
    world = build_world()
    listening = listen()
    port: int = listening.getsockname()[1]
    with serve_old(world) as old:
        written = demo_settings(world, DemoPorts(site=port, console=1, old=old.port))
        (tmp_path / "hopnhat.toml").write_text(written, encoding="utf-8")
        settings = load_settings(tmp_path / "hopnhat.toml")
        shutil.copy(blank_catalogue, tmp_path / "catalogue.db")
        database = open_database(settings.database_url)
        with database.writing() as connection:
            for site in settings.sites():
                Sites(connection).keep(site)
        database.close()
        serve(create_site(settings), listening)
        yield port


def expected(shown: str) -> re.Pattern[str]:
    """Read what is shown: "…" stands for anything left out."""
    return re.compile(".*".join(map(re.escape, shown.strip().split("…"))), re.DOTALL)


def test_every_call_of_the_manual_answers_as_shown(port: int) -> None:
    assert len(CALLS) == MANUAL.read_text(encoding="utf-8").count("$ curl") >= 6
    assert CURL is not None
    for call, shown in CALLS:
        command = [CURL, "-q", "-sS", "--noproxy", "*", "--connect-to", f"::127.0.0.1:{port}"]
        command += shlex.split(call)[1:]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
        assert expected(shown).fullmatch(done.stdout.strip()), (call, done.stdout)
