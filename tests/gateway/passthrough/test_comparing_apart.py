"""Live answers are compared in a process of their own, within bounds."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest

from gateway.comparing.rules import RulesError
from gateway.passthrough.comparing_apart import (
    Answered,
    ComparingApart,
    ComparingError,
    Pair,
    compare_for,
)


def pair(old: bytes, new: bytes, ignore: str | None = None) -> Pair:
    return Pair("GET", Answered(200, [], old), Answered(200, [], new), ignore)


@pytest.fixture
def apart() -> Iterator[ComparingApart]:
    comparing = ComparingApart()
    yield comparing
    comparing.close()


def test_one_process_compares_many_pairs(apart: ComparingApart) -> None:
    assert apart.places(pair(b"[1]", b"[1.0]")) == ()
    child = apart._child
    assert apart.places(pair(b"[[1], [1]]", b"[[2], [2]]")) == (("body", "$[*][*]"),)
    assert apart._child is child
    assert child is not None
    assert child.pid != os.getpid()
    assert os.getpriority(os.PRIO_PROCESS, child.pid or 0) >= 10


def test_rules_that_cannot_be_read_do_not_end_it(apart: ComparingApart, tmp_path: Path) -> None:
    with pytest.raises(RulesError, match="nowhere"):
        apart.places(pair(b"a", b"b", str(tmp_path / "nowhere")))
    rules = tmp_path / "rules.toml"
    rules.write_text('json = ["$[0]"]')
    assert apart.places(pair(b"[1]", b"[2]", str(rules))) == ()


def test_what_is_given_up_is_told_and_the_next_pair_begins_anew(apart: ComparingApart) -> None:
    apart.places(pair(b"a", b"a"))
    child = apart._child
    assert child is not None
    os.kill(child.pid or 0, signal.SIGSTOP)
    threading.Timer(0.1, apart.give_up).start()
    with pytest.raises(ComparingError, match="ended"):
        apart.places(pair(b"a", b"b"))
    assert apart.places(pair(b"a", b"b")) == (("body", "bytes"),)
    apart.close()
    apart.give_up()
    apart.close()


def test_it_ends_with_whoever_asks() -> None:
    context = get_context("spawn")
    mine, its = context.Pipe()
    child = context.Process(target=compare_for, args=(its,))
    child.start()
    its.close()
    mine.send(pair(b"a", b"b"))
    assert mine.recv() == (("body", "bytes"),)
    mine.close()
    child.join(20)
    assert child.exitcode == 0
