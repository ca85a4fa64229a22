"""What the manual says is what happens."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

from catalogue.search.analysis import find_numbers, tokenize
from catalogue.search.query import MAX_LENGTH, MAX_TERMS, parse_query

DOCS = Path(__file__).resolve().parents[3] / "docs"


def lines(name: str) -> list[str]:
    text = (DOCS / "search.md").read_text(encoding="utf-8")
    (block,) = re.findall(rf"^```{name}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return block.splitlines()


def test_the_spellings_of_the_manual_are_one_word() -> None:
    for line in lines("spellings"):
        spellings = [spelling.strip() for spelling in line.split("|")]
        spellings.append(unicodedata.normalize("NFD", spellings[0]))
        tokens = {
            tuple((token.exact, token.folded) for token in tokenize(spelling))
            for spelling in spellings
        }
        assert len(tokens) == 1, line


def test_the_numbers_of_the_manual_are_kept_whole() -> None:
    for line in lines("numbers"):
        text, _, key = line.partition(" -> ")
        assert [number.key for number in find_numbers(text)] == [key]


def test_the_queries_of_the_manual_are_read_as_it_says() -> None:
    for line in lines("plans"):
        text, _, expected = line.partition(" -> ")
        plan = parse_query(text)
        said = [" ".join(plan.words.folded)]
        said += [f"phrase: {' '.join(words.folded)}" for words in plan.phrases]
        said += [f"without: {' '.join(words.folded)}" for words in plan.excluded]
        said += [f"number: {key}" for key in plan.numbers]
        assert "; ".join(said) == expected


def test_the_bounds_of_the_manual_are_the_bounds() -> None:
    text = (DOCS / "search.md").read_text(encoding="utf-8")
    assert f"{MAX_LENGTH} characters and {MAX_TERMS} words" in text
