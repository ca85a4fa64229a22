"""The real nginx with the exported files answers as our own resolver does."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unicodedata import normalize
from urllib.parse import quote

import pytest

from redirects.formats.nginx import write_nginx
from redirects.mapping import MappingKind
from redirects.resolution import Gone, Moved, Request
from redirects.resolver import Resolver
from tests.redirects.world import KNOWN, World

CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    include {folder}/hopnhat-maps.conf;
    server {{
        listen 127.0.0.1:{port} default_server;
        include {folder}/hopnhat-server.conf;
        location / {{ return 404; }}
    }}
}}
"""
PATHS = (
    "/tin-tức/đại-hội",
    "/Tin-Tức/Đại-hội-{n}.html",
    "/văn bản/quyết định {n}.pdf",
    "/thủ-tục/cấp-giấy-phép-{n}",
    "/ảnh/“lễ hội”/{n}.jpg",
    "/a$b${{host}}/{n}",
    "/a;b'c/{n}",
    '/dấu"nháy\\{n}',
    "/100%/{n}",
    "/web/guest/-/bài_{n}",
)
_NO_URI = frozenset(' "\\%{}')  # exported percent-encoded only
Ask = Callable[[str, bytes, str], tuple[int, str]]


@pytest.fixture
def table(world: World) -> World:
    for number in range(3):
        for path in PATHS:
            address = f"http://haiduong.gov.vn{path.format(n=number)}"
            target = f"/đích/{number}?a=$1&b=${{host}}"
            if number == 1:
                world.map(address, "https://dichvucong.gov.vn/x;y'z", MappingKind.TEMPORARY)
            elif number == 2:
                world.map(address, kind=MappingKind.GONE, reason="Đã gỡ")
            else:
                world.map(address, target)
    world.map("http://haiduong.gov.vn/", "/hải-dương")
    world.map("http://haiduong.gov.vn/xem.aspx?id=1&l=Tin Tức", "doc:7")
    world.map("http://haiduong.gov.vn/xem.aspx?id=2", "unit:31")
    world.map("http://haiduong.gov.vn/xem.aspx", "section:tin-tuc")
    world.map("http://haiduong.gov.vn/dây", "/chuyền")
    world.map("http://haiphong.gov.vn/chuyền", "/xem?ItemID=2")
    world.map("http://haiphong.gov.vn/xem?ItemID=2", "unit:31", MappingKind.TEMPORARY)
    world.map("http://haiphong.gov.vn/vòng", "/vòng")
    world.map("http://haiphong.gov.vn/Pages/chi-tiết.aspx?ItemID=12", "doc:7")
    world.map("http://haiphong.gov.vn/Pages/chi-tiết.aspx", "/x")
    world.map("http://haiphong.gov.vn/" + "dài" * 150, "/x")
    return world


@pytest.fixture
def ask(table: World, tmp_path: Path) -> Iterator[Ask]:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    export = write_nginx(table.mappings, portal=table.portal, sites=table.sites, locate=KNOWN.get)
    for name, content in export.files.items():
        (tmp_path / name).write_bytes(content)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "nginx.conf"
    config.write_text(CONFIG.format(folder=tmp_path, port=port))
    errors = str(tmp_path / "error.log")
    with subprocess.Popen([program, "-e", errors, "-p", str(tmp_path), "-c", str(config)]) as nginx:
        try:
            _wait_for(port, nginx)
            yield lambda host, target, method="GET": _ask(port, host, target, method)
        finally:
            nginx.terminate()


def _wait_for(port: int, nginx: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert nginx.poll() is None, "nginx did not take the exported files"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx did not listen within five seconds")


def _ask(port: int, host: str, target: bytes, method: str) -> tuple[int, str]:
    """Send a request line byte for byte; give back the status and the Location."""
    head = f"\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(method.encode() + b" " + target + b" HTTP/1.1" + head)
        answer = wire.makefile("rb").read().partition(b"\r\n\r\n")[0].decode().split("\r\n")
    locations = [line[10:] for line in answer if line.lower().startswith("location: ")]
    return int(answer[0].split()[1]), "".join(locations)


def _ours(resolver: Resolver, host: str, target: bytes, method: str) -> tuple[int, str]:
    path, _, query = target.partition(b"?")
    match resolver.resolve(Request(host, path, query, method)):
        case Moved(location=location, status=status):
            return status, location.replace("{", "%7B").replace("}", "%7D")
        case Gone():
            return 410, ""
        case _:
            return 404, ""


def _spellings(target: str) -> Iterator[bytes]:
    """As printed, percent-encoded in both cases of hex, decomposed, in lower case."""
    path, question, query = target.partition("?")
    for form in (target, target.lower()):
        if not _NO_URI.intersection(form):
            yield form.encode()
    for form in (path, path.lower(), normalize("NFD", path.lower())):
        escaped = quote(form, safe="/;'$") + question + quote(query, safe="=&")
        yield escaped.encode()
        yield escaped.lower().encode()


def _table_of(world: World) -> Iterator[tuple[str, bytes]]:
    for mapping in world.mappings:
        host, slash, target = mapping.raw.removeprefix("http://").partition("/")
        for spelling in _spellings(slash + target.replace("\\", "/")):
            yield host, spelling


def test_nginx_answers_every_exported_spelling_as_we_do(table: World, ask: Ask) -> None:
    resolver = table.open().resolver()
    asked = list(_table_of(table))
    differing = [
        (host, target, method, ours, theirs)
        for host, target in asked
        for method in ("GET", "POST")
        if (ours := _ours(resolver, host, target, method)) != (theirs := ask(host, target, method))
    ]

    assert len(asked) > 200
    assert differing == []


def test_trackers_and_aliases_of_a_host_are_answered_too(table: World, ask: Ask) -> None:
    found = (301, "https://haiphong.gov.vn/%C4%91%C3%ADch/0?a=$1&b=$%7Bhost%7D")
    path = quote(PATHS[0]).encode()

    assert ask("haiduong.gov.vn", path + b"?fbclid=1&utm_source=zalo") == found
    assert ask("WWW.HaiDuong.gov.vn:80", path) == found
    assert ask("stranger.vn", path) == (404, "")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/tin-t%E1%BB%A9c/%C4%91%E1%BA%A1i-h%E1%BB%99i/", 404),
        (b"//tin-t%E1%BB%A9c/%C4%91%E1%BA%A1i-h%E1%BB%99i", 404),
        (b"/tin-t%E1%BB%A8c/%C4%90%E1%BA%A0i-h%E1%BB%99i", 404),
        (b"/tin-t%u1EE9c/%u0111%u1EA1i-h%u1ED9i", 400),
        (b"/xem.aspx?l=Tin%20T%E1%BB%A9c&id=1", 404),
        (b"/xem.aspx?id=2&fbclid=1", 404),
    ],
)
def test_the_spellings_that_the_manual_says_nginx_misses_are_missed(
    table: World, ask: Ask, target: bytes, status: int
) -> None:
    assert _ours(table.open().resolver(), "haiduong.gov.vn", target, "GET")[0] == 301
    assert ask("haiduong.gov.vn", target) == (status, "")
