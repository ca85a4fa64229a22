"""Every text an editor sees has its English words, and English is what is shown when asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir
from starlette.testclient import TestClient

import gateway
from gateway.i18n import load_translations
from tests.gateway.console.office import Office

ROOT = Path(gateway.__file__).parent
METHODS = [
    ("templates/console/**.html", "jinja2.ext:babel_extract"),
    ("console/**.py", "python"),
]
PLACE = re.compile(r"%\(\w+\)[sd]|%%")


def texts() -> Iterator[str]:
    for _name, _line, text, _comments, _context in extract_from_dir(
        ROOT, METHODS, keywords={"_": None}
    ):
        assert isinstance(text, str)
        yield text


def test_every_text_has_an_english_translation_with_the_same_places() -> None:
    english = load_translations()["en"].messages
    found = set(texts())
    assert len(found) > 150
    assert [text for text in found if text not in english] == []
    for text in found:
        assert sorted(PLACE.findall(english[text][0])) == sorted(PLACE.findall(text)), text


def test_a_language_is_chosen_once_and_kept(office: Office) -> None:
    client: TestClient = office.client(signed_in=False)
    assert "Đăng nhập" in client.get("/dang-nhap").text
    assert "Sign in" in client.get("/dang-nhap?lang=en").text
    page = client.get("/dang-nhap?ve=/tai-lieu&lang=en").text
    assert 'href="?ve=%2Ftai-lieu&amp;lang=vi"' in page
    page = client.get("/dang-nhap").text
    assert '<html lang="en">' in page
    assert "Sign in" in page
