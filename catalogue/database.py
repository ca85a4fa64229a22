"""The database: one engine, short transactions, and the revision every reader watches.

SQLite (WAL) is the default, PostgreSQL the shared one; nothing above this file knows which it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Table,
    case,
    create_engine,
    event,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, DataError, IntegrityError, InterfaceError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from catalogue.schema import revision

BUSY_MILLISECONDS = 30_000
"""How long a writer waits for the one before it."""

_ASK_AGAIN = 0.01  # seconds

_WRITER_LOCK = 6_872_025  # any number that no other program in the same database uses

POOL_SIZE = 8
POOL_OVERFLOW = 56  # a thread pool of 40 and its neighbours never wait for a connection


class CatalogueError(Exception):
    """Root of the room's errors; the message names the culprit.

    CatalogueError
    ├── DatabaseUnavailableError  the database cannot be reached, read or written
    ├── ArchiveError              a WARC file that cannot be read or written, with file and offset
    └── SearchError               the search index (catalogue.search)
    """


class DatabaseUnavailableError(CatalogueError):
    """The database cannot be reached, or refuses what was asked of it."""


class Database:
    """A way into the catalogue: `reading()` sees one moment, `writing()` is one transaction.

    Safe to share between threads; each transaction takes a connection of the pool.
    """

    def __init__(self, url: str, engine: Engine) -> None:
        """Use open_database: it knows each engine's habits."""
        self.url = url
        self.engine = engine

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one consistent state; a write inside is refused by the engine itself."""
        with self._transaction("read") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in ONE transaction: all of it is on disk at the end, or none of it.

        On both engines one writer waits for the other, so keep it short.
        """
        with self._transaction("write") as connection:
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self, purpose: str) -> Iterator[Connection]:
        try:
            with (
                self.engine.connect().execution_options(purpose=purpose) as connection,
                connection.begin(),
            ):
                yield connection
        except (IntegrityError, DataError):
            raise  # what was written is at fault, not the database
        except (DatabaseError, InterfaceError) as error:
            reason = str(error.orig).strip()
            raise DatabaseUnavailableError(f"{shown(self.url)}: {reason}") from error


def open_database(url: str, *, read_only: bool = False) -> Database:
    """Open "sqlite:///path" or "postgresql+psycopg://…"; nothing is connected before first use.

    A read-only database refuses every write. Raises CatalogueError for an address it cannot use.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "sqlite":
        return Database(url, _sqlite_engine(parsed, url, read_only=read_only))
    return Database(url, _postgresql_engine(parsed, read_only=read_only))


def shown(url: str) -> str:
    """Return a database's address as it may be printed: without its password."""
    return _parse(url).render_as_string(hide_password=True)


def current_revision(connection: Connection) -> int:
    """Return the number that rises with every change a visitor may see."""
    return int(connection.execute(select(revision.c.number)).scalar_one())


def raise_revision(connection: Connection) -> int:
    """Raise the revision by one, in the transaction of the change itself; return the new one."""
    statement = update(revision).values(number=revision.c.number + 1).returning(revision.c.number)
    return int(connection.execute(statement).scalar_one())


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return the engine's own INSERT, the one that knows ON CONFLICT."""
    if connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def least(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the smaller of two values; each engine has its own name for that."""
    return case((other < one, other), else_=one)


def greatest(one: ColumnElement[Any], other: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the larger of two values."""
    return case((other > one, other), else_=one)


def storable(text: str) -> str:
    """Return a text that both engines can keep: no NUL (PostgreSQL), no lone surrogates (UTF-8)."""
    if text.isascii() and "\0" not in text:  # most are
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CatalogueError(f"not a database address: {url!r}") from error
    match parsed.drivername:
        case "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise CatalogueError(f"{url}: a SQLite database needs a file, sqlite:///path")
            return parsed
        case "postgresql" | "postgresql+psycopg":
            return parsed.set(drivername="postgresql+psycopg")
        case other:
            raise CatalogueError(f"no database engine is called {other!r}: sqlite or postgresql")


def _sqlite_engine(parsed: URL, url: str, *, read_only: bool) -> Engine:
    path = Path(str(parsed.database)).absolute()
    if read_only:
        target = URL.create(
            "sqlite", database=f"file:{quote(str(path))}", query={"mode": "ro", "uri": "true"}
        )
    else:
        if not path.parent.is_dir():
            raise CatalogueError(f"{url}: there is no directory {path.parent}")
        target = URL.create("sqlite", database=str(path))
    engine = create_engine(
        target, poolclass=QueuePool, pool_size=POOL_SIZE, max_overflow=POOL_OVERFLOW
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")  # a decision survives the power failing
        if not read_only:
            _enter_wal(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("purpose") == "write" and not read_only
        connection.exec_driver_sql(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch the file to WAL, in which it then stays.

    Of two that switch a new file at once SQLite refuses one without waiting, since they could wait
    for each other for ever (https://www.sqlite.org/c3ref/busy_handler.html): that one asks again.
    """
    deadline = monotonic() + BUSY_MILLISECONDS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not is_busy or monotonic() > deadline:
                raise
            sleep(_ASK_AGAIN)
        else:
            return


def _postgresql_engine(parsed: URL, *, read_only: bool) -> Engine:
    arguments: dict[str, Any] = {}
    if read_only:
        arguments["options"] = "-c default_transaction_read_only=on"
    engine = create_engine(
        parsed,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_pre_ping=True,
        connect_args=arguments,
    )

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("purpose") == "read":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        else:
            # One writer at a time, as on SQLite: what was read before a write is still so when
            # it is written, and nobody needs to know in which order rows are to be locked.
            connection.execute(text(f"SET LOCAL lock_timeout = {BUSY_MILLISECONDS}"))
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})"))

    return engine
