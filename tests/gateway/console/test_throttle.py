"""The throttle: how often a name may fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.console import throttle as room
from gateway.console.throttle import Throttle

NOON = datetime(2025, 7, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_name_that_failed_too_often_waits_until_the_window_ends() -> None:
    throttle = Throttle(limit=3, window=15 * MINUTE)
    for minute in range(3):
        assert throttle.wait("bientap", NOON + minute * MINUTE) == timedelta()
        throttle.failed("bientap", NOON + minute * MINUTE)
    assert throttle.wait("bientap", NOON + 5 * MINUTE) == 10 * MINUTE
    assert throttle.wait("bientap", NOON + 15 * MINUTE) == timedelta()


def test_one_name_does_not_make_another_wait() -> None:
    throttle = Throttle(limit=1)
    throttle.failed("bientap", NOON)
    assert throttle.wait("hoa", NOON) == timedelta()


def test_signing_in_forgets_the_failures() -> None:
    throttle = Throttle(limit=2)
    throttle.failed("bientap", NOON)
    throttle.succeeded("bientap")
    throttle.failed("bientap", NOON)
    assert throttle.wait("bientap", NOON) == timedelta()


def test_a_flood_of_names_is_not_kept() -> None:
    throttle = Throttle(limit=1)
    for number in range(room.MOST_NAMES + 1):
        throttle.failed(f"ten-{number}", NOON)
    assert throttle.wait("ten-0", NOON) == timedelta()
    assert throttle.wait(f"ten-{room.MOST_NAMES}", NOON) > timedelta()
