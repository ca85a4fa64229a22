"""What only tantivy can get wrong: its lock, its files, the order of equals, its facets' limit."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
import shutil
from pathlib import Path

import pytest
from tantivy import Index

from catalogue.search.engine import Entry, IndexMismatch, SearchUnavailable
from catalogue.search.query import Query
from catalogue.search.tantivy_engine import TantivyEngine, create_index
from catalogue.search.tantivy_schema import freshness


def entry(document_id: int, title: str) -> Entry:
    return Entry(document_id, title, "", f"/{document_id}", "haiduong")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    engine = create_index(tmp_path / "index")
    engine.apply([entry(1, "Lễ hội đền Quát")])
    engine.close()
    return tmp_path / "index"


def test_a_second_writer_is_told_so(folder: Path) -> None:
    writer = Index.open(str(folder)).writer(20_000_000, num_threads=1)
    engine = TantivyEngine(folder, patience=0.1)
    with pytest.raises(SearchUnavailable, match="another process is writing"):
        engine.apply([entry(2, "Chợ")])
    writer.wait_merging_threads()
    engine.apply([entry(2, "Chợ")])
    assert engine.count() == 2


@pytest.mark.parametrize("name", ["meta.json", ".managed.json"])
def test_a_damaged_index_is_unavailable_not_a_crash(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    with pytest.raises(SearchUnavailable, match=r"cannot be read.*hopnhat index --rebuild"):
        TantivyEngine(folder)


def test_no_flipped_byte_is_more_than_unavailable(folder: Path) -> None:
    """Tantivy panics on some of these, which is no Exception and would end a server's thread."""
    rng = random.Random(5)
    for round_ in range(60):
        copy = Path(shutil.copytree(folder, folder.with_name(f"copy-{round_}")))
        path = rng.choice([each for each in sorted(copy.iterdir()) if ".tantivy" not in each.name])
        content = bytearray(path.read_bytes())
        for _ in range(5):
            content[rng.randrange(len(content))] ^= rng.randrange(1, 256)
        path.write_bytes(content)
        with contextlib.suppress(SearchUnavailable, IndexMismatch):
            engine = TantivyEngine(copy)
            engine.health()
            engine.document_ids()
            engine.suggest("le", 5)
            engine.search(Query('"lễ hội" đền -chợ'))


def test_damage_under_an_open_index_is_said_by_its_health(folder: Path) -> None:
    engine = TantivyEngine(folder)
    (folder / "meta.json").write_bytes(b"{}")
    assert "cannot be read" in engine.health().detail
    assert not engine.health().ok


def test_an_index_whose_directory_is_gone_cannot_be_written(folder: Path) -> None:
    engine = TantivyEngine(folder)
    folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(SearchUnavailable, match="cannot be written"):
        engine.apply([entry(2, "Chợ")])


def test_many_commits_do_not_grow_without_end(tmp_path: Path) -> None:
    engine = create_index(tmp_path / "index")
    for _ in range(40):
        engine.apply([entry(number, "Chợ nổi Cái Răng") for number in range(5)])
    assert engine.count() == 5
    assert len(list((tmp_path / "index").iterdir())) < 100


def test_of_equals_the_newer_comes_first_and_the_undated_last() -> None:
    newer, older = dt.date(2025, 6, 1), dt.date(1, 1, 1)
    order = [freshness(newer, 9), freshness(older, 1), freshness(older, 2), freshness(None, 1)]
    assert order == sorted(order, reverse=True)
    assert freshness(dt.date.max, 0) < 2**63


def test_every_commune_is_counted_exactly(tmp_path: Path) -> None:
    engine = create_index(tmp_path / "index")
    engine.apply(
        Entry(number, "Thông báo", "", "/", "s", unit_codes=(f"{number % 1_500:05}", "31"))
        for number in range(3_000)
    )
    units = engine.search(Query("thông báo")).facets["unit"]
    assert (units.pop("31"), len(units), set(units.values())) == (3_000, 1_500, {2})


def test_an_index_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SearchUnavailable, match="not empty"):
        create_index(tmp_path)
