"""What a search costs and finds: our two engines beside Whoosh as it comes and SQLite's FTS5.

The same passages and questions for all, in one process, in turns; CPU time. With ../shared these
are XQuAD-vi among passages of the Vietnamese Wikipedia, otherwise texts made of unit names.
"""

from __future__ import annotations

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

from whoosh.analysis.analyzers import StandardAnalyzer
from whoosh.fields import ID, TEXT, Schema
from whoosh.index import create_in
from whoosh.query.compound import Or
from whoosh.query.terms import Term

from benchmarks.measure import print_line, print_table
from catalogue.search.analysis import fold, tokenize
from catalogue.search.engine import Entry
from catalogue.search.engines import EngineName, open_index
from catalogue.search.query import Query
from catalogue.units.labels import full_label
from catalogue.units.register import load_register

SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "search"
QUESTIONS_EVERY = 4
SHORT_QUERIES = 300
TOP = 10

Search = Callable[[str], list[int]]


@dataclass
class Figures:
    """What was measured of one contender."""

    index_seconds: float
    index_bytes: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    right: dict[str, float] = field(default_factory=dict)


def main() -> None:
    """Build the four indexes, ask them everything in turns, print."""
    entries, questions = passages()
    rng = random.Random(1)
    asked = {
        "marks": questions,
        "none": [(fold(text), number) for text, number in questions],
        "short": [(stretch(rng.choice(entries).body, rng), -1) for _ in range(SHORT_QUERIES)],
    }
    with tempfile.TemporaryDirectory() as folder:
        contenders = {
            "tantivy": build(lambda at: ours("tantivy", at, entries), Path(folder) / "tantivy"),
            "ours": build(lambda at: ours("whoosh", at, entries), Path(folder) / "ours"),
            "whoosh": build(lambda at: plain_whoosh(at, entries), Path(folder) / "whoosh"),
            "fts5": build(lambda at: fts5(at, entries), Path(folder) / "fts5"),
        }
        for name, queries in asked.items():
            for search, figures in contenders.values():
                search(queries[0][0])
                figures.seconds[name], figures.right[name] = ask(search, queries)
    report(len(entries), {name: figures for name, (_, figures) in contenders.items()})


def passages() -> tuple[list[Entry], list[tuple[str, int]]]:
    """Give passages and questions, each with the number of the passage that answers it."""
    if not (SHARED / "xquad.vi.json").exists():
        return unit_passages()
    entries: list[Entry] = []
    questions: list[tuple[str, int]] = []
    articles = json.loads((SHARED / "xquad.vi.json").read_text(encoding="utf-8"))["data"]
    for paragraph in (part for article in articles for part in article["paragraphs"]):
        questions += [(question["question"], len(entries)) for question in paragraph["qas"]]
        entries.append(make_entry(len(entries), "", paragraph["context"]))
    with (SHARED / "viwiki_passages_sample.jsonl").open(encoding="utf-8") as lines:
        for passage in map(json.loads, lines):
            entries.append(make_entry(len(entries), passage["t"], passage["x"]))
    return entries, questions[::QUESTIONS_EVERY]


