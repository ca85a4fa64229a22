"""Comparing live answers in another process: the one that answers callers has no time for it.

A body of half a megabyte takes a tenth of a second to compare, and a thread would take the
interpreter from whoever calls meanwhile. The child is niced, started with the first pair, bounded
in memory and time, and begun anew where it ends.
"""

from __future__ import annotations

import os
import re
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import NamedTuple

from catalogue.coding import CodingError, undo_codings
from gateway.comparing.compare import compare
from gateway.comparing.reply import Difference, Part, Reply, whole_reply
from gateway.comparing.rules import Ignored, RulesError, read_rules

LARGEST_UNPACKED = 4 * 1024 * 1024
"""Bytes of a body without its content coding; more are compared as they came."""

MOST_SECONDS = 20.0
MEMORY = 2 << 30  # bytes of address space
_NICE = 10
_POSITION = re.compile(r"\[[^\]]*\]")

Fields = list[tuple[bytes, bytes]]
Places = tuple[tuple[str, str], ...]


class ComparingError(Exception):
    """A pair of answers that could not be compared; the message says why."""


class Answered(NamedTuple):
    """An answer as it came, its body in its content coding."""

    status: int
    headers: Fields
    body: bytes


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one call; `ignore` is a file of rules that say what may differ."""

    method: str
    old: Answered
    new: Answered
    ignore: str | None


class ComparingApart:
    """Compares pairs in a child process, one by one. Blocks: it wants a thread of its own."""

    def __init__(self, *, seconds: float = MOST_SECONDS) -> None:
        """A pair that takes longer is given up, and its process with it."""
        self._seconds = seconds
        self._child: SpawnProcess | None = None
        self._pipe: Pipe | None = None

    def places(self, pair: Pair) -> Places:
        """Return part and place of each difference. Raises ComparingError or RulesError."""
        pipe = self._pipe or self._start()
        try:
            pipe.send(pair)
            if not pipe.poll(self._seconds):
                raise TimeoutError(f"not done within {self._seconds:g} s")
            outcome: Places | str = pipe.recv()
        except (EOFError, OSError) as error:  # TimeoutError is one
            self.close()
            raise ComparingError(f"the comparing process ended: {error}") from error
        if isinstance(outcome, str):
            raise RulesError(outcome)
        return outcome

    def give_up(self) -> None:
        """End the comparing under way, from any thread."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """End the child; called where `places` is."""
        if self._child is not None and self._pipe is not None:
            self._child.kill()
            self._child.join()
            self._pipe.close()
        self._child = self._pipe = None

    def _start(self) -> Pipe:
        context = get_context("spawn")  # a fork would take over threads' locks
        mine, its = context.Pipe()
        child = context.Process(target=compare_for, args=(its,), daemon=True)
        child.start()
        its.close()
        self._child, self._pipe = child, mine
        return mine


def compare_for(asked: Pipe) -> None:
    """Compare pairs and tell what differs, until nobody asks any more. Ends with its process."""
    os.nice(_NICE)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the operator means whoever asks
    rules = RulesFiles()
    with suppress(EOFError, OSError):
        while True:
            pair: Pair = asked.recv()
            try:
                asked.send(differing_places(pair, rules.read(pair.ignore)))
            except RulesError as error:
                asked.send(str(error))


class RulesFiles:
    """Ignore rules as their files say now."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Ignored]] = {}

    def read(self, path: str | None) -> Ignored:
        """Return the rules of a file, read again when it has changed. Raises RulesError."""
        if path is None:
            return Ignored()
        try:
            changed = Path(path).stat().st_mtime_ns
        except OSError as error:
            raise RulesError(f"{path}: cannot be read: {error}") from error
        known = self._known.get(path)
        if known is None or known[0] != changed:
            known = self._known[path] = (changed, read_rules(Path(path)))
        return known[1]


def differing_places(pair: Pair, ignored: Ignored) -> Places:
    """Return where two answers differ, each place once."""
    found = compare(_reply(pair.old), _reply(pair.new), ignored, method=pair.method)
    return tuple(dict.fromkeys(place_of(one) for one in found))


def place_of(difference: Difference) -> tuple[str, str]:
    """Return where answers differ, without what a caller or a citizen might be known by.

    Items and members with strange names become `[*]`; of values only a status is told.
    """
    if difference.part is Part.STATUS:
        return difference.part.value, f"{difference.old} -> {difference.new}"
    return difference.part.value, _POSITION.sub("[*]", difference.place)


def _reply(answered: Answered) -> Reply:
    fields = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in answered.headers
    )
    coding = ",".join(value for name, value in fields if name.lower() == "content-encoding")
    body = answered.body
    with suppress(CodingError):  # then it is compared as it came
        body = undo_codings(body, coding, limit=LARGEST_UNPACKED)
    return whole_reply(answered.status, fields, body)
