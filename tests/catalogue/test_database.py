"""The database: transactions, refusals, the revision."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from threading import Barrier

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, text, update
from sqlalchemy.exc import DataError, IntegrityError, StatementError

from catalogue import schema
from catalogue.database import (
    CatalogueError,
    Database,
    DatabaseUnavailableError,
    current_revision,
    open_database,
    raise_revision,
    shown,
)
from catalogue.migrating import migrate, schema_is_current
from catalogue.sites import Sites
from tests.catalogue.worlds import HAIDUONG
from tests.engines.databases import Cluster

Opener = Callable[..., Database]
READ_ONLY = re.compile("read-?only", re.IGNORECASE)


def test_the_revision_starts_at_zero_and_rises_by_one(database: Database) -> None:
    with database.writing() as connection:
        assert current_revision(connection) == 0
        assert raise_revision(connection) == 1
    with database.reading() as connection:
        assert current_revision(connection) == 1


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.writing() as connection:  # noqa: PT012 - the failing of the block is the case
        raise_revision(connection)
        1 / 0  # noqa: B018 - any failure will do
    with database.reading() as connection:
        assert current_revision(connection) == 0


def test_reading_refuses_to_write(database: Database) -> None:
    with pytest.raises(DatabaseUnavailableError, match=READ_ONLY), database.reading() as reading:
        raise_revision(reading)
    with database.writing() as connection:
        assert raise_revision(connection) == 1


def test_a_read_only_database_refuses_to_write(
    database: Database, database_url: str, open_catalogue: Opener
) -> None:
    public = open_catalogue(database_url, read_only=True)
    with pytest.raises(DatabaseUnavailableError, match=READ_ONLY), public.writing() as connection:
        raise_revision(connection)
    with pytest.raises(DatabaseUnavailableError, match=READ_ONLY), public.writing() as connection:
        connection.execute(text("CREATE TABLE smuggled (id INTEGER)"))
    with public.reading() as connection:
        assert current_revision(connection) == 0


def test_a_reader_sees_one_moment_while_others_write(
    database: Database, database_url: str, open_catalogue: Opener
) -> None:
    public = open_catalogue(database_url, read_only=True)
    with public.reading() as reader:
        assert current_revision(reader) == 0
        with database.writing() as writer:
            raise_revision(writer)
        assert current_revision(reader) == 0
    with public.reading() as reader:
        assert current_revision(reader) == 1


def test_threads_that_write_at_once_wait_for_each_other(database: Database) -> None:
    def raise_once(_: int) -> int:
        with database.writing() as connection:
            return raise_revision(connection)

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(raise_once, range(40)))
    assert sorted(numbers) == list(range(1, 41))


def test_what_a_writer_has_read_still_holds_when_it_writes(database: Database) -> None:
    def raise_by_hand(_: int) -> None:
        with database.writing() as connection:
            number = current_revision(connection)
            time.sleep(0.002)
            connection.execute(update(schema.revision).values(number=number + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(raise_by_hand, range(24)))
    with database.reading() as connection:
        assert current_revision(connection) == 24


def test_data_that_an_engine_cannot_keep_is_not_blamed_on_the_database(
    cluster: Cluster, open_catalogue: Opener
) -> None:
    too_long = insert(schema.spool_file).values(name="x" * 100)
    database = open_catalogue(cluster.url("migrated"))
    with pytest.raises(DataError), database.writing() as connection:
        connection.execute(too_long)
    database.close()  # a database with visitors cannot be copied


def test_a_row_that_refers_to_nothing_is_refused(database: Database) -> None:
    orphan = insert(schema.index_due).values(document_id=99, taken=0)
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(orphan)


def test_a_time_without_its_offset_is_refused(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - the case itself
    with pytest.raises(StatementError, match="without its offset"), database.reading() as reading:
        reading.execute(update(schema.session).values(seen_at=naive))


def test_migrations_make_the_tables_that_the_program_knows(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    assert schema_is_current(database)


def test_migrating_again_changes_nothing(database: Database, database_url: str) -> None:
    with database.writing() as connection:
        raise_revision(connection)
    migrate(database_url)
    with database.reading() as connection:
        assert current_revision(connection) == 1


def test_two_programs_may_migrate_one_server_at_once(cluster: Cluster) -> None:
    cluster.execute("CREATE DATABASE fresh")
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [cluster.url("fresh")] * 3))
    cluster.execute("DROP DATABASE fresh")


def test_programs_that_start_together_migrate_once(tmp_path: Path, open_catalogue: Opener) -> None:
    url = f"sqlite:///{tmp_path}/deep/down/catalogue.db"
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [url] * 3))
    assert schema_is_current(open_catalogue(url))


def test_programs_that_meet_a_new_file_at_once_all_write(tmp_path: Path) -> None:
    writers = 6
    for number in range(60):
        url = f"sqlite:///{tmp_path}/{number}.db"
        together = Barrier(writers)

        def write(_: int, url: str = url, together: Barrier = together) -> None:
            database = open_database(url)
            together.wait(10)
            try:
                with database.writing() as connection:
                    connection.execute(text("CREATE TABLE IF NOT EXISTS t (x)"))
                    connection.execute(text("INSERT INTO t VALUES (1)"))
            finally:
                database.close()

        with ThreadPoolExecutor(writers) as pool:
            list(pool.map(write, range(writers)))
        with closing(sqlite3.connect(tmp_path / f"{number}.db")) as file:
            assert file.execute("SELECT count(*) FROM t").fetchone() == (writers,)
            assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_database_of_a_newer_program_is_not_touched(
    database: Database, database_url: str
) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(CatalogueError, match=r"newer than this program \(9999\)"):
        migrate(database_url)
    assert not schema_is_current(database)


def test_a_database_without_tables_is_not_current(tmp_path: Path, open_catalogue: Opener) -> None:
    assert not schema_is_current(open_catalogue(f"sqlite:///{tmp_path}/empty.db"))


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("nonsense", "not a database address: 'nonsense'"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("mysql://localhost/x", "no database engine is called 'mysql'"),
        ("sqlite:////no/such/place/catalogue.db", "there is no directory /no/such/place"),
    ],
)
def test_an_address_that_cannot_be_used_is_named(url: str, complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        open_database(url)


def test_a_missing_file_is_an_error_of_the_catalogue(
    tmp_path: Path, open_catalogue: Opener
) -> None:
    public = open_catalogue(f"sqlite:///{tmp_path}/none.db", read_only=True)
    with pytest.raises(DatabaseUnavailableError, match=r"none\.db"), public.reading():
        pass
    assert not (tmp_path / "none.db").exists()


def test_a_server_that_is_not_there_is_named_without_its_password(open_catalogue: Opener) -> None:
    url = "postgresql://portal:secret@127.0.0.1:1/portal"
    remote = open_catalogue(url)
    place = re.escape("portal:***@127.0.0.1:1")
    with pytest.raises(DatabaseUnavailableError, match=place) as caught, remote.reading():
        pass
    assert "secret" not in str(caught.value)
    assert "secret" not in shown(url)


def test_a_path_with_signs_of_its_own_opens_read_only(
    tmp_path: Path, open_catalogue: Opener
) -> None:
    url = f"sqlite:///{tmp_path}/Hải Phòng #1 50%.db"
    migrate(url)
    with open_catalogue(url).writing() as connection:
        Sites(connection).keep(HAIDUONG)
    with open_catalogue(url, read_only=True).reading() as connection:
        assert Sites(connection).all() == [HAIDUONG]
