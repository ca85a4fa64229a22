"""The manual and the example file: both made from the declarations, neither may drift."""

from __future__ import annotations

from pathlib import Path

from gateway.settings.manual import example, manual
from gateway.settings.whole import load_settings

DOCS = Path(__file__).parents[3] / "docs"


def test_the_settings_page_is_what_the_declarations_say() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert page == manual(), "run scripts/write_settings_manual.py"


def test_the_example_file_loads_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "hopnhat.toml"
    path.write_text(example(), encoding="utf-8")
    assert load_settings(path).serve.port == 8080


def test_the_example_names_every_setting() -> None:
    for name in ("max_bytes", "upstream", "secure_cookie", "allowed_targets", "pattern"):
        assert f"# {name} =" in example()
