"""Every engine finds what the reference finds, counts what it counts and orders as it does."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from catalogue.search.analysis import fold
from catalogue.search.engine import Entry, Hits, SearchEngine
from catalogue.search.engines import EngineName, open_index
from catalogue.search.query import MAX_LIMIT, Query
from tests.engines.reference_search import ReferenceEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

WORDS = [
    "ủy",
    "ban",
    "nhân",
    "dân",
    "huyện",
    "gia",
    "lộc",
    "tỉnh",
    "hải",
    "dương",
    "thành",
    "phố",
    "phòng",
    "quyết",
    "định",
    "quy",
    "hoạch",
    "sử",
    "dụng",
    "đất",
    "thủ",
    "tục",
    "hành",
    "chính",
    "cấp",
    "giấy",
    "phép",
    "xây",
    "dựng",
    "nhà",
    "ở",
    "hộ",
    "khẩu",
    "khai",
    "sinh",
    "kết",
    "hôn",
    "lễ",
    "hội",
    "đền",
]


def make_entry(document_id: int, rng: random.Random) -> Entry:
    def text(low: int, high: int) -> str:
        return " ".join(rng.choices(WORDS, k=rng.randint(low, high)))

    return Entry(
        document_id,
        text(3, 9),
        text(0, 60),
        f"/d/{document_id}",
        rng.choice(["haiduong", "haiphong", "gialoc"]),
        number=f"{rng.randint(1, 30)}/2024/QĐ-UBND" if rng.random() < 0.3 else "",
        section=rng.choice(["tin-tuc", "van-ban", ""]),
        unit_codes=tuple(rng.sample(["297", "30", "31"], rng.randint(0, 3))),
        published_on=dt.date(2020, 1, 1) + dt.timedelta(rng.randint(0, 1500))
        if rng.random() < 0.8
        else None,
    )


def make_queries(rng: random.Random) -> Iterator[Query]:
    for _ in range(150):
        words = rng.choices(WORDS, k=rng.randint(1, 9))
        text = " ".join(words)
        if rng.random() < 0.3:
            text = fold(text)
        if rng.random() < 0.2:
            text = f'"{text}" {rng.choice(WORDS)}' if len(words) < 4 else f"{text} -{words[0]}"
        if rng.random() < 0.1:
            text = f"{rng.randint(1, 30)}/2024/qđ-ubnd"
        yield Query(
            text,
            site=rng.choice([None, None, "gialoc"]),
            unit=rng.choice([None, None, "297"]),
            year=rng.choice([None, None, 2022]),
            sort=rng.choice(["relevance", "relevance", "date"]),
            offset=rng.choice([0, 0, 5]),
        )


Engines = dict[str, SearchEngine]
TOP = 10


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    """Every engine after the same five commits of additions, replacements and removals."""
    rng = random.Random(7)
    folder = tmp_path_factory.mktemp("search")
    names: tuple[EngineName, ...] = ("whoosh", "tantivy")
    made: Engines = {name: open_index(name, folder / name) for name in names}
    made["reference"] = ReferenceEngine()
    for _ in range(5):
        entries = [make_entry(number, rng) for number in rng.sample(range(120), 40)]
        removed = rng.sample(range(120), 5)
        for engine in made.values():
            engine.apply(entries, removed)
    yield made
    for engine in made.values():
        engine.close()


def shown(hits: Hits) -> list[tuple[int, float]]:
    return [(hit.document_id, round(hit.score, 6)) for hit in hits.hits]


@pytest.mark.parametrize("name", ["whoosh", "tantivy"])
def test_every_engine_finds_and_counts_what_the_reference_does(engines: Engines, name: str) -> None:
    reference, engine = engines["reference"], engines[name]
    assert engine.document_ids() == reference.document_ids()
    for query in make_queries(random.Random(11)):
        expected, given = reference.search(query), engine.search(query)
        assert (given.total, given.facets, given.loosened) == (
            expected.total,
            expected.facets,
            expected.loosened,
        ), query
        everything = replace(query, offset=0, limit=MAX_LIMIT)
        recalled = [
            {hit.document_id for hit in each.search(everything).hits}
            for each in (reference, engine)
        ]
        assert expected.total > MAX_LIMIT or recalled[0] == recalled[1], query


def test_whoosh_scores_and_orders_as_the_reference_does(engines: Engines) -> None:
    for query in make_queries(random.Random(11)):
        expected = engines["reference"].search(query)
        assert shown(engines["whoosh"].search(query)) == shown(expected), query


def test_the_ten_best_of_tantivy_are_those_of_the_reference(engines: Engines) -> None:
    """Tantivy rounds lengths to a byte and counts what is deleted until it merges."""
    shares = []
    for query in make_queries(random.Random(11)):
        expected, given = (
            [hit.document_id for hit in engines[name].search(query).hits]
            for name in ("reference", "tantivy")
        )
        if query.sort == "date":
            assert given == expected, query
        elif expected:
            shares.append(len(set(expected) & set(given)) / len(expected))
    print(f"overlap of the {TOP} best: {sum(shares) / len(shares):.3f}")
    assert sum(shares) / len(shares) >= 0.9


@pytest.mark.parametrize("name", ["whoosh", "tantivy"])
def test_every_engine_suggests_what_the_reference_does(engines: Engines, name: str) -> None:
    for prefix in ("u", "uy ban", "Quyết đ", "gia l", "le", "x"):
        expected = engines["reference"].suggest(prefix, 20)
        assert set(engines[name].suggest(prefix, 20)) == set(expected), prefix
