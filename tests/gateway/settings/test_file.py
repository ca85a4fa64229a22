"""The settings file of sites that run: its routes and rules are live soon after it is saved."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from gateway.publishing import Ground
from gateway.settings.file import SettingsFile
from gateway.settings.whole import load_settings
from tests.gateway.passthrough.recorder import HELLO, Recorder

HEAD = """
[portal]
url = "http://haiphong.test"
hosts = ["haiphong.test", "127.0.0.1"]

[[site]]
name = "haiduong"
title = "Hải Dương"
host = "haiduong.test"
"""
ROUTE = '\n[[route]]\nname = "api"\nhost = "haiduong.test"\npath = "/api/*"\nupstream = "{}"\n'
RULE = '\n[[rule]]\nname = "cu"\nsite = "haiduong"\npattern = "/cu/*"\ntarget = "/moi"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "hopnhat.toml"
    path.write_text(HEAD, encoding="utf-8")
    return path


def looked_at_twice(file: SettingsFile) -> Ground | None:
    """Look as a heartbeat does; a change is taken once it has stayed for one beat."""
    assert file.changed() is None
    return file.changed()


def test_routes_and_rules_follow_the_file(path: Path) -> None:
    file = SettingsFile(path, load_settings(path))
    assert looked_at_twice(file) is None
    path.write_text(HEAD + ROUTE.format("http://10.0.0.5") + RULE, encoding="utf-8")
    ground = looked_at_twice(file)
    assert ground is not None
    assert [route.name for route in ground.routes] == ["api"]
    assert [rule.name for rule in ground.rules] == ["cu"]
    assert (file.failure, file.waiting) == (None, ())
    assert looked_at_twice(file) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[route]\n", "not TOML"),
        ('[[route]]\nname = "api"\n', ":10: route.0.host is missing"),
        (
            ROUTE.format("http://haiduong.test"),
            ":15: route api: http://haiduong.test is answered by",
        ),
        (RULE.replace("haiduong", "khong-co"), "rule cu: no site is called khong-co"),
        (RULE.replace("/moi", "https://evil.example/"), "evil.example"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_is_told(
    path: Path, text: str, told: str
) -> None:
    file = SettingsFile(path, load_settings(path))
    path.write_text(HEAD + text, encoding="utf-8")
    assert looked_at_twice(file) is None
    assert file.failure is not None
    assert told in file.failure
    path.write_text(HEAD + RULE, encoding="utf-8")
    assert looked_at_twice(file) is not None
    assert file.failure is None


def test_a_file_that_is_gone_changes_nothing(path: Path) -> None:
    file = SettingsFile(path, load_settings(path))
    path.unlink()
    assert looked_at_twice(file) is None
    assert "no such file" in (file.failure or "")


def test_a_file_that_is_still_being_written_is_not_read(path: Path) -> None:
    whole = HEAD + ROUTE.format("http://10.0.0.5") + RULE
    file = SettingsFile(path, load_settings(path))
    for end in range(len(HEAD) + 10, len(whole), 40):
        path.write_text(whole[:end], encoding="utf-8")
        assert file.changed() is None
        assert file.failure is None
    path.write_text(whole, encoding="utf-8")
    assert looked_at_twice(file) is not None


def test_what_the_site_was_built_from_waits_for_a_restart(path: Path) -> None:
    file = SettingsFile(path, load_settings(path))
    path.write_text(HEAD.replace("Hải Dương", "HD") + "[serve]\nport = 1\n", encoding="utf-8")
    ground = looked_at_twice(file)
    assert ground is not None
    assert file.waiting == ("serve", "site")
    assert [site.title for site in ground.sites] == ["Hải Dương"]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def sites(path: Path) -> Iterator[list[str]]:
    """Run two sites on one settings file, each a process of its own; gives their origins."""
    command = [sys.executable, "-m", "gateway.cli", "-s", str(path)]
    subprocess.run([*command, "migrate"], check=True, capture_output=True)
    with ExitStack() as stack:
        ports = [free_port(), free_port()]
        for port in ports:
            process = subprocess.Popen(
                [*command, "serve"],
                env={**os.environ, "HOPNHAT_SERVE__PORT": str(port)},
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        origins = [f"http://127.0.0.1:{port}" for port in ports]
        for origin in origins:
            wait_until(lambda origin=origin: ready(origin) != {}, 20)
        yield origins


def ready(origin: str) -> dict[str, Any]:
    try:
        answer = httpx.get(f"{origin}/healthz/ready")
    except httpx.TransportError:
        return {}
    found: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
    return found


def wait_until(is_so: Callable[[], bool], seconds: float) -> float:
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds
        time.sleep(0.02)
    return time.monotonic() - begun


def ask(origin: str) -> httpx.Response:
    return httpx.get(f"{origin}/api/x", headers={"host": "haiduong.test"})


def test_a_change_is_live_within_a_second_in_every_process(
    sites: list[str], path: Path, upstream: Callable[..., str]
) -> None:
    assert [ask(origin).status_code for origin in sites] == [404, 404]
    route = ROUTE.format(upstream(Recorder(HELLO)))

    spent = []
    for _ in range(3):  # of which a busy machine may spoil two
        path.write_text(HEAD, encoding="utf-8")
        for origin in sites:
            wait_until(lambda origin=origin: ask(origin).status_code == 404, 10)
        path.write_text(HEAD + route, encoding="utf-8")
        spent.append(wait_until(lambda: all(ask(origin).text == "hello" for origin in sites), 10))
    assert min(spent) < 1, spent
    wait_until(lambda: len({ready(origin)["snapshot"] for origin in sites}) == 1, 10)

    path.write_text(HEAD + route + "timout = 1\n", encoding="utf-8")
    for origin in sites:
        wait_until(lambda origin=origin: ready(origin)["last_error"] is not None, 10)
        said = ready(origin)
        assert said["status"] == "ready, but the settings file cannot be used"
        assert 'unknown setting route.0.timout; did you mean "timeout"?' in said["last_error"]
        assert ask(origin).text == "hello", "the routes from before stay"

    path.write_text(HEAD, encoding="utf-8")
    for origin in sites:
        wait_until(lambda origin=origin: ask(origin).status_code == 404, 10)
        assert ready(origin)["status"] == "ready"


def test_a_site_says_as_it_starts_what_it_would_refuse_later(path: Path) -> None:
    path.write_text(HEAD + ROUTE.format("http://haiduong.test"), encoding="utf-8")
    command = [sys.executable, "-m", "gateway.cli", "-s", str(path)]
    subprocess.run([*command, "migrate"], check=True, capture_output=True)
    process = subprocess.Popen(
        [*command, "serve"],
        env={**os.environ, "HOPNHAT_SERVE__PORT": str(free_port())},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert "http://haiduong.test is answered by this gateway" in process.stderr.readline()
    finally:
        process.terminate()
        process.wait(20)
        process.stderr.close()
