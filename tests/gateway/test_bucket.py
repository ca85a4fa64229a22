"""A bucket of tokens, with a hand-turned clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.bucket import Bucket


def test_a_bucket_gives_a_seconds_worth_at_once_and_then_as_time_passes() -> None:
    now = [100.0]
    bucket = Bucket(2.0, lambda: now[0])
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] += 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now[0] += 3600
    assert [bucket.take() for _ in range(3)] == [True, True, False]


@given(st.lists(st.floats(min_value=0, max_value=2), max_size=50))
def test_a_bucket_never_gives_more_than_its_rate_and_one_second_ahead(steps: list[float]) -> None:
    now = [0.0]
    bucket = Bucket(3.0, lambda: now[0])
    given_out = 0
    for step in steps:
        now[0] += step
        given_out += sum(bucket.take() for _ in range(10))
        assert given_out <= 3.0 * now[0] + 3.0 + 1e-6
