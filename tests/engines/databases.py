"""Databases for tests: a migrated SQLite file, and a PostgreSQL server of our own."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from catalogue.database import Database, open_database
from catalogue.migrating import migrate

START_SECONDS = 30


class ClusterStartError(Exception):
    """Why there is no PostgreSQL here; becomes the reason of the skip."""


@dataclass(frozen=True)
class Cluster:
    """A running server: makes databases that start as a copy of a migrated one."""

    port: int

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str) -> None:
        address = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())


def find_binaries() -> Path:
    """Return the directory of initdb and postgres: PATH first, then Debian's place."""
    places = [
        Path(found).resolve().parent for found in [shutil.which("initdb")] if found is not None
    ]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise ClusterStartError("no initdb in PATH or /usr/lib/postgresql: run scripts/test_setup.sh")


def unprivileged_user() -> str | None:
    """Return whom the server runs as: it refuses root. None is ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise ClusterStartError("we are root and there is no other user to run PostgreSQL as")


@contextlib.contextmanager
def running_cluster() -> Iterator[Cluster]:
    """Start a server on a free port in a directory of its own, and stop it at the end."""
    binaries, user = find_binaries(), unprivileged_user()
    directory = Path(tempfile.mkdtemp(prefix="hopnhat-pg-"))
    identity = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid}
    if user is not None:
        os.chown(directory, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
    try:
        made = subprocess.run(
            [
                *(binaries / "initdb", "-D", directory / "data", "-U", "postgres"),
                *("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=directory,
            extra_groups=None if user is None else [],
            **identity,
        )
        if made.returncode:
            raise ClusterStartError(f"initdb as {user or getpass.getuser()}: {made.stderr.strip()}")
        with _running_server(binaries, directory, user, identity) as cluster:
            yield cluster
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def _running_server(
    binaries: Path, directory: Path, user: str | None, identity: dict[str, object]
) -> Iterator[Cluster]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    log = directory / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [
                *(binaries / "postgres", "-D", directory / "data", "-k", directory),
                *("-h", "127.0.0.1", "-p", str(port)),
                *("-c", "fsync=off", "-c", "shared_buffers=16MB"),
            ],
            stdout=output,
            stderr=output,
            cwd=directory,
            extra_groups=None if user is None else [],
            **identity,
        )
    try:
        cluster = Cluster(port)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                cluster.execute("SELECT 1")
                break
            except psycopg.OperationalError as error:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise ClusterStartError(f"postgres: {log.read_text().strip()}") from error
                time.sleep(0.05)
        yield cluster
    finally:
        server.send_signal(signal.SIGINT)  # "fast": ends the sessions, then the server
        server.wait(timeout=30)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One PostgreSQL a test process, with a migrated database to copy."""
    with contextlib.ExitStack() as stack:
        try:
            running = stack.enter_context(running_cluster())
        except ClusterStartError as reason:
            pytest.skip(str(reason))
        running.execute("CREATE DATABASE migrated")
        migrate(running.url("migrated"))
        yield running


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated SQLite file a test process, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "catalogue.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh, migrated database; each test runs once an engine."""
    if request.param == "sqlite":
        path = tmp_path / "catalogue.db"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        return f"sqlite:///{path}"
    running: Cluster = request.getfixturevalue("cluster")
    name = f"t{uuid.uuid4().hex}"
    running.execute(f"CREATE DATABASE {name} TEMPLATE migrated")
    return running.url(name)


@pytest.fixture
def open_catalogue() -> Iterator[Callable[..., Database]]:
    """Open databases that are closed when the test ends."""
    with contextlib.ExitStack() as stack:

        def opened(url: str, *, read_only: bool = False) -> Database:
            database = open_database(url, read_only=read_only)
            stack.callback(database.close)
            return database

        yield opened


@pytest.fixture
def database(database_url: str, open_catalogue: Callable[..., Database]) -> Database:
    """A fresh, migrated database, open for writing."""
    return open_catalogue(database_url)
