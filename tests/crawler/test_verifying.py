from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import update

from catalogue.captures import Captures
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.schema import document, index_due, ledger
from catalogue.search.engine import Entry, Health, Hits
from catalogue.search.query import Query
from catalogue.warc import Exchange
from crawler.crawl import reread
from crawler.verifying import verify
from tests.crawler.old_server import SITE, World


class ListedIndex:
    """An index that holds the ids it is told: verify asks for nothing else."""

    def __init__(self, ids: Iterable[int]) -> None:
        self.ids = set(ids)

    def apply(self, entries: Iterable[Entry], removed: Iterable[int] = ()) -> None:
        self.ids = (self.ids | {entry.document_id for entry in entries}) - set(removed)

    def search(self, query: Query) -> Hits:
        raise AssertionError(query)

    def suggest(self, prefix: str, limit: int) -> list[str]:
        return []

    def count(self) -> int:
        return len(self.ids)

    def document_ids(self) -> set[int]:
        return self.ids

    def health(self) -> Health:
        raise AssertionError

    def close(self) -> None:
        return None


def crawled(world: World) -> World:
    text = "Nội dung bài viết đủ dài để được đọc như một bài viết của cổng thông tin điện tử cũ."
    world.server.pages = {
        "/": f"{text}<a href=/b>x</a>",
        "/b": f"<h1>Bài hai</h1><p>{text} Hai.</p>",
    }
    world.crawl()
    reread(SITE, world.database, world.archive, now=world.now, progress=lambda progress: None)
    return world


def codes(world: World, index: ListedIndex | None = None) -> list[str]:
    return [finding.code for finding in verify(world.database, world.archive, index)]


def test_what_a_crawl_leaves_agrees_with_itself(world: World) -> None:
    assert codes(crawled(world)) == []


def test_one_changed_byte_in_the_archive_is_named(world: World) -> None:
    crawled(world)
    with world.database.reading() as connection:
        capture = next(iter(Captures(connection).of_site("cu")))
    path = world.archive.directory / capture.warc_file
    data = bytearray(path.read_bytes())
    data[capture.warc_offset + 40] ^= 1
    path.write_bytes(data)
    findings = verify(world.database, world.archive, None)
    assert {finding.code for finding in findings} & {"archive", "digest"}
    assert any(capture.warc_file in finding.where for finding in findings)


def test_a_record_nobody_points_at_is_a_warning(world: World) -> None:
    crawled(world)
    exchange = Exchange("http://cu.gov.vn/x", world.now(), b"GET /x HTTP/1.1", 200, "OK", (), b"x")
    with world.archive.writer("cu") as writer:
        writer.add(exchange)
    (finding,) = verify(world.database, world.archive, None)
    assert (finding.level, finding.code) == ("warning", "orphan-record")


def test_a_stored_state_without_a_capture_is_an_error(world: World) -> None:
    crawled(world)
    with world.database.writing() as connection:
        connection.execute(
            update(ledger).values(capture_id=None).where(ledger.c.key == "cu.gov.vn/")
        )
    assert codes(world) == ["no-capture"]


def test_an_unknown_state_and_a_headless_duplicate_are_errors(world: World) -> None:
    crawled(world)
    with world.database.writing() as connection:
        connection.execute(update(ledger).values(state="lost").where(ledger.c.key == "cu.gov.vn/"))
        connection.execute(update(document).values(state="duplicate"))
    assert sorted(codes(world)) == ["ledger-state", "no-head"]


def test_the_index_holds_what_is_accepted_and_nothing_else(world: World) -> None:
    crawled(world)
    with world.database.writing() as connection:
        connection.execute(index_due.delete())
        connection.execute(update(document).values(state="accepted"))
        ids = Documents(connection).ids(DocumentFilter(state=DocumentState.ACCEPTED))
    assert codes(world, ListedIndex(ids)) == []
    assert codes(world, ListedIndex([])) == ["not-indexed"]
    assert codes(world, ListedIndex([*ids, 999])) == ["indexed"]
