"""The templates' lint: each slip is found at its line, and what is right is left alone."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from jinja2 import Environment

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "lint_templates.py"


@pytest.fixture(scope="module")
def lint() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lint_templates", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% if x %}", "does not compile"),
        ("{{ x | khong_co }}", "does not compile"),
        ("{{ x | safe }}", "`|safe` needs a reason"),
        ("{% autoescape false %}{{ x }}{% endautoescape %}", "escaping is never switched off"),
        ("<script>alert(1)</script>", "a script stands in its own file"),
        ("<style>p {}</style>", "a style stands in its own file"),
        ('<p style="color: red">{{ x }}</p>', "no style attribute"),
        ('<p onclick="x()">{{ x }}</p>', "no inline handler onclick"),
        ("<p>Tin tức</p>", "'Tin tức' is not in _()"),
        ("<p>Tin</p>", "'Tin' is not in _()"),
        ('<img alt="Ảnh">', "alt='Ảnh' is not in _()"),
        ('{{ "Tin tức" }}', "'Tin tức' is not in _()"),
        ('{% set x = "Tin tức" %}', "'Tin tức' is not in _()"),
    ],
)
def test_a_slip_is_found(lint: ModuleType, source: str, message: str) -> None:
    found = lint.lint_source("site/x.html", f"<div>\n{source}</div>", Environment(autoescape=True))
    assert [each.line for each in found] == [2]
    assert message in found[0].message
    assert str(found[0]).startswith("gateway/templates/site/x.html:2: ")


@pytest.mark.parametrize(
    "source",
    [
        '<p>{{ _("Tin tức") }}</p>',
        '<p title="{{ _("Tin tức") }}">{{ t("Tin") }} · <kbd>a</kbd></p>',
        '<p>{{ _("Tìm thấy %(n)s tin") | format(n=3) }}</p>',
        '<a lang="en" href="?lang=en">English</a>',
        '<script src="/static/console.js" defer></script>',
        '<script type="application/ld+json">{{ data }}</script>',
        "{# Ghi chú cho người sửa mẫu #}<p>{{ x }}</p>",
        '{% for path, label in (("/", _("Hộp việc")),) %}{{ path }}{{ label }}{% endfor %}',
        '<p class="tin">1.000 €</p>',
    ],
)
def test_what_is_right_is_left_alone(lint: ModuleType, source: str) -> None:
    assert lint.lint_source("site/x.html", source, Environment(autoescape=True)) == []


def test_unclosed_tags_are_found(lint: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "x.html").write_text('<div><p>{{ _("Tin") }}</div></span>\n')
    found = lint.lint(tmp_path, {"": Environment(autoescape=True)})
    assert any("H025" in line for line in found)


def test_the_templates_of_the_project_pass(
    lint: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lint.main() == 0, capsys.readouterr().out
