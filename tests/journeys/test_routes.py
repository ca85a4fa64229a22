"""A route as an operator writes it, from the settings file to what its callers and servers see."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
from typer.testing import CliRunner

from catalogue.migrating import migrate
from gateway.app import create_site
from gateway.cli.main import app
from gateway.settings.whole import load_settings

FILE = """
[portal]
url = "http://haiphong.test"
hosts = ["haiphong.test"]
hotline = "0225 3747 474"

[[site]]
name = "haiduong"
title = "Hải Dương"
host = "haiduong.test"
aliases = ["www.haiduong.test"]

[[route]]
name = "don-vi"
host = "haiduong.test"
path = "/api/don-vi/:ma"
methods = ["GET"]
contact = "Sở Nội vụ"
credentials = []

[[route.upstreams]]
origin = "{live}"

[[route.upstreams]]
origin = "{dead}"

[route.rewrite]
path = "/v2/:ma"
query = ["remove khoa", "set kieu=json"]
answer = ["set X-Qua=cong"]

[route.cache]
silent = 60.0

[route.rate]
calls = 6
seconds = 600.0
key = "query:khoa"

[[route]]
name = "cu"
host = "haiduong.test"
path = "/api/cu"
upstream = "{dead}"
valid_until = 2025-12-31
successor = "http://haiphong.test/api/v1/don-vi/"
"""


class Answering:
    """A server that answers with the line and the fields it was asked with."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.asked.append(head.partition("\r\n")[0])
            body = "cookie" if "\r\ncookie:" in head.lower() else "none"
            writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            await writer.drain()


def test_a_route_does_what_its_operator_wrote(
    tmp_path: Path, upstream: Callable[..., str], serve: Callable[..., str]
) -> None:
    answering = Answering()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = f"http://127.0.0.1:{closed.getsockname()[1]}"
        path = tmp_path / "hopnhat.toml"
        path.write_text(FILE.format(live=upstream(answering), dead=dead), encoding="utf-8")
        settings = load_settings(path)
        settings.data.mkdir(parents=True)
        migrate(settings.database_url)
        origin = serve(create_site(settings, path))

        def ask(target: str, host: str = "www.haiduong.test", **headers: str) -> httpx.Response:
            return httpx.get(f"{origin}{target}", headers={"host": host, **headers})

        answers = [ask(f"/api/don-vi/{n}?khoa=a&x=1", cookie="a=b") for n in (1, 2, 3, 1, 2, 3)]
        assert [answer.text for answer in answers] == ["none"] * 6, "whoever was tried first"
        assert answers[0].headers["x-qua"] == "cong"
        assert answering.asked == [f"GET /v2/{n}?x=1&kieu=json HTTP/1.1" for n in (1, 2, 3)]
        assert "age" in answers[3].headers

        refused = ask("/api/don-vi/1?khoa=a")
        assert refused.status_code == 429
        assert refused.json()["don_vi_quan_ly"] == "Sở Nội vụ"
        assert refused.json()["lien_he"] == {"dien_thoai": "0225 3747 474"}
        assert ask("/api/don-vi/1?khoa=b").status_code == 200

        ended = ask("/api/cu")
        assert (ended.status_code, ended.json()["thay_the"]) == (
            410,
            "http://haiphong.test/api/v1/don-vi/",
        )

        shown = CliRunner().invoke(
            app, ["-s", str(path), "resolve", "http://haiduong.test/api/don-vi/1"]
        )
        assert shown.exit_code == 0, shown.output
        assert (
            f"upstreams     {settings.route[0].upstreams[0].origin} (1 of 2 calls)" in shown.output
        )
        assert "credentials none" in shown.output
