"""Lint of the templates, run by `make check`: what a review would otherwise have to look for.

Every template compiles in its application's own environment; nothing switches escaping off; no
inline script, handler or style (the Content-Security-Policy would drop it); every text a reader
sees goes through `_()`; tags are closed and attributes make sense (djlint, jinja profile).
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

from jinja2 import Environment, TemplateError, nodes

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = ROOT / "gateway" / "templates"

SAFE_ALLOWED: dict[str, str] = {}
"""Templates that may use `|safe`, each with its reason. Prefer Markup made where it was cleaned."""

STYLE_ALLOWED = {
    "console/original.html": "a sandboxed frame of an opaque origin can load no style sheet",
}
"""Templates that may hold a <style> element, each with its reason."""

DJLINT_CODES = frozenset(
    (
        *("H005", "H007", "H009", "H011", "H013", "H016", "H019", "H025", "H037", "H041", "H044"),
        *("H045", "H046", "H047", "H048", "H049", "H051", "H052", "H053", "H054", "H056"),
        *("T027", "T034", "T038", "T039", "T040", "T043", "T044", "T045"),
    )
)
"""Broken nesting, broken template tags, attributes that mislead; matters of taste are left out."""

READABLE_ATTRIBUTES = frozenset({"alt", "title", "placeholder", "aria-label", "label", "summary"})
SILENT_ELEMENTS = frozenset({"script", "style"})

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_WORD = re.compile(r"[^\W\d_]{2,}")
_VIETNAMESE = re.compile("[\u00c0-\u024f\u1e00-\u1eff]")
_NAMES_OF_GETTEXT = frozenset({"_", "t", "gettext", "ngettext"})  # `t`: `_` handed to a macro


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One slip: where, and what to do about it."""

    template: str
    line: int
    message: str

    def __str__(self) -> str:
        """Print it as a compiler does."""
        return f"gateway/templates/{self.template}:{self.line}: {self.message}"


def lint_source(name: str, source: str, environment: Environment) -> list[Finding]:
    """Return the findings of one template; djlint's are not among them."""
    try:
        environment.compile(source, name)
        tree = environment.parse(source, name)
    except TemplateError as error:
        return [Finding(name, getattr(error, "lineno", None) or 1, f"does not compile: {error}")]
    found = [*_escaping(name, tree), *_untranslated_constants(name, tree)]
    reader = _Markup(name)
    reader.feed(_without_jinja(source))
    reader.close()
    return sorted({*found, *reader.findings})


def _escaping(name: str, tree: nodes.Template) -> Iterator[Finding]:
    for each in tree.find_all(nodes.Filter):
        if each.name == "safe" and name not in SAFE_ALLOWED:
            yield Finding(name, each.lineno, "`|safe` needs a reason in SAFE_ALLOWED")
    for modifier in tree.find_all(nodes.EvalContextModifier):
        if any(option.key == "autoescape" for option in modifier.options):
            yield Finding(name, modifier.lineno, "escaping is never switched off")


def _untranslated_constants(name: str, tree: nodes.Template) -> Iterator[Finding]:
    translated = {
        id(constant)
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in _NAMES_OF_GETTEXT
        for constant in call.find_all(nodes.Const)
    }
    for constant in tree.find_all(nodes.Const):
        text = constant.value
        if isinstance(text, str) and _VIETNAMESE.search(text) and id(constant) not in translated:
            yield Finding(name, constant.lineno, f"{text!r} is not in _()")


def _without_jinja(source: str) -> str:
    """Blank out what Jinja reads; lines stay where they are."""
    return _JINJA.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), source)


class _Markup(HTMLParser):
    """Reads the markup between Jinja's tags."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.findings: list[Finding] = []
        self._name = name
        self._silent = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        # A text that says its own language is meant to stay: "English", "Tiếng Việt".
        if tag in SILENT_ELEMENTS or ("lang" in values and tag != "html"):
            self._silent = tag
        if tag == "script" and "src" not in values and values.get("type") != "application/ld+json":
            self._find("a script stands in its own file")
        if tag == "style" and self._name not in STYLE_ALLOWED:
            self._find("a style stands in its own file")
        for attribute, value in attrs:
            if attribute == "style":
                self._find("no style attribute: the policy drops it")
            elif attribute.startswith("on"):
                self._find(f"no inline handler {attribute}: the policy drops it")
            elif attribute in READABLE_ATTRIBUTES and value and _WORD.search(value):
                self._find(f"{attribute}={value.strip()!r} is not in _()")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._silent:
            self._silent = ""

    def handle_data(self, data: str) -> None:
        if not self._silent and _WORD.search(data):
            self._find(f"{' '.join(data.split())!r} is not in _()")

    def _find(self, message: str) -> None:
        self.findings.append(Finding(self._name, self.getpos()[0], message))


def djlint_findings(templates: Path) -> list[str]:
    """Run djlint once over all templates and keep the rules that count."""
    answer = subprocess.run(
        [
            *(sys.executable, "-m", "djlint", str(templates), "--profile=jinja", "--lint"),
            *("--quiet", "--linter-output-format", "{filename}:{line} {code} {message}"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    if answer.returncode not in (0, 1):
        return [f"djlint failed: {answer.stderr.strip()}"]
    lines = [line.strip() for line in answer.stdout.splitlines()]
    return [line for line in lines if DJLINT_CODES.intersection(line.split())]


def lint(templates: Path, environments: dict[str, Environment]) -> list[str]:
    """Return every finding, ready to print. `environments` are named by a template's folder."""
    found: list[str] = []
    for path in sorted(templates.rglob("*.*")):
        name = path.relative_to(templates).as_posix()
        environment = environments.get(name.partition("/")[0], environments[""])
        found += map(str, lint_source(name, path.read_text(encoding="utf-8"), environment))
    return found + djlint_findings(templates)


def application_environments() -> dict[str, Environment]:
    """The environments the applications themselves print with."""
    sys.path.insert(0, str(ROOT))
    from gateway.console.pages import console_environment  # noqa: PLC0415 - needs the path above
    from gateway.i18n import load_translations  # noqa: PLC0415 - needs the path above
    from gateway.rendering import Pages  # noqa: PLC0415 - needs the path above
    from gateway.settings.portal import PortalSettings  # noqa: PLC0415 - needs the path above
    from gateway.settings.whole import Settings  # noqa: PLC0415 - needs the path above

    portal = Pages(PortalSettings())._environments["vi"]  # noqa: SLF001 - its own, not a copy of it
    return {
        "": portal,
        "site": portal,
        "console": console_environment(load_translations()["vi"], Settings()),
    }


def main() -> int:
    """Print the findings; exit 1 when there are any."""
    found = lint(TEMPLATES, application_environments())
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
