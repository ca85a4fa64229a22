"""What only an index on disk can get wrong: other processes, strangers' files, crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from whoosh.index import FileIndex

from catalogue.search.engine import Entry, IndexMismatch, SearchUnavailable
from catalogue.search.query import Query
from catalogue.search.stamp import STAMP
from catalogue.search.whoosh_commit import Commit
from catalogue.search.whoosh_engine import WhooshEngine, create_index, rebuild_index
from catalogue.search.whoosh_schema import DurableStorage

ROOT = Path(__file__).resolve().parents[3]


def entry(document_id: int, title: str, body: str = "") -> Entry:
    return Entry(document_id, title, body, f"/{document_id}", "haiduong")


def ids(engine: WhooshEngine, text: str) -> list[int]:
    return [hit.document_id for hit in engine.search(Query(text)).hits]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    engine = create_index(tmp_path / "index")
    engine.apply([entry(1, "Lễ hội đền Quát")])
    engine.close()
    return tmp_path / "index"


def test_a_commit_of_another_process_is_seen_at_the_next_query(folder: Path) -> None:
    engine = WhooshEngine(folder)
    assert ids(engine, "chợ nổi") == []
    program = (
        "import sys; from pathlib import Path\n"
        "from catalogue.search.engine import Entry\n"
        "from catalogue.search.whoosh_engine import WhooshEngine\n"
        "WhooshEngine(Path(sys.argv[1])).apply([Entry(2, 'Chợ nổi', '', '/2', 's')], removed=[1])\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder)], check=True, cwd=ROOT)
    assert ids(engine, "chợ nổi") == [2]
    assert ids(engine, "lễ hội") == []


def test_an_index_of_another_analysis_says_how_to_rebuild(folder: Path) -> None:
    stamp = json.loads((folder / STAMP).read_text())
    (folder / STAMP).write_text(json.dumps(stamp | {"analysis": 0}))
    with pytest.raises(IndexMismatch, match="hopnhat index --rebuild"):
        WhooshEngine(folder)


@pytest.mark.parametrize("content", ["", "[", "{}", None])
def test_a_directory_without_our_stamp_is_never_opened(folder: Path, content: str | None) -> None:
    (folder / STAMP).unlink()
    if content is not None:
        (folder / STAMP).write_text(content)
    with pytest.raises(IndexMismatch, match="hopnhat index --rebuild"):
        WhooshEngine(folder)


def test_a_directory_that_anyone_may_write_to_is_never_opened(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(IndexMismatch, match="anyone may write"):
        WhooshEngine(folder)


def test_a_missing_index_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(SearchUnavailable, match="no search index"):
        WhooshEngine(tmp_path / "none")


def test_an_index_is_not_made_among_other_files(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(SearchUnavailable, match="not empty"):
        create_index(tmp_path)


def test_a_second_writer_is_told_so(folder: Path) -> None:
    writer = FileIndex(DurableStorage(folder)).writer()
    engine = WhooshEngine(folder, patience=0.1)
    with pytest.raises(SearchUnavailable, match="another process is writing"):
        engine.apply([entry(2, "Chợ")])
    writer.cancel()
    engine.apply([entry(2, "Chợ")])
    assert engine.count() == 2


def test_what_fails_half_way_leaves_the_index_as_it_was(folder: Path) -> None:
    engine = WhooshEngine(folder)

    def entries() -> list[Entry]:
        raise RuntimeError("the catalogue went away")

    with pytest.raises(RuntimeError):
        engine.apply((made for made in entries()), removed=[1])
    assert engine.document_ids() == {1}
    engine.apply([entry(3, "Chợ nổi")])
    assert engine.document_ids() == {1, 3}


def test_a_rebuilt_index_takes_the_place_of_any_other(folder: Path) -> None:
    reader = WhooshEngine(folder)
    assert ids(reader, "lễ hội") == [1]
    (folder / STAMP).write_text("{}")
    rebuilt = rebuild_index(folder, [entry(5, "Chợ nổi")])
    assert rebuilt.document_ids() == {5}
    assert ids(reader, "chợ nổi") == [5]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_an_index_is_rebuilt_where_none_was(tmp_path: Path) -> None:
    assert rebuild_index(tmp_path / "index", [entry(1, "Chợ")]).count() == 1


def test_a_damaged_index_is_unavailable_not_a_crash(folder: Path) -> None:
    for table in folder.glob("*.toc"):
        table.write_bytes(b"")
    with pytest.raises(SearchUnavailable, match="cannot be read"):
        WhooshEngine(folder)


def test_an_open_index_answers_on_while_its_directory_is_away(folder: Path) -> None:
    engine = WhooshEngine(folder)
    folder.rename(folder.with_name("elsewhere"))
    assert ids(engine, "lễ hội") == [1]
    assert engine.health().ok


def test_many_threads_may_search_while_one_writes(folder: Path) -> None:
    engine = WhooshEngine(folder)
    engine.apply(entry(number, f"Chợ nổi số {number}", "đông vui " * 20) for number in range(2, 60))

    def look(number: int) -> int:
        if number % 10 == 0:
            engine.apply([entry(number, f"Chợ nổi số {number}", "mới")])
        return engine.search(Query(f"chợ nổi số {2 + number % 50}")).total

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(10, 60))) == {1}


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


def test_half_a_character_breaks_neither_an_entry_nor_a_filter(folder: Path) -> None:
    engine = WhooshEngine(folder)
    broken = Entry(2, "Chợ \ud800 nổi", "\udfff", "/2", "a\ud800", unit_codes=("b\ud800",))
    engine.apply([broken])
    (hit,) = engine.search(Query("chợ nổi", site="a\ud800", unit="b\ud800")).hits
    assert hit.title == "Chợ ? nổi"


def test_a_writer_killed_in_the_middle_leaves_the_last_commit(folder: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from catalogue.search.engine import Entry\n"
        "from catalogue.search.whoosh_engine import WhooshEngine\n"
        "def entries():\n"
        "    for number in range(2, 60): yield Entry(number, 'Chợ nổi', '', '/', 's')\n"
        "    print('half way', flush=True)\n"
        "    time.sleep(60)\n"
        "WhooshEngine(Path(sys.argv[1])).apply(entries(), removed=[1])\n"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half way\n"
        writer.kill()
    engine = WhooshEngine(folder)
    assert engine.document_ids() == {1}
    engine.apply([entry(2, "Chợ nổi")])
    assert engine.document_ids() == {1, 2}
