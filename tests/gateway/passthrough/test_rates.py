"""How often a caller may call, and who is one caller."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passthrough.callers import caller_of, network_of
from gateway.passthrough.rates import Rates
from redirects.route import RateLimit
from tests.gateway.passthrough.test_breaker import Clock


def call(client: str = "203.0.113.9", query: bytes = b"", **headers: str) -> dict[str, Any]:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (client, 1), "headers": fields, "query_string": query}


def test_a_caller_who_used_up_its_calls_is_told_how_long_to_wait() -> None:
    clock = Clock()
    rates = Rates(RateLimit(calls=3, seconds=60, burst=3), clock)
    assert [rates.take(b"a") for _ in range(4)] == [0, 0, 0, 20]
    assert rates.take(b"b") == 0
    clock.now += 19
    assert rates.take(b"a") == pytest.approx(1)
    clock.now += 1
    assert rates.take(b"a") == 0
    assert rates.take(b"a") == pytest.approx(20)


@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.lists(st.floats(0, 30), max_size=60),
)
def test_no_caller_ever_makes_more_calls_than_its_bucket_and_its_rate_give(
    calls: int, burst: int, waits: list[float]
) -> None:
    clock = Clock()
    rates = Rates(RateLimit(calls=calls, seconds=10, burst=burst), clock)
    begun, made = clock.now, 0
    for wait in waits:
        clock.now += wait
        made += rates.take(b"a") == 0
        assert made <= burst + (clock.now - begun) * calls / 10 + 1e-6


def test_callers_are_forgotten_once_they_say_nothing_or_are_too_many() -> None:
    clock = Clock()
    rates = Rates(RateLimit(calls=1, seconds=60, burst=1), clock, most=2)
    for caller in (b"a", b"b", b"c"):
        assert rates.take(caller) == 0
    assert rates.take(b"c") > 0
    assert rates.take(b"a") == 0, "the oldest of three was forgotten"
    clock.now += 61
    assert rates.take(b"b") == 0


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (call("203.0.113.9"), call("203.0.113.200"), True),
        (call("203.0.113.9"), call("203.0.114.9"), False),
        (call("2001:db8:0:ff::1"), call("2001:db8:0:aa::2"), True),
        (call("2001:db8:0:ff::1"), call("2001:db8:1:ff::1"), False),
        (call("203.0.113.9", x_api_key="k"), call("198.51.100.1", x_api_key="k"), True),
        (call("203.0.113.9", x_api_key="k"), call("203.0.113.9", x_api_key="l"), False),
        (call("203.0.113.9", x_api_key="203.0.113.0/24"), call("203.0.113.9"), False),
        (call("203.0.113.9", x_api_key=""), call("203.0.113.9"), True),
    ],
)
def test_a_caller_is_its_key_or_else_its_network(
    one: dict[str, Any], other: dict[str, Any], *, same: bool
) -> None:
    assert (caller_of(one, "header:X-Api-Key") == caller_of(other, "header:X-Api-Key")) is same


def test_a_key_may_stand_in_the_query() -> None:
    one, other = call(query=b"a=1&ApiKey=k&b=2"), call("198.51.100.1", query=b"apikey=k")
    assert caller_of(one, "query:apikey") == caller_of(other, "query:apikey")
    assert caller_of(one, "query:token") != caller_of(other, "query:token")


@pytest.mark.parametrize(
    ("scope", "network"),
    [
        (call("127.0.0.1", x_forwarded_for="198.51.100.7, 203.0.113.9"), "203.0.113.0/24"),
        (call("203.0.113.9", x_forwarded_for="198.51.100.7"), "203.0.113.0/24"),
        (call("::1"), "::/56"),
        (call("::ffff:203.0.113.9"), "203.0.113.0/24"),
        (call("127.0.0.1", x_forwarded_for="unknown"), "unknown"),
        ({"client": None, "headers": []}, "unknown"),
    ],
)
def test_only_a_front_server_on_this_machine_says_where_a_call_is_from(
    scope: dict[str, Any], network: str
) -> None:
    assert network_of(scope) == network
