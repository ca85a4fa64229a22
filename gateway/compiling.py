"""Compiling a snapshot for a site that serves: small catalogues at once, large ones apart.

A million decisions cost seconds of CPU and hundreds of megabytes, which a process that answers
visitors has no business spending: another process compiles, and the site only maps the file. Of
several sites on one directory one compiles and the others take what it made.
"""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from sqlalchemy import func, select

from catalogue.database import CatalogueError, Database, current_revision, open_database
from catalogue.schema import mapping
from gateway.publishing import Ground, publish, snapshot_path
from redirects.patterns import PatternError
from redirects.sites import SiteError
from redirects.snapshot import SnapshotError

FEW_MAPPINGS = 20_000
"""So many are compiled in less time than a process takes to start."""

MOST_SECONDS = 900
"""A compilation that takes longer is ended; what is live stays."""

_LOCK = ".compiling.lock"
_NICE = 10  # visitors are served first


class Compiler:
    """Makes the snapshot of the catalogue's present revision, wherever that is cheapest."""

    def __init__(
        self,
        database: Database,
        ground: Ground,
        directory: Path,
        *,
        few: int = FEW_MAPPINGS,
        seconds: float = MOST_SECONDS,
    ) -> None:
        self._database = database
        self._ground = ground
        self._directory = directory
        self._few = few
        self._seconds = seconds

    def build_on(self, ground: Ground) -> None:
        """Compile from other settings from now on."""
        self._ground = ground

    def path(self) -> Path:
        """Return where the snapshot of the present revision is, or will be."""
        with self._database.reading() as connection:
            revision = current_revision(connection)
        return snapshot_path(self._directory, revision, self._ground)

    def compile(self) -> Path:
        """Compile the present revision unless somebody else just has; return where it lies.

        Raises CatalogueError, SiteError, PatternError or OSError as `publish` does, SnapshotError
        where the other process failed or took too long.
        """
        self._directory.mkdir(parents=True, exist_ok=True)
        with _alone(self._directory):
            path = self.path()
            if path.exists():
                return path
            if self._count() <= self._few:
                return publish(self._database, self._ground, directory=self._directory).path
            return self._compile_apart()

    def _count(self) -> int:
        with self._database.reading() as connection:
            statement = select(func.count()).where(mapping.c.state == "active")
            return int(connection.execute(statement).scalar_one())

    def _compile_apart(self) -> Path:
        context = get_context("spawn")  # a fork would take over threads' locks
        receiver, sender = context.Pipe(duplex=False)
        child = context.Process(
            target=_compile_in_child,
            args=(sender, self._database.url, self._ground, self._directory),
            daemon=True,
        )
        child.start()
        sender.close()
        try:
            if not receiver.poll(self._seconds):
                raise SnapshotError(self._directory, f"not compiled within {self._seconds:g} s")
            outcome: Path | str = receiver.recv()
        except EOFError:
            child.join()
            raise SnapshotError(
                self._directory, f"compilation ended with {child.exitcode}"
            ) from None
        finally:
            child.kill()
            child.join()
            receiver.close()
        if isinstance(outcome, str):
            raise SnapshotError(self._directory, outcome)
        return outcome


def _compile_in_child(told: Pipe, url: str, ground: Ground, directory: Path) -> None:
    """Compile and tell where the file is, or what went wrong. Ends with its process."""
    os.nice(_NICE)
    gc.disable()  # a million small things are made and none is garbage
    try:
        database = open_database(url, read_only=True)
        try:
            told.send(publish(database, ground, directory=directory).path)
        finally:
            database.close()
    except (CatalogueError, SnapshotError, SiteError, PatternError, OSError) as error:
        told.send(str(error))


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Wait until no other process compiles into the directory."""
    with (directory / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
