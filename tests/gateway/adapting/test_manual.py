"""What docs/adapters.md says of codes of another day is what happens."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2 as httpx

from gateway.checking import faults
from gateway.settings.routes import RouteSettings
from gateway.settings.whole import load_settings
from tests.gateway.adapting.test_adapter import Server, adapting

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "adapters.md").read_text(encoding="utf-8")
SECTION = MANUAL.partition("## Codes of another day\n")[2].partition("\n## ")[0]


def test_the_examples_of_the_manual_are_settings(tmp_path: Path) -> None:
    path = tmp_path / "hopnhat.toml"
    path.write_text("\n".join(re.findall(r"```toml\n(.*?)```", MANUAL, re.DOTALL)), "utf-8")
    settings = load_settings(path)
    assert faults(settings, path) == []
    assert [route.name for route in settings.routes()] == ["dan-so", "bien-nhan"]


def test_the_route_of_the_manual_does_what_the_manual_shows(
    serve: Callable[..., str], upstream: Callable[[Server], str]
) -> None:
    written = re.findall(r"```toml\n(.*?)```", SECTION, re.DOTALL)[0]
    server = Server()
    (table,) = tomllib.loads(written)["route"]
    route = RouteSettings(**{**table, "upstream": upstream(server)}).as_route()
    shown = re.findall(r"```http\n(.*?)```", SECTION, re.DOTALL)[0].splitlines()
    sent, arrived, said, read = (re.split(r"\s{3,}", line)[0] for line in shown[:4])
    server.answer = (b"application/json", said.encode(), b"")
    answer: Any = httpx.get(serve(adapting(route)) + sent.removeprefix("GET "), timeout=10)
    assert f"GET {server.target}" == arrived
    assert answer.text == read
    for line in shown[4:]:
        name, _, value = line.partition(": ")
        assert answer.headers[name] == value
