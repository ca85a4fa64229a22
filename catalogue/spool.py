"""Spools: small files of counts on their way into the database, each folded exactly once.

The public site only reads the database, so it counts in memory and now and then writes a file of
JSON lines; whoever writes the database (the console, a command) folds finished files in:

1. A file is written under a name that is not looked at, synced, then renamed to `*.jsonl`.
2. Folding adds a file's counts and its name to the database in ONE transaction.
3. The next folding sees the name there and only then deletes the file, and after the file the
   name. A crash at any point leaves either the counts out and the file there (it is folded
   later), or the counts in and the name beside them (the file is never read again).
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, delete, insert, select

from catalogue.database import CatalogueError, storable
from catalogue.schema import spool_file

_FINISHED = ".jsonl"
_BROKEN = ".broken"
_in_json = json.JSONEncoder(
    default=str
).encode  # made once: a flood has ten thousand lines a second


@dataclass(frozen=True, slots=True)
class Collected:
    """What a folding did: files folded, requests counted, files that could not be read."""

    files: int = 0
    visits: int = 0
    broken: tuple[str, ...] = ()


_Place = TypeVar("_Place", bound=tuple[Any, ...])


class CountSpool(Generic[_Place]):
    """Counts by place in memory and hands them over in files; safe to share between threads.

    A record is `[*place, note, *amounts]`, the place as JSON writes it.
    """

    def __init__(self, directory: Path, *, most: int) -> None:
        """Write files into `directory`; hold `most` places at once."""
        self.dropped = 0
        """Requests that were not counted, because too many places were asked for."""
        self._directory = directory
        self._most = most
        self._lock = threading.Lock()
        self._counts: dict[_Place, list[int]] = {}
        self._notes: dict[_Place, str] = {}

    def add(self, place: _Place, *amounts: int, note: str = "") -> None:
        """Add to what was counted at a place; the first note there stays. Costs no I/O."""
        with self._lock:
            self._add(place, amounts, note)

    def flush(self) -> None:
        """Write what was counted to a finished file; nothing counted, no file.

        Raises CatalogueError when it cannot be written; the counts are kept for the next time.
        """
        with self._lock:  # never while writing: counting must not wait for a disk
            counts, self._counts = self._counts, {}
            notes, self._notes = self._notes, {}
        if not counts:
            return
        lines = [
            self._line(place, storable(notes.get(place, "")), amounts)
            for place, amounts in counts.items()
        ]
        try:
            self._write("\n".join([*lines, ""]).encode())
        except OSError as error:
            with self._lock:  # the older ones keep their places
                newer, self._counts = self._counts, counts
                newer_notes, self._notes = self._notes, notes
                for place, amounts in newer.items():
                    self._add(place, amounts, newer_notes.get(place, ""))
            raise CatalogueError(f"{self._directory}: {error.strerror}") from error

    def _add(self, place: _Place, amounts: Sequence[int], note: str) -> None:
        known = self._counts.get(place)
        if known is not None:
            for index, amount in enumerate(amounts):
                known[index] += amount
        elif len(self._counts) < self._most:
            self._counts[place] = list(amounts)
            if note:
                self._notes[place] = note
        else:
            self.dropped += amounts[0]

    def _line(self, place: _Place, note: str, amounts: Sequence[int]) -> str:
        return _in_json([*place, note, *amounts])

    def _write(self, data: bytes) -> None:
        write_spool(self._directory, data)


def write_spool(directory: Path, data: bytes) -> None:
    """Write a finished file into a spool. Raises OSError."""
    directory.mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    unfinished = directory / f"{name}.tmp"
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(directory / f"{name}{_FINISHED}")
    except OSError:
        unfinished.unlink(missing_ok=True)
        raise


def fold_spool(
    directory: Path, connection: Connection, take: Callable[[list[Any]], int]
) -> Collected:
    """Give the records of every finished file to `take`, which adds them and counts requests.

    Call it once a transaction. A file that `take` cannot read (ValueError, KeyError, TypeError,
    before it has added anything) is renamed to `*.broken` and named in the answer.
    """
    mine = f"{directory.name}/"  # spools share the table of folded files
    names = sorted(path.name for path in directory.glob(f"*{_FINISHED}"))
    known = connection.execute(select(spool_file.c.name)).scalars()
    folded = {name.removeprefix(mine) for name in known if name.startswith(mine)}
    _forget(directory, connection, folded)
    files, visits, broken = 0, 0, []
    for name in names:
        if name in folded:
            continue
        try:
            lines = (directory / name).read_bytes().splitlines()
            visits += take([json.loads(line) for line in lines])
        except (ValueError, KeyError, TypeError):
            (directory / name).rename(directory / f"{name}{_BROKEN}")
            broken.append(name)
            continue
        connection.execute(insert(spool_file).values(name=mine + name))
        files += 1
    return Collected(files, visits, tuple(broken))


def _forget(directory: Path, connection: Connection, folded: set[str]) -> None:
    if not folded:
        return
    for name in folded:
        (directory / name).unlink(missing_ok=True)
    # The files must be gone from the disk before their names are, or a power cut between the
    # two would bring back a file that nobody remembers to have folded.
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    stored = sorted(f"{directory.name}/{name}" for name in folded)
    connection.execute(delete(spool_file).where(spool_file.c.name.in_(stored)))
