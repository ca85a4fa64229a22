"""A small old portal on loopback and a settings file that names it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.main import app

ARTICLE = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>{title}</title></head>
<body><div id="menu"><a href="/">Trang chủ</a> <a href="/tin/1">Một</a> <a href="/tin/2">Hai</a></div>
<div class="bai-viet"><h1>{title}</h1><p>Ngày đăng: 12/03/2024</p>{paragraphs}</div>
<a href="/ban-do.pdf">Bản đồ</a> <a href="/hong">Hỏng</a> <a href="/mat">Mất</a>
<div id="chan">Bản quyền thuộc Cổng thử</div></body></html>"""

TEXTS = {
    "/": ("Cổng thử huyện Gia Lộc", "Trang chủ của cổng thử."),
    "/tin/1": (
        "Khánh thành cầu Hàm Rồng bắc qua sông Sặt",
        (
            "Sáng nay, Ủy ban nhân dân huyện tổ chức lễ khánh thành cầu, nối hai bờ sông sau hai năm "
            "thi công. Công trình dài một trăm hai mươi mét, rộng tám mét, có đường đi bộ hai bên."
        ),
    ),
    "/tin/2": (
        "Lịch tiêm phòng cho đàn gia cầm vụ xuân",
        (
            "Trạm thú y thông báo lịch tiêm phòng cho đàn gia cầm tại các xã. Đề nghị các hộ chăn nuôi "
            "chuẩn bị chuồng trại, nhốt gia cầm đúng giờ để cán bộ thú y thực hiện."
        ),
    ),
}


class _Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/robots.txt" and self.headers["host"].startswith("kin."):
            self._send(b"User-agent: *\nDisallow: /\n", "text/plain")
            return
        if self.path == "/ban-do.pdf":
            self._send(b"%PDF-1.4 " + bytes(3_000_000), "application/pdf")
            return
        if self.path == "/hong":
            self.send_response(200)
            self.send_header("content-encoding", "gzip")
            self._body(b"\x1f\x8b\x08" + b"\xff" * 60, "text/html")
            return
        found = TEXTS.get(self.path.partition("?")[0])
        if found is None:
            self.send_error(404)
            return
        title, text = found
        page = ARTICLE.format(title=title, paragraphs=f"<p>{text}</p>" * 2).encode()
        self._send(page, "text/html; charset=utf-8")

    def _send(self, body: bytes, media_type: str) -> None:
        self.send_response(200)
        self._body(body, media_type)

    def _body(self, body: bytes, media_type: str) -> None:
        self.send_header("content-type", media_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Say nothing: a client that hangs up on a file too large is no error of ours."""


@pytest.fixture
def old_portal() -> Iterator[int]:
    """An old portal of two articles; gives its port."""
    server = _Server(("127.0.0.1", 0), _Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@dataclass
class Operator:
    """Someone who types `hopnhat` verbs with one settings file."""

    settings: Path
    runner: CliRunner = field(default_factory=CliRunner)

    def append(self, text: str) -> None:
        """Write more into the settings file."""
        with self.settings.open("a", encoding="utf-8") as file:
            file.write(text)

    def types(self, *words: str) -> Result:
        return self.runner.invoke(app, ["--settings", str(self.settings), *words])


@pytest.fixture
def operator(tmp_path: Path, old_portal: int) -> Operator:
    """An operator whose settings name the small old portal."""
    path = tmp_path / "hopnhat.toml"
    path.write_text(
        f"""
[portal]
url = "https://haiphong.gov.vn"
hosts = ["haiphong.gov.vn"]

[[site]]
name = "gialoc"
title = "Trang TTĐT huyện Gia Lộc"
host = "gialoc.haiduong.gov.vn"
unit = "297"
address = "127.0.0.1:{old_portal}"
delay = 0
retry_delay = 0
max_bytes = 2000000

[[rule]]
name = "trang-cu"
site = "gialoc"
pattern = "/xa/:ten"
target = "/tim-kiem?q=:ten"
""",
        encoding="utf-8",
    )
    return Operator(path)


@pytest.fixture
def crawled(operator: Operator) -> Operator:
    """The same operator after a whole crawl."""
    result = operator.types("crawl")
    assert result.exit_code == 0, result.output
    return operator
