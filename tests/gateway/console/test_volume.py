"""Review at volume: with tens of thousands of documents every list is read from an index."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select

from catalogue.database import current_revision
from catalogue.document import SECTIONS, DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.schema import batch, capture, document, document_body, mapping
from gateway.settings.routes import RouteSettings
from tests.gateway.console.office import NOW, PIECES, Office, open_office

MANY = 20_000
BULK = 5_000


def import_many(connection: Connection) -> None:
    """Keep many documents at once, with a suggested mapping each."""
    capture_id = connection.execute(select(func.min(capture.c.id))).scalar_one()
    first = connection.execute(select(func.max(document.c.id))).scalar_one() + 1
    sections = list(SECTIONS)
    ids = range(first, first + MANY)
    rows = [
        {
            "id": number,
            "site_id": 1 + number % 2,
            "key": f"www.haiduong.gov.vn/tin/bai-so-{number}",
            "url": f"http://www.haiduong.gov.vn/tin/bai-so-{number}",
            "capture_id": capture_id,
            "kind": "article",
            "state": "imported",
            "section": "du-thao" if number < first + BULK else sections[number % 5],
            "title": f"Bài viết số {number}",
            "title_folded": f"bai viet so {number}",
            "slug": f"bai-viet-so-{number}",
            "listed_on": NOW.date(),
            "flags": " no-date " if number % 7 == 0 else "",
            "text_digest": f"{number:064x}",
            "version": 1,
            "edited": "",
            "imported_at": NOW,
            "updated_at": NOW,
        }
        for number in ids
    ]
    connection.execute(insert(document), rows)
    bodies = [
        {"document_id": number, "html": "<p>Nội dung</p>", "text": "Nội dung"}
        | {"breadcrumb": [], "attachments": []}
        for number in ids
    ]
    connection.execute(insert(document_body), bodies)
    mappings = [
        {"site_id": row["site_id"], "key": row["key"], "raw": row["url"], "kind": "moved"}
        | {"target": f"doc:{row['id']}", "targets": [], "state": "suggested", "source": "crawl"}
        | {"query": "drop", "updated_at": NOW}
        for row in rows
    ]
    connection.execute(insert(mapping), mappings)


@pytest.fixture(scope="module")
def crowd(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("crowd") / "data"
    with open_office(furnished, data) as office, office.database.writing() as connection:
        import_many(connection)
        connection.exec_driver_sql("ANALYZE")
    return data


@pytest.fixture
def crowded(crowd: Path, tmp_path: Path) -> Iterator[Office]:
    with open_office(crowd, tmp_path / "data") as opened:
        yield opened


@dataclass
class Plans:
    """The statements that were run, and what SQLite says it does for each."""

    asked: list[tuple[str, Any]] = field(default_factory=list)

    def scans(self, connection: Connection) -> list[str]:
        """The plan lines that read a whole table."""
        lines = []
        for statement, parameters in self.asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [f"{row[3]} -- {statement[:120]}" for row in plan]
        return [line for line in lines if re.match(r"SCAN (?!.*USING .*INDEX)\w+", line)]


@contextmanager
def watched(office: Office) -> Iterator[Plans]:
    plans = Plans()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            plans.asked.append((statement, parameters))

    event.listen(office.database.engine, "before_cursor_execute", note)
    try:
        yield plans
    finally:
        event.remove(office.database.engine, "before_cursor_execute", note)


def test_reading_a_whole_table_would_be_noticed(office: Office) -> None:
    plans = Plans([("SELECT title FROM document WHERE title = ?", ("x",))])
    with office.database.reading() as connection:
        assert len(plans.scans(connection)) == 1


SMALL_TABLES = ("site", "revision", "editor", "session", "batch", "miss")


@pytest.mark.parametrize(
    "path",
    [
        "/tai-lieu",
        "/tai-lieu?sau=9000",
        "/tai-lieu?cong=gialoc&muc=tin-tuc",
        "/tai-lieu?trang-thai=tat-ca&sau=15000",
        "/tai-lieu?co=no-date&sau=15000",
        "/tai-lieu/9000?muc=tin-tuc",
        "/",
        "/anh-xa?cong=haiduong&trang-thai=suggested&sau=9000",
        "/nguoi-goi?im-lang=30",
    ],
)
def test_no_page_reads_a_whole_table(crowded: Office, path: str) -> None:
    route = RouteSettings(name="a", host="a.test", path="/a", upstream="http://127.0.0.1:9")
    crowded.settings = crowded.settings.model_copy(update={"route": (route,)})
    client = crowded.client()
    with watched(crowded) as plans:
        assert client.get(path).status_code == 200
    assert len(plans.asked) > 3
    with crowded.database.reading() as connection:
        scans = plans.scans(connection)
    assert [line for line in scans if line.split()[1] not in SMALL_TABLES] == []


def test_a_bulk_of_thousands_is_one_batch_one_revision_and_one_undo(crowded: Office) -> None:
    client = crowded.client()
    with crowded.database.reading() as connection:
        revision = current_revision(connection)
    form = {"viec": "accept", "pham-vi": "loc", "muc": "du-thao"}
    preview = client.post("/tai-lieu/quyet-dinh", data=form).text
    assert "Chấp nhận: 5.000 tài liệu" in preview
    last = re.search(r'name="den" value="(\d+)"', preview)
    assert last is not None
    client.post("/tai-lieu/quyet-dinh", data=form | {"so-luong": "5000", "den": last.group(1)})
    accepted = DocumentFilter(state=DocumentState.ACCEPTED)
    with crowded.database.reading() as connection:
        assert len(Documents(connection).ids(accepted)) == BULK
        assert current_revision(connection) == revision + 1
        made = connection.execute(select(batch.c.id, batch.c.size)).all()
    assert [row.size for row in made] == [BULK]
    client.post("/hoan-tac", data={"lo": made[0].id, "ve": "/tai-lieu"})
    with crowded.database.reading() as connection:
        assert Documents(connection).ids(accepted) == []
        imported = DocumentFilter(state=DocumentState.IMPORTED)
        assert len(Documents(connection).ids(imported)) == MANY + len(PIECES) - 2
