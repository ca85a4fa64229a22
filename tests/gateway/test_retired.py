"""An API whose last day is over, on the real site: 410 in words of programs, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import httpx2 as httpx

from gateway.app import create_site
from gateway.settings.routes import RouteSettings


def test_callers_of_an_api_that_has_ended_are_told_so_and_where_to_go(
    town: Any, serve: Callable[..., str]
) -> None:
    route = RouteSettings(
        name="cu",
        host="www.haiduong.localhost",
        path="/api/*",
        upstream="http://127.0.0.1:9",
        contact="Sở Nội vụ",
        valid_until=date(2025, 12, 31),
        successor="https://haiphong.test/api/v1/",
    )
    settings = town.settings.model_copy(update={"route": (route,)})
    serve(create_site(settings), town.listening)
    origin = f"http://127.0.0.1:{town.listening.getsockname()[1]}"
    host = {"host": "www.haiduong.localhost"}
    answer = httpx.get(f"{origin}/api/x", headers=host)
    assert (answer.status_code, answer.json()["thay_the"]) == (410, "https://haiphong.test/api/v1/")
    assert answer.headers["link"] == '<https://haiphong.test/api/v1/>; rel="successor-version"'
    fault = httpx.post(f"{origin}/api/x", headers={**host, "soapaction": "x"}, content=b"<a/>")
    assert fault.status_code == 410
    assert fault.headers["content-type"] == "text/xml; charset=utf-8"
    assert httpx.head(f"{origin}/api/x", headers=host).content == b""
    metrics = httpx.get(f"{origin}/metrics", headers={"host": "127.0.0.1"}).text
    assert 'hopnhat_requests_total{outcome="retired",site="cu"} 3.0' in metrics
