"""The configuration in deploy/: the real nginx in front of the real site."""

from __future__ import annotations

import configparser
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from websockets.sync.client import connect

from gateway.app import create_site
from tests.gateway.passthrough.recorder import HELLO, Recorder, chatting

DEPLOY = Path(__file__).resolve().parents[3] / "deploy"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
OLD = "http://www.haiduong.localhost"

needs_nginx = pytest.mark.skipif(
    NGINX is None, reason="needs nginx: scripts/test_setup.sh installs Debian's"
)


@contextmanager
def nginx_in_front(folder: Path, upstream_port: int) -> Iterator[int]:
    """Run nginx on the deployed configuration, its two ports exchanged; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("listen 80 default_server", f"listen 127.0.0.1:{port} default_server")
    site = site.replace("127.0.0.1:8080", f"127.0.0.1:{upstream_port}")
    site = site.replace("/var/log/nginx", str(folder))
    (folder / "site.conf").write_text(site, encoding="utf-8")
    temporary = "".join(
        f"{name}_temp_path {folder}/{name};"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary} include {folder}/site.conf; }}\n",
        encoding="utf-8",
    )
    assert NGINX is not None
    process = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    try:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


@needs_nginx
def test_the_deployed_nginx_passes_old_addresses_on_byte_for_byte(
    town: Any, open_town: Callable[[Any], str], tmp_path: Path
) -> None:
    document = town.page(f"{OLD}/tin/a%2Fb", "Giá đất năm 2025", slug="gia-dat")
    open_town(town)
    folder = tmp_path / "nginx"
    folder.mkdir()
    with nginx_in_front(folder, town.listening.getsockname()[1]) as port:

        def ask(path: str, host: str = "www.haiduong.localhost") -> httpx.Response:
            url = f"http://127.0.0.1:{port}{path}"
            return httpx.get(url, headers={"host": host}, trust_env=False)

        moved = ask("/tin/a%2Fb?utm_source=zalo")
        assert moved.status_code == 301
        assert moved.headers["location"].endswith(f"/tin-tuc/gia-dat-{document.id}")
        assert ask("/tin/a/b").status_code == 404, "an encoded slash is no slash"
        assert ask("/", host="la.example").status_code == 421
        assert ask("/metrics", host="haiphong.localhost").status_code == 403, "not through a front"
        assert ask("/healthz/ready").status_code == 200


@needs_nginx
def test_the_deployed_nginx_writes_down_no_code_of_a_citizens_dossier(
    town: Any, open_town: Callable[[Any], str], tmp_path: Path
) -> None:
    open_town(town)
    folder = tmp_path / "nginx"
    folder.mkdir()
    asked = (
        "/tra-cuu-tien-do?doccode=000.00.19.H47-260105-0001",
        "/rest/ho-so/000.00.19.H47-260105-0001",
        "/ho-so/h57.132-260804-0583/xem?x=1",
        "/tin/bai-1?cccd=001234567890",
    )
    with nginx_in_front(folder, town.listening.getsockname()[1]) as port:
        for path in asked:
            told = {"host": "www.haiduong.localhost", "referer": "http://a.test/?doccode=H47-1"}
            httpx.get(f"http://127.0.0.1:{port}{path}", headers=told, trust_env=False)
    with nginx_in_front(folder, 9) as port:  # nobody answers: it has an error to write down
        httpx.get(f"http://127.0.0.1:{port}{asked[0]}", trust_env=False)
    lines = (folder / "hopnhat.log").read_text(encoding="utf-8").splitlines()
    assert [line.split('"')[1].split()[1] for line in lines] == [
        "/tra-cuu-tien-do",
        "/rest/ho-so/~",
        "/ho-so/~",
        "/tin/bai-1",
        "/tra-cuu-tien-do",
    ]
    for log in folder.glob("*.log"):
        assert not re.search(r"H47|h57|doccode|001234567890", log.read_text(encoding="utf-8"))


@needs_nginx
def test_the_deployed_nginx_passes_web_sockets_on(
    town: Any, open_town: Callable[[Any], str], tmp_path: Path
) -> None:
    with chatting() as chat:
        route = town.settings.route[0].model_copy(update={"upstream": chat})
        town.settings = town.settings.model_copy(update={"route": (route,)})
        open_town(town)
        folder = tmp_path / "nginx"
        folder.mkdir()
        with (
            nginx_in_front(folder, town.listening.getsockname()[1]) as port,
            socket.create_connection(("127.0.0.1", port)) as carrier,
            connect("ws://www.haiduong.localhost/api/chat", sock=carrier) as client,
        ):
            client.send("Hải Phòng")
            assert client.recv() == "Hải Phòng"


@pytest.mark.parametrize("verb", ["serve", "console"])
def test_the_unit_files_start_verbs_that_exist(verb: str) -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(DEPLOY / f"hopnhat-{verb}.service", encoding="utf-8")
    assert unit["Service"]["ExecStart"].split()[-1] == verb


CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTrailer: X-Dem\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\nX-Dem: 1\r\n\r\n"
)


@needs_nginx
@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n" + HELLO,
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + HELLO,
        CHUNKED,
    ],
)
def test_what_the_deployed_nginx_does_not_know_does_not_confuse_it(
    town: Any,
    serve: Callable[..., str],
    upstream: Callable[..., str],
    tmp_path: Path,
    answer: bytes,
) -> None:
    route = town.settings.route[0].model_copy(update={"upstream": upstream(Recorder(answer))})
    serve(create_site(town.settings.model_copy(update={"route": (route,)})), town.listening)
    with (
        nginx_in_front(tmp_path, town.listening.getsockname()[1]) as port,
        socket.create_connection(("127.0.0.1", port), timeout=5) as caller,
    ):
        caller.sendall(
            b"GET /api/a HTTP/1.1\r\nHost: www.haiduong.localhost\r\nConnection: close\r\n\r\n"
        )
        got = b""
        while data := caller.recv(65536):
            got += data
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.count(b"HTTP/1.1 ") == 1
    assert b"hello" in got
