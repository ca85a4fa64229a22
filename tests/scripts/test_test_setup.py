"""The test set-up: quick when all is there, plain about what is not, never a failure."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "test_setup.sh"
BASH = shutil.which("bash")
PROGRAMS = ("chromium", "nginx", "apache2", "caddy", "haproxy", "initdb", "slowhttptest")


def run(path: Path, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run the script where only these programs are in PATH, each printing its text."""
    for name, text in programs.items():
        program = path / name.replace("_", "-")
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    assert BASH is not None
    return subprocess.run(
        [BASH, SCRIPT],
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_nothing_is_done_where_everything_is_there(tmp_path: Path) -> None:
    done = run(tmp_path, **dict.fromkeys(PROGRAMS, "exit 1"))
    assert (done.returncode, done.stderr) == (0, "")
    assert (
        done.stdout
        == "test set-up: chromium, PostgreSQL, slowhttptest and four web servers are here\n"
    )


def test_who_may_not_install_is_told_what_is_skipped(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 1000", initdb="exit 1", nginx="exit 1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "no chromium; skipped without it: the browser journeys" in done.stdout
    assert "as root on Debian" in done.stdout
    assert "no nginx" not in done.stdout


def test_a_machine_without_apt_is_told_the_same(tmp_path: Path) -> None:
    done = run(tmp_path, id="echo 0", initdb="exit 1", nginx="exit 1")
    assert (done.returncode, "no chromium" in done.stdout) == (0, True)


@pytest.mark.parametrize("place", ["http://", "https://", "deb.debian.org"])
def test_the_script_names_no_place_to_fetch_from(place: str) -> None:
    assert place not in SCRIPT.read_text()
