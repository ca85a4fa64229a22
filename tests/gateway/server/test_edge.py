"""Addresses without measure: refused or answered with no more work than a usual one, by count."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from catalogue.misses import LONGEST_ADDRESS
from gateway.app import create_site
from gateway.security import MAX_PARAMETERS, MAX_TARGET_BYTES
from gateway.server.serving import MAX_HEAD_BYTES
from redirects.mapping import MappingKind

HEAD = b" HTTP/1.1\r\nHost: www.haiduong.localhost\r\nConnection: close\r\n\r\n"
A_FEW_TIMES = 5


class Steps:
    """Counts the functions called, in Python and in C, by threads that start from now on."""

    def __init__(self) -> None:
        self.taken = 0

    def __call__(self, _frame: FrameType, event: str, _argument: object) -> None:
        self.taken += event in {"call", "c_call"}

    def of(self, do: Callable[[], bytes]) -> tuple[bytes, int]:
        """Return what was answered, and in how many steps."""
        before = self.taken
        return do(), self.taken - before


@pytest.fixture
def steps() -> Any:
    counted = Steps()
    threading.setprofile(counted)
    yield counted
    threading.setprofile(None)  # type: ignore[arg-type]  # typeshed knows no way to end it
    assert sys.getprofile() is not counted


@pytest.fixture
def origin(town: Any, serve: Callable[..., str], steps: Steps) -> str:
    assert steps.taken == 0
    town.settings.serve.__dict__["poll"] = 60.0  # nothing else moves while steps are counted
    town.decide("http://www.haiduong.localhost/tin", MappingKind.MOVED, target="/tin-tuc")
    return serve(create_site(town.settings))


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/" + b"a" * 10_000, b"414"),
        (b"/tin?" + b"a" * 10_000, b"414"),
        (b"/tin?" + b"a&" * 10_000, b"414"),
        (b"/tin?" + b"&" * MAX_PARAMETERS, b"414"),
        (b"/" + b"a" * (MAX_TARGET_BYTES - 1), b"404"),
        (b"/" + b"a" * (LONGEST_ADDRESS + 1), b"404"),
        (b"/%ff%fe%c0%af" * 100, b"404"),
        (b"/\xff\xfe\xc0\xaf" * 100, b"404"),
        (b"/khong?" + b"%ff=%fe&" * 9, b"404"),
        (b"/" + b"a" * MAX_HEAD_BYTES, b"431"),
    ],
    ids=[
        "10 kB path",
        "10 kB query",
        "10,000 parameters",
        "empty parameters",
        "longest path",
        "longer than is counted",
        "invalid UTF-8",
        "raw invalid UTF-8",
        "invalid parameters",
        "64 kB head",
    ],
)
def test_an_address_without_measure_costs_little_more_than_a_usual_one(
    origin: str, steps: Steps, talk_raw: Callable[..., bytes], target: bytes, status: bytes
) -> None:
    usual = b"GET /tin-tuc/khong-co" + HEAD
    for _ in range(2):  # the second time everything is printed that is printed once
        _, few = steps.of(lambda: talk_raw(origin, usual))
        answer, many = steps.of(lambda: talk_raw(origin, b"GET " + target + HEAD))
    assert answer.startswith(b"HTTP/1.1 " + status), answer[:80]
    assert 0 < many < A_FEW_TIMES * few
