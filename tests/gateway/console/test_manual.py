"""docs/console.md says what the console does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "console.md").read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    section = MANUAL.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize("path", [row[0].strip("`| ") for row in rows("The pages")])
def test_every_address_of_the_manual_is_a_page(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 200


def test_the_keys_of_the_manual_are_those_of_the_console(client: TestClient) -> None:
    dialog = LexborHTMLParser(client.get("/").text).css("#keys dt kbd")
    assert [each.text() for each in dialog] == [row[0].strip("`| ") for row in rows("Keys")]


def test_every_key_of_a_document_presses_something(client: TestClient) -> None:
    client.post("/tai-lieu/1/quyet-dinh", data={"viec": "reject"})
    page = client.get("/tai-lieu/2?trang-thai=tat-ca").text
    pressed = set(re.findall(r'data-key="(.)"', page))
    assert pressed == {"j", "k", "o", "a", "r", "s", "e", "?"}