def unit_passages() -> tuple[list[Entry], list[tuple[str, int]]]:
    """Make passages of what became of each fifth unit."""
    register = load_register()
    entries: list[Entry] = []
    questions: list[tuple[str, int]] = []
    for unit in list(register)[::5]:
        heirs = "; ".join(full_label(register, heir.unit) for heir in register.successors(unit))
        label = full_label(register, unit)
        questions.append((f"{label} nay thuộc đơn vị hành chính nào", len(entries)))
        body = f"{label} được sắp xếp theo {unit.legal_basis}. Đơn vị mới: {heirs}."
        entries.append(make_entry(len(entries), label, body))
    return entries, questions[:: len(questions) // 300]


def make_entry(number: int, title: str, body: str) -> Entry:
    """Make a passage an entry."""
    return Entry(number, title, body, f"/{number}", f"site-{number % 3}")


def stretch(text: str, rng: random.Random) -> str:
    """Take two to four neighbouring words of a text: a short query that has an answer."""
    words = text.split()
    start = rng.randrange(max(1, len(words) - 4))
    return " ".join(words[start : start + rng.randint(2, 4)])


def build(make: Callable[[Path], Search], folder: Path) -> tuple[Search, Figures]:
    """Build one index and measure it."""
    folder.mkdir()
    started = time.process_time()
    search = make(folder)
    seconds = time.process_time() - started
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return search, Figures(seconds, size)


def ours(name: EngineName, folder: Path, entries: Iterable[Entry]) -> Search:
    """One of our engines: totals, facets and snippets included, as a result page asks for them."""
    engine = open_index(name, folder)
    engine.apply(entries)
    return lambda text: [hit.document_id for hit in engine.search(Query(text, limit=TOP)).hits]


def plain_whoosh(folder: Path, entries: Iterable[Entry]) -> Search:
    """Whoosh with its StandardAnalyzer, any word of the query: ids only."""
    analyzer = StandardAnalyzer()
    index = create_in(str(folder), Schema(number=ID(stored=True), text=TEXT(analyzer=analyzer)))
    writer = index.writer(limitmb=256)
    for entry in entries:
        writer.add_document(number=str(entry.document_id), text=f"{entry.title} {entry.body}")
    writer.commit()
    searcher = index.searcher()

    def search(text: str) -> list[int]:
        words = dict.fromkeys(token.text for token in analyzer(text))
        results = searcher.search(Or([Term("text", word) for word in words]), limit=TOP)
        return [int(hit["number"]) for hit in results]

    return search


def fts5(folder: Path, entries: Iterable[Entry]) -> Search:
    """SQLite's FTS5 with remove_diacritics 2, any word of the query: ids only."""
    database = sqlite3.connect(folder / "fts.sqlite")
    database.execute(
        "create virtual table passages using fts5(text, tokenize = 'unicode61 remove_diacritics 2')"
    )
    database.executemany(
        "insert into passages (rowid, text) values (?, ?)",
        ((entry.document_id, f"{entry.title} {entry.body}") for entry in entries),
    )
    database.commit()

    def search(text: str) -> list[int]:
        words = " or ".join(f'"{text[token.start : token.end]}"' for token in tokenize(text))
        rows = database.execute(
            "select rowid from passages where passages match ? order by rank limit ?",
            (words.replace(" or ", " OR "), TOP),
        )
        return [row[0] for row in rows]

    return search


def ask(search: Search, queries: list[tuple[str, int]]) -> tuple[list[float], float]:
    """Ask everything once; give the CPU seconds of each query and the share right at rank one."""
    seconds, right = [], 0
    for text, number in queries:
        started = time.process_time()
        found = search(text)
        seconds.append(time.process_time() - started)
        right += found[:1] == [number]
    return seconds, right / len(queries)


def report(documents: int, contenders: dict[str, Figures]) -> None:
    """Print the table and the line."""
    line: dict[str, float | None] = {"documents": documents}
    columns: dict[str, dict[str, float]] = {}
    for name, figures in contenders.items():
        columns[name] = {
            "index_docs_per_s": documents / figures.index_seconds,
            "bytes_per_doc": figures.index_bytes / documents,
            **{
                f"{kind}_{mark}_ms": 1000 * value
                for kind, query in (("short", "short"), ("long", "marks"))
                for mark, value in spread(figures.seconds[query]).items()
            },
            "r1_marks": figures.right["marks"],
            "r1_none": figures.right["none"],
        }
        prefix = "" if name == "ours" else f"{name}_"
        line |= {prefix + key: value for key, value in columns[name].items()}
    rows = [
        [key, *(f"{column[key]:,.3g}" for column in columns.values())] for key in columns["ours"]
    ]
    print_table(f"Search, {documents} passages, CPU time", ["", *columns], rows)
    print_line("search", line)


def spread(seconds: list[float]) -> dict[str, float]:
    """Give the median and the 95th percentile."""
    return {"p50": median(seconds), "p95": quantiles(seconds, n=20)[-1]}


if __name__ == "__main__":
    main()
