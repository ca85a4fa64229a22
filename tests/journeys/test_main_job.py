"""The main job from end to end, as a stranger runs it: real servers, real files, no help."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2 as httpx
import pytest
from playwright.sync_api import Browser, Page

FLOOR = 0.98

pytestmark = pytest.mark.timeout(400)


def free_ports(count: int) -> list[int]:
    """Ask the system for ports nobody uses; they are let go again at once."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def demo_command(data: Path, ports: list[int], *more: str) -> list[str]:
    site, console, old = map(str, ports)
    return [
        *(sys.executable, "-m", "gateway.cli", "demo", "--data", str(data)),
        *("--port", site, "--console-port", console, "--old-port", old, *more),
    ]


@contextmanager
def running_demo(data: Path, ports: list[int]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(demo_command(data, ports), stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()  # a kill would leave the servers it started behind
        process.wait(timeout=30)


@contextmanager
def running_verb(settings: Path, verb: str) -> Iterator[None]:
    command = [sys.executable, "-m", "gateway.cli", "--settings", str(settings), verb]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)


def wait_for(url: str, *, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, trust_env=False, timeout=2).status_code < 500:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    pytest.fail(f"{url} never answered")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[int]]:
    """The data directory of a demo that checked itself."""
    data = tmp_path_factory.mktemp("journey") / "demo-data"
    ports = free_ports(3)
    command = demo_command(data, ports, "--check")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    (data / "summary.json").write_text(ended.stdout.strip().splitlines()[-1], encoding="utf-8")
    return data, ports


def test_the_demo_checks_itself_and_ends_in_one_json_line(
    checked: tuple[Path, list[int]],
) -> None:
    summary = json.loads((checked[0] / "summary.json").read_text(encoding="utf-8"))
    assert set(summary) == {
        *("captures", "documents", "mappings", "old_urls_tried", "old_urls_right"),
        *("api_calls", "api_calls_equal", "searches", "searches_found", "seconds"),
    }
    assert summary["old_urls_right"] >= FLOOR * summary["old_urls_tried"] > 1000
    assert summary["api_calls_equal"] >= FLOOR * summary["api_calls"] > 20
    assert summary["searches_found"] >= FLOOR * summary["searches"] > 100


def test_the_readmes_session_is_what_the_command_says(checked: tuple[Path, list[int]]) -> None:
    data, (site, *_) = checked
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    typed, _, session = readme.partition(" resolve '")[2].partition("'\n")
    shown = session.partition("\n```")[0].replace(":8080", f":{site}")
    command = [sys.executable, "-m", "gateway.cli", "-s", str(data / "hopnhat.toml"), "resolve"]
    said = subprocess.run(
        [*command, typed.replace(":8080", f":{site}")], capture_output=True, text=True, check=True
    ).stdout.strip()
    ids = re.compile(r"-\d+$", re.MULTILINE)  # documents are numbered in the order they came
    assert ids.sub("-N", said) == ids.sub("-N", shown)


def test_a_second_run_serves_what_the_first_one_made_and_ends_cleanly(
    checked: tuple[Path, list[int]],
) -> None:
    data, (site, console, old) = checked
    host = {"host": f"www.haiduong.gov.vn.localhost:{site}"}
    with running_demo(data, [site, console, old]) as process:
        wait_for(f"http://127.0.0.1:{site}/healthz/ready")
        answer = httpx.get(
            f"http://127.0.0.1:{site}/-/cap-giay-phep-moi-truong", headers=host, trust_env=False
        )
        assert answer.status_code == 301
        assert answer.headers["location"].startswith("http://haiphong.gov.vn.localhost")

        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{site}/", trust_env=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{console}/", trust_env=False)


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_a_citizen_with_an_old_link_lands_reads_searches_and_looks_up_the_old_district(
    checked: tuple[Path, list[int]], browser: Browser, artefacts: Path, width: int
) -> None:
    data, ports = checked
    site = ports[0]
    with running_demo(data, ports), visiting(browser, width) as page:
        wait_for(f"http://127.0.0.1:{site}/healthz/ready")
        old = f"http://www.haiduong.gov.vn.localhost:{site}/-/cap-giay-phep-moi-truong?fbclid=x"
        page.goto(old)
        assert page.url.startswith(f"http://haiphong.gov.vn.localhost:{site}/thu-tuc/")
        assert page.locator("h1").inner_text() == "Cấp giấy phép môi trường"
        assert "tỉnh Hải Dương" in page.locator("main").inner_text(), "it says where it came from"
        page.screenshot(path=artefacts / f"citizen-document-{width}.png", full_page=True)

        page.get_by_role("link", name="bản gốc").first.click()
        assert "Bản lưu ngày" in page.locator("main").inner_text()
        page.screenshot(path=artefacts / f"citizen-archived-{width}.png", full_page=True)

        page.goto(f"http://haiphong.gov.vn.localhost:{site}/")
        page.locator("main input[name=q]").fill("cap giay phep moi truong")
        page.keyboard.press("Enter")
        assert page.locator(".hits > li a").first.inner_text() == "Cấp giấy phép môi trường"
        page.screenshot(path=artefacts / f"citizen-search-{width}.png", full_page=True)

        page.goto(f"http://gialoc.haiduong.gov.vn.localhost:{site}/")
        assert "Xã Yết Kiêu" in page.locator("main").inner_text()
        page.screenshot(path=artefacts / f"citizen-district-{width}.png", full_page=True)

        answer = page.goto(f"http://www.haiduong.gov.vn.localhost:{site}/-/bai-khong-con")
        assert answer is not None
        assert answer.status == 404
        assert page.locator("a[href^='tel:']").count(), "never a bare 404: a number to call"
        page.screenshot(path=artefacts / f"citizen-not-found-{width}.png", full_page=True)


@contextmanager
def visiting(browser: Browser, width: int) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": width, "height": 900})
    try:
        yield context.new_page()
    finally:
        context.close()


def test_old_addresses_are_answered_with_database_and_index_gone(
    checked: tuple[Path, list[int]], tmp_path: Path
) -> None:
    data, (site, *_) = checked
    kept = tmp_path / "nothing-but-snapshots"
    kept.mkdir()
    (kept / "hopnhat.toml").write_bytes((data / "hopnhat.toml").read_bytes())
    (kept / "snapshots").symlink_to(data / "snapshots")
    with running_verb(kept / "hopnhat.toml", "serve"):
        wait_for(f"http://127.0.0.1:{site}/healthz/live")
        answer = httpx.get(
            f"http://127.0.0.1:{site}/-/cap-giay-phep-moi-truong",
            headers={"host": "haiduong.gov.vn.localhost"},
            trust_env=False,
        )
    assert answer.status_code == 301
