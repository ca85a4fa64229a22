"""A site whose policy changed: everything it has gets new keys, what collides is told and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Connection, insert, select

from catalogue.database import CatalogueError, Database, current_revision
from catalogue.decisions import undo
from catalogue.mappings import Mappings, MappingSource
from catalogue.rekeying import Rekeying, keep_site, rekey
from catalogue.schema import capture, document, document_body, ledger, link_text, miss, visit
from catalogue.sites import Sites
from catalogue.tally import MonthOfVisits
from catalogue.visits import Visits
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import QueryPolicy, Site
from tests.catalogue.worlds import HAIDUONG, NOW, World

LOOSE = replace(HAIDUONG, query=QueryPolicy("none"))


def put(connection: Connection, address: str, target: str, source: MappingSource) -> None:
    path = address.lower()
    key = CanonicalUrl(f"haiduong.gov.vn{path}")
    mapping = Mapping(key, f"http://haiduong.gov.vn{address}", MappingKind.MOVED, target)
    Mappings(connection).put("haiduong", mapping, state="active", source=source, now=NOW)


def count_miss(connection: Connection, path: str, visits: int, day: date) -> None:
    connection.execute(
        insert(miss).values(
            site_id=Sites(connection).id_of("haiduong"), key=f"haiduong.gov.vn{path}",
            raw=f"http://haiduong.gov.vn{path}", visits=visits, first_on=day, last_on=day,
        )
    )  # fmt: skip


def discover(connection: Connection, path: str, capture_id: int | None) -> None:
    connection.execute(
        insert(ledger).values(
            site_id=Sites(connection).id_of("haiduong"), key=f"haiduong.gov.vn{path}",
            url=f"http://haiduong.gov.vn{path}", source="link", depth=1, state="captured",
            capture_id=capture_id, discovered_at=NOW, changed_at=NOW,
        )
    )  # fmt: skip


def keys_in(connection: Connection, table: object) -> list[str]:
    return sorted(connection.execute(select(table.c.key)).scalars())  # type: ignore[attr-defined]  # a table


def changed(connection: Connection, site: Site = LOOSE, *, dry_run: bool = False) -> Rekeying:
    Sites(connection).keep(site)
    return rekey(connection, site, now=NOW, dry_run=dry_run)


def test_mappings_and_misses_get_the_keys_of_today_in_one_revision(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        put(connection, "/a?id=1", "/x", "import")
        count_miss(connection, "/b?id=1", 3, date(2026, 1, 2))
        count_miss(connection, "/b?id=2", 4, date(2026, 1, 1))
        Sites(connection).keep(LOOSE)
        before = current_revision(connection)
        done = rekey(connection, LOOSE, now=NOW)
        assert current_revision(connection) == before + 1
        assert done.collisions == ()
        assert done.changed == {
            "mapping": 1, "miss": 2, "capture": 0, "ledger": 0, "document": 0,
            "visit": 0, "link_text": 0,
        }  # fmt: skip
        assert Mappings(connection).find(CanonicalUrl("haiduong.gov.vn/a")) is not None
        (row,) = connection.execute(select(miss)).all()
        assert (row.key, row.visits) == ("haiduong.gov.vn/b", 7)
        assert (row.first_on, row.last_on) == (date(2026, 1, 1), date(2026, 1, 2))


def test_of_two_that_collide_the_stronger_stands_and_undoing_brings_the_other_back(
    database: Database,
) -> None:
    with database.writing() as connection:
        World(connection)
        put(connection, "/a?id=1", "/x", "import")
        put(connection, "/a?id=2", "/y", "editor")
        put(connection, "/a?id=3", "/y", "import")
        done = changed(connection)
        stands = Mappings(connection).find(CanonicalUrl("haiduong.gov.vn/a"))
        assert stands is not None
        assert stands.mapping.target == "/y"
        found = {(one.kept[-2:], one.put_by[-2:], one.differ) for one in done.collisions}
        assert found == {("=2", "=1", True), ("=2", "=3", False)}
        assert done.batch is not None
        undo(connection, done.batch.id, editor="ai", now=NOW)
        assert len(list(Mappings(connection).active())) == 3


def test_a_dry_run_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        put(connection, "/a?id=1", "/x", "import")
        put(connection, "/a?id=2", "/y", "import")
        before = current_revision(connection)
        done = rekey(connection, LOOSE, now=NOW, dry_run=True)
        assert (len(done.collisions), done.batch) == (1, None)
        assert current_revision(connection) == before
        assert len(list(Mappings(connection).active())) == 2


def test_captures_ledger_and_documents_follow(database: Database) -> None:
    with database.writing() as connection:
        world = World(connection)
        first = world.document("/a?id=1")
        world.document("/a?id=2")
        discover(connection, "/a?id=2", None)
        discover(connection, "/a?id=1", first.capture_id)
        changed(connection)
        assert keys_in(connection, capture) == ["haiduong.gov.vn/a", "haiduong.gov.vn/a"]
        assert keys_in(connection, ledger) == ["haiduong.gov.vn/a"]
        (kept,) = connection.execute(select(ledger.c.url)).scalars()
        assert kept.endswith("id=1")  # the one that was captured
        # No document is lost: the second keeps the key it had.
        assert keys_in(connection, document) == ["haiduong.gov.vn/a", "haiduong.gov.vn/a?id=2"]
        assert connection.execute(select(document_body.c.attachments)).scalars().all() == [[], []]


def test_visits_of_two_addresses_that_become_one_add_up_month_by_month(database: Database) -> None:
    june, july = date(2026, 6, 1), date(2026, 7, 1)
    with database.writing() as connection:
        World(connection)
        Visits(connection).add(
            "haiduong",
            [
                MonthOfVisits(CanonicalUrl(f"haiduong.gov.vn/{end}"), month, visits)
                for end, month, visits in (
                    ("a", june, 1), ("a?id=1", june, 2), ("a?id=2", june, 4), ("a?id=2", july, 8),
                    ("b?id=~00ff", june, 16), ("tin/c", june, 32),
                )
            ],
        )  # fmt: skip
        assert changed(connection, dry_run=True).changed["visit"] == 4
        assert changed(connection).changed["visit"] == 4
        rows = connection.execute(select(visit).order_by(visit.c.key, visit.c.month)).all()
        assert [(row.key.partition("/")[2], row.month, row.visits) for row in rows] == [
            ("a", june, 7),
            ("a", july, 8),
            ("b", june, 16),
            ("tin/c", june, 32),
        ]
        assert changed(connection).batch is None  # nothing is left to do


def test_the_words_of_links_keep_their_address(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        site_id = Sites(connection).id_of("haiduong")
        words = {"a": "Lịch tiếp dân", "a?id=1": "Lịch", "b?id=2": "Thông báo", "b?id=1": "Tin"}
        for end, text in words.items():
            row = {"key": f"haiduong.gov.vn/{end}", "site_id": site_id, "text": text}
            connection.execute(insert(link_text).values(row))
        assert changed(connection, dry_run=True).changed["link_text"] == 3
        changed(connection)
        kept = {row.key: row.text for row in connection.execute(select(link_text))}
        assert kept == {"haiduong.gov.vn/a": "Lịch tiếp dân", "haiduong.gov.vn/b": "Tin"}


def test_a_mapping_in_its_very_case_stays_one(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        key = CanonicalUrl("haiduong.gov.vn/A?id=1")
        mapping = Mapping(key, "http://haiduong.gov.vn/A?id=1", MappingKind.MOVED, "/x")
        Mappings(connection).put("haiduong", mapping, state="active", source="import", now=NOW)
        changed(connection)
        assert Mappings(connection).find(CanonicalUrl("haiduong.gov.vn/A")) is not None


def test_keeping_a_site_re_keys_only_when_its_policy_changed(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        put(connection, "/a?id=1", "/x", "import")
        assert keep_site(connection, replace(HAIDUONG, title="Khác"), now=NOW) is None
        done = keep_site(connection, LOOSE, now=NOW)
        assert done is not None
        assert done.changed["mapping"] == 1
        assert Sites(connection).find("haiduong") == LOOSE
        with pytest.raises(CatalogueError, match="no site is called 'x'"):
            rekey(connection, replace(LOOSE, name="x"), now=NOW)


def test_a_path_kept_without_its_host_stays_on_the_host_of_its_key(database: Database) -> None:
    districts = replace(HAIDUONG, host="*.haiduong.gov.vn", aliases=())
    key = CanonicalUrl("gialoc.haiduong.gov.vn/a?id=1")
    with database.writing() as connection:
        Sites(connection).keep(districts)
        mapping = Mapping(key, "/a?id=1", MappingKind.MOVED, "/x")
        Mappings(connection).put("haiduong", mapping, state="active", source="import", now=NOW)
        changed(connection, replace(districts, query=QueryPolicy("none")))
        assert [one.key for one in Mappings(connection).active()] == ["gialoc.haiduong.gov.vn/a"]
