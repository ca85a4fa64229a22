"""Every text that a visitor of the public site sees has its English words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

import gateway
from catalogue.document import SECTIONS
from gateway.i18n import LANGUAGES, Translation, load_translations
from gateway.rendering import TEMPLATES

ROOT = Path(gateway.__file__).parent
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]")
# `t` is what macros call `_`: they are imported without context.
KEYWORDS = {"_": None, "t": None, "ngettext": (1, 2)}


def texts() -> Iterator[tuple[str, str]]:
    methods = [
        ("console/**", "ignore"),
        ("templates/site/**.html", "jinja2.ext:babel_extract"),
        ("**.py", "python"),
    ]
    for name, line, message, _, _ in extract_from_dir(ROOT, methods, keywords=KEYWORDS):
        yield message if isinstance(message, str) else message[0], f"{name}:{line}"
    for title in SECTIONS.values():
        yield title, "SECTIONS"


def test_every_text_has_an_english_translation_with_the_same_places() -> None:
    english = load_translations()["en"]
    found = dict(texts())
    assert len(found) > 100
    missing = {text: where for text, where in found.items() if text not in english.messages}
    assert not missing
    for text in found:
        for form in english.messages[text]:
            assert PLACEHOLDER.findall(form) == PLACEHOLDER.findall(text), text


def test_no_template_switches_escaping_off() -> None:
    for path in TEMPLATES.rglob("*.html"):
        assert "|safe" not in path.read_text().replace(" ", ""), path


@pytest.mark.parametrize(
    ("number", "wanted"), [(0, "0 results"), (1, "1 result"), (2, "2 results")]
)
def test_english_has_a_plural_and_vietnamese_has_none(number: int, wanted: str) -> None:
    text = "%(num)d kết quả"
    spoken = load_translations()
    assert spoken["en"].ngettext(text, text, number) % {"num": number} == wanted
    assert spoken["vi"].ngettext(text, text, number) % {"num": number} == f"{number} kết quả"


def test_an_unknown_text_stays_as_it_is(tmp_path: Path) -> None:
    assert Translation("en", {}).gettext("Chưa dịch") == "Chưa dịch"
    assert set(load_translations(tmp_path)) == set(LANGUAGES)
