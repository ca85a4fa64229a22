"""docs/routes.md: its example loads, and what it shows is what is shown."""

from __future__ import annotations

from pathlib import Path

from gateway.checking import faults
from gateway.resolving import explain_in_lines, request_of
from gateway.settings.whole import load_settings
from redirects.manifest import Manifest
from redirects.resolver import Resolver

MANUAL = (Path(__file__).parents[2] / "docs" / "routes.md").read_text(encoding="utf-8")


def block(kind: str) -> str:
    return MANUAL.partition(f"```{kind}\n")[2].partition("```")[0]


def test_the_example_is_accepted_and_shown_as_the_manual_says(tmp_path: Path) -> None:
    path = tmp_path / "hopnhat.toml"
    path.write_text(block("toml"), encoding="utf-8")
    settings = load_settings(path)
    assert faults(settings, path) == []
    command, *shown = block("console").strip().splitlines()
    url = command.removeprefix("$ hopnhat resolve ")
    manifest = Manifest(1, settings.as_portal(()), (), (), tuple(settings.routes()), 0)
    explanation = Resolver(manifest, lambda _: None).explain(request_of(url))
    assert explain_in_lines(url, explanation)[-7:] == shown[1:]
