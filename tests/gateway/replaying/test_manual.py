"""What docs/switching.md shows of replaying, played with two real servers."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typer.testing import CliRunner

from gateway.cli.main import app

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "switching.md").read_text(encoding="utf-8")


def server(number: int, moment: int) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for word in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{word}.complete"})
            return
        found = {"thoiGian": moment, "DuLieu": [{"ID": number if scope["query_string"] else 1}]}
        await Response(json.dumps(found), media_type="application/json")(scope, receive, send)

    return answer


def test_the_manual_s_replay_is_told_as_shown(
    serve: Callable[[ASGIApp], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = re.search(r"\$ hopnhat (api replay .+)\n((?:.+\n)+?)```", MANUAL)
    rules = re.search(r"```toml\n(headers = (?:.*\n)+?)```", MANUAL)
    assert found is not None
    assert rules is not None
    (tmp_path / "rules.toml").write_text(rules[1], encoding="utf-8")
    targets = ("/api/vanban", "/api/vanban?so=17/2023/", "/api/don-vi")
    entries = [{"request": {"url": f"http://haiphong.gov.vn{target}"}} for target in targets]
    (tmp_path / "calls.har").write_text(json.dumps({"log": {"entries": entries}}))
    words = shlex.split(found[1])
    words[words.index("--old") + 1] = serve(server(143, 1))
    words[words.index("--new") + 1] = serve(server(144, 2))
    result = CliRunner().invoke(app, [*words, "--pace", "1000"])
    assert result.stdout == found[2]
    assert result.exit_code == 1
