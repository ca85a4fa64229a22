"""Floors under how well real questions find their paragraph, with marks and without."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalogue.search.analysis import fold
from catalogue.search.engine import Entry, SearchEngine
from catalogue.search.engines import EngineName, open_index
from catalogue.search.query import Query

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "search"
XQUAD = SHARED / "xquad.vi.json"
EVERY = 3

pytestmark = pytest.mark.skipif(
    not XQUAD.exists(), reason="XQuAD-vi (CC BY-SA) is not part of the project: ../shared is absent"
)


@pytest.fixture(scope="module", params=["tantivy", "whoosh"])
def index(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SearchEngine, list[tuple[str, int]]]:
    """The 240 paragraphs of XQuAD-vi and every third of its 1,190 questions."""
    articles = json.loads(XQUAD.read_text(encoding="utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    questions = [
        (question["question"], number)
        for number, paragraph in enumerate(paragraphs)
        for question in paragraph["qas"]
    ]
    name: EngineName = request.param
    engine = open_index(name, tmp_path_factory.mktemp("xquad") / "index")
    engine.apply(
        Entry(number, "", paragraph["context"], f"/{number}", "xquad")
        for number, paragraph in enumerate(paragraphs)
    )
    return engine, questions[::EVERY]


@pytest.mark.parametrize(("typed", "floor"), [("with marks", 0.90), ("without marks", 0.895)])
def test_the_first_hit_is_the_right_paragraph(
    index: tuple[SearchEngine, list[tuple[str, int]]], typed: str, floor: float
) -> None:
    engine, questions = index
    right = 0
    for question, number in questions:
        text = question if typed == "with marks" else fold(question)
        hits = engine.search(Query(text, limit=1)).hits
        right += bool(hits) and hits[0].document_id == number
    share = right / len(questions)
    print(f"R@1 {typed}: {share:.3f} of {len(questions)} questions")
    assert share >= floor
