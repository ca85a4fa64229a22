"""What only an index on disk can get wrong: other processes, strangers' files, crashes."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from catalogue.search.engine import Entry, IndexMismatch, SearchEngine, SearchUnavailable
from catalogue.search.engines import EngineName, open_index, read_index, rebuild_index
from catalogue.search.query import Query
from catalogue.search.stamp import STAMP

ROOT = Path(__file__).resolve().parents[3]


def entry(document_id: int, title: str, body: str = "") -> Entry:
    return Entry(document_id, title, body, f"/{document_id}", "haiduong")


def ids(engine: SearchEngine, text: str) -> list[int]:
    return [hit.document_id for hit in engine.search(Query(text)).hits]


@pytest.fixture(params=["tantivy", "whoosh"])
def name(request: pytest.FixtureRequest) -> EngineName:
    engine: EngineName = request.param
    return engine


@pytest.fixture
def folder(name: EngineName, tmp_path: Path) -> Path:
    engine = open_index(name, tmp_path / "index")
    engine.apply([entry(1, "Lễ hội đền Quát")])
    engine.close()
    return tmp_path / "index"


def test_a_commit_of_another_process_is_seen_at_the_next_query(
    name: EngineName, folder: Path
) -> None:
    engine = read_index(name, folder)
    assert ids(engine, "chợ nổi") == []
    program = (
        "import sys; from pathlib import Path\n"
        "from catalogue.search.engine import Entry\n"
        "from catalogue.search.engines import read_index\n"
        "read_index(sys.argv[2], Path(sys.argv[1])).apply([Entry(2, 'Chợ nổi', '', '/2', 's')], removed=[1])\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder), name], check=True, cwd=ROOT)
    assert ids(engine, "chợ nổi") == [2]
    assert ids(engine, "lễ hội") == []


def test_an_index_of_another_analysis_says_how_to_rebuild(name: EngineName, folder: Path) -> None:
    stamp = json.loads((folder / STAMP).read_text())
    (folder / STAMP).write_text(json.dumps(stamp | {"analysis": 0}))
    with pytest.raises(IndexMismatch, match="hopnhat index --rebuild"):
        read_index(name, folder)


@pytest.mark.parametrize("content", ["", "[", "{}", None])
def test_a_directory_without_our_stamp_is_never_opened(
    name: EngineName, folder: Path, content: str | None
) -> None:
    (folder / STAMP).unlink()
    if content is not None:
        (folder / STAMP).write_text(content)
    with pytest.raises(IndexMismatch, match="hopnhat index --rebuild"):
        read_index(name, folder)


def test_a_directory_that_anyone_may_write_to_is_never_opened(
    name: EngineName, folder: Path
) -> None:
    folder.chmod(0o777)
    with pytest.raises(IndexMismatch, match="anyone may write"):
        read_index(name, folder)


def test_a_missing_index_is_unavailable(name: EngineName, tmp_path: Path) -> None:
    with pytest.raises(SearchUnavailable, match="no search index"):
        read_index(name, tmp_path / "none")


def test_an_index_is_neither_opened_nor_made_among_other_files(
    name: EngineName, tmp_path: Path
) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(IndexMismatch, match="not an index of ours"):
        open_index(name, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_what_fails_half_way_leaves_the_index_as_it_was(name: EngineName, folder: Path) -> None:
    engine = read_index(name, folder)

    def entries() -> list[Entry]:
        raise RuntimeError("the catalogue went away")

    with pytest.raises(RuntimeError):
        engine.apply((made for made in entries()), removed=[1])
    assert engine.document_ids() == {1}
    engine.apply([entry(3, "Chợ nổi")])
    assert engine.document_ids() == {1, 3}


def test_a_rebuilt_index_takes_the_place_of_any_other(name: EngineName, folder: Path) -> None:
    reader = read_index(name, folder)
    assert ids(reader, "lễ hội") == [1]
    (folder / STAMP).write_text("{}")
    rebuilt = rebuild_index(name, folder, [entry(5, "Chợ nổi")])
    assert rebuilt.document_ids() == {5}
    assert ids(reader, "chợ nổi") == [5]
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_an_index_is_rebuilt_where_none_was(name: EngineName, tmp_path: Path) -> None:
    assert rebuild_index(name, tmp_path / "index", [entry(1, "Chợ")]).count() == 1


def test_an_open_index_answers_on_while_its_directory_is_away(
    name: EngineName, folder: Path
) -> None:
    engine = read_index(name, folder)
    folder.rename(folder.with_name("elsewhere"))
    assert ids(engine, "lễ hội") == [1]
    assert engine.health().ok


def test_many_threads_may_search_while_one_writes(name: EngineName, folder: Path) -> None:
    engine = read_index(name, folder)
    engine.apply(entry(number, f"Chợ nổi số {number}", "đông vui " * 20) for number in range(2, 60))

    def look(number: int) -> int:
        if number % 10 == 0:
            engine.apply([entry(number, f"Chợ nổi số {number}", "mới")])
        return engine.search(Query(f"chợ nổi số {2 + number % 50}")).total

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(10, 60))) == {1}


def test_half_a_character_breaks_neither_an_entry_nor_a_filter(
    name: EngineName, folder: Path
) -> None:
    engine = read_index(name, folder)
    broken = Entry(2, "Chợ \ud800 nổi", "\udfff", "/2", "a\ud800", unit_codes=("b\ud800",))
    engine.apply([broken])
    (hit,) = engine.search(Query("chợ nổi", site="a\ud800", unit="b\ud800")).hits
    assert hit.title == "Chợ ? nổi"


def test_a_writer_killed_in_the_middle_leaves_the_last_commit(
    name: EngineName, folder: Path
) -> None:
    program = (
        "import sys, time; from pathlib import Path\n"
        "from catalogue.search.engine import Entry\n"
        "from catalogue.search.engines import read_index\n"
        "def entries():\n"
        "    for number in range(2, 60): yield Entry(number, 'Chợ nổi', '', '/', 's')\n"
        "    print('half way', flush=True)\n"
        "    time.sleep(60)\n"
        "read_index(sys.argv[2], Path(sys.argv[1])).apply(entries(), removed=[1])\n"
    )
    command = [sys.executable, "-c", program, str(folder), name]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"half way\n"
        writer.kill()
    engine = read_index(name, folder)
    assert engine.document_ids() == {1}
    engine.apply([entry(2, "Chợ nổi")])
    assert engine.document_ids() == {1, 2}


def test_an_index_of_the_other_engine_says_how_to_rebuild(name: EngineName, folder: Path) -> None:
    other: EngineName = "whoosh" if name == "tantivy" else "tantivy"
    with pytest.raises(IndexMismatch, match="hopnhat index --rebuild"):
        open_index(other, folder)
    assert rebuild_index(other, folder, [entry(1, "Chợ")]).health().engine == other
