"""What only Whoosh can get wrong on disk: its lock, its table of contents, its memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from whoosh.index import FileIndex

from catalogue.search.engine import Entry, SearchUnavailable
from catalogue.search.query import Query
from catalogue.search.whoosh_commit import Commit
from catalogue.search.whoosh_engine import WhooshEngine, create_index
from catalogue.search.whoosh_schema import DurableStorage


def entry(document_id: int, title: str) -> Entry:
    return Entry(document_id, title, "", f"/{document_id}", "haiduong")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    engine = create_index(tmp_path / "index")
    engine.apply([entry(1, "Lễ hội đền Quát")])
    engine.close()
    return tmp_path / "index"


def test_a_second_writer_is_told_so(folder: Path) -> None:
    writer = FileIndex(DurableStorage(folder)).writer()
    engine = WhooshEngine(folder, patience=0.1)
    with pytest.raises(SearchUnavailable, match="another process is writing"):
        engine.apply([entry(2, "Chợ")])
    writer.cancel()
    engine.apply([entry(2, "Chợ")])
    assert engine.count() == 2


def test_a_damaged_index_is_unavailable_not_a_crash(folder: Path) -> None:
    for table in folder.glob("*.toc"):
        table.write_bytes(b"")
    with pytest.raises(SearchUnavailable, match=r"cannot be read.*hopnhat index --rebuild"):
        WhooshEngine(folder)


def test_many_commits_do_not_grow_without_end(tmp_path: Path) -> None:
    engine = create_index(tmp_path / "index")
    for _ in range(30):
        engine.apply([entry(number, "Chợ nổi Cái Răng") for number in range(5)])
    assert engine.count() == 5
    assert len(list((tmp_path / "index").iterdir())) < 20


def test_only_so_many_postings_stay_in_memory(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalogue.search.whoosh_commit.CACHED_POSTINGS", 3)
    engine = WhooshEngine(folder)
    engine.apply([entry(number, "Chợ nổi Cái Răng") for number in range(2, 9)])
    assert engine.search(Query("chợ nổi")).total == 7
    commit = engine._opened.commit if engine._opened else None
    assert isinstance(commit, Commit)
    assert commit._cached <= 7


def test_an_index_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SearchUnavailable, match="not empty"):
        create_index(tmp_path)
