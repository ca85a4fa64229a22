"""Every engine finds what the reference finds, counts what it counts and orders as it does."""

from __future__ import annotations

import datetime as dt
import random
from typing import TYPE_CHECKING

import pytest

from catalogue.search.analysis import fold
from catalogue.search.engine import Entry, Hits
from catalogue.search.query import Query
from catalogue.search.whoosh_engine import WhooshEngine, create_index
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


@pytest.fixture(scope="module")
def pair(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[ReferenceEngine, WhooshEngine]]:
    """Both engines after the same five commits of additions, replacements and removals."""
    rng = random.Random(7)
    reference = ReferenceEngine()
    whoosh = create_index(tmp_path_factory.mktemp("search") / "index")
    for _ in range(5):
        entries = [make_entry(number, rng) for number in rng.sample(range(120), 40)]
        removed = rng.sample(range(120), 5)
        reference.apply(entries, removed)
        whoosh.apply(entries, removed)
    yield reference, whoosh
    whoosh.close()


def shown(hits: Hits) -> list[tuple[int, float]]:
    return [(hit.document_id, round(hit.score, 6)) for hit in hits.hits]


def test_whoosh_and_the_reference_agree_on_everything(
    pair: tuple[ReferenceEngine, WhooshEngine],
) -> None:
    reference, whoosh = pair
    assert whoosh.document_ids() == reference.document_ids()
    for query in make_queries(random.Random(11)):
        expected, given = reference.search(query), whoosh.search(query)
        assert shown(given) == shown(expected), query
        assert (given.total, given.facets, given.loosened) == (
            expected.total,
            expected.facets,
            expected.loosened,
        ), query


def test_whoosh_and_the_reference_suggest_the_same(
    pair: tuple[ReferenceEngine, WhooshEngine],
) -> None:
    reference, whoosh = pair
    for prefix in ("u", "uy ban", "Quyết đ", "gia l", "le", "x"):
        assert set(whoosh.suggest(prefix, 20)) == set(reference.suggest(prefix, 20)), prefix
