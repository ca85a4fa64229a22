"""The breaker of an upstream: laws that hold whatever calls and clocks do, and its three states."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gateway.passthrough.breaker import Breaker
from redirects.route import Health


class Clock:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_so_many_failures_in_a_row_open_it_and_one_call_closes_it_again() -> None:
    clock = Clock()
    breaker = Breaker(Health(failures=2, cooling=5), clock)
    breaker.failed(breaker.begin())
    breaker.succeeded(breaker.begin())
    breaker.failed(breaker.begin())
    assert breaker.state == "closed"
    breaker.failed(breaker.begin())
    assert (breaker.state, breaker.lets_through, breaker.seconds_left) == ("open", False, 5)
    clock.now += 5
    assert (breaker.state, breaker.lets_through) == ("half-open", True)
    probe = breaker.begin()
    assert not breaker.lets_through
    breaker.succeeded(probe)
    assert (breaker.state, breaker.lets_through) == ("closed", True)


def test_who_listens_is_told_when_it_opens_and_closes_and_not_in_between() -> None:
    clock = Clock()
    told: list[bool] = []
    breaker = Breaker(Health(failures=1, cooling=5), clock, told.append)
    breaker.failed(breaker.begin())
    clock.now += 5
    breaker.failed(breaker.begin())
    clock.now += 5
    breaker.succeeded(breaker.begin())
    breaker.succeeded(breaker.begin())
    assert told == [True, False]


def test_a_probe_that_fails_opens_it_for_another_while() -> None:
    clock = Clock()
    breaker = Breaker(Health(failures=1, cooling=5), clock)
    breaker.failed(breaker.begin())
    clock.now += 6
    breaker.failed(breaker.begin())
    assert (breaker.state, breaker.seconds_left) == ("open", 5)


def test_a_probe_whose_caller_hangs_up_leaves_its_place_to_the_next() -> None:
    clock = Clock()
    breaker = Breaker(Health(failures=1, cooling=5), clock)
    breaker.failed(breaker.begin())
    clock.now += 6
    breaker.abandoned(breaker.begin())
    assert breaker.lets_through


def test_calls_from_before_it_opened_neither_close_nor_prolong_it() -> None:
    clock = Clock()
    breaker = Breaker(Health(failures=1, cooling=5), clock)
    early, late = breaker.begin(), breaker.begin()
    breaker.failed(breaker.begin())
    clock.now += 3
    breaker.succeeded(early)
    breaker.failed(late)
    assert (breaker.state, breaker.seconds_left) == ("open", 2)


class AnyCalls(RuleBasedStateMachine):
    """Calls begin, end and are given up in any order while the clock goes on."""

    @initialize(failures=st.integers(1, 4), cooling=st.floats(0.5, 10))
    def install(self, failures: int, cooling: float) -> None:
        self.clock = Clock()
        self.health = Health(failures=failures, cooling=cooling)
        self.breaker = Breaker(self.health, self.clock)
        self.underway: list[int] = []
        self.in_a_row = 0

    @rule(seconds=st.floats(0, 12))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @precondition(lambda self: self.breaker.lets_through)
    @rule()
    def begin(self) -> None:
        was_half_open = self.breaker.state == "half-open"
        self.underway.append(self.breaker.begin())
        if was_half_open:
            assert not self.breaker.lets_through, "only one call finds out"

    @precondition(lambda self: self.underway)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        state, left = self.breaker.state, self.breaker.seconds_left
        self.breaker.failed(self._one(data))
        if state == "open":
            assert self.breaker.seconds_left == left, "an open one is not prolonged"

    @precondition(lambda self: self.underway)
    @rule(data=st.data())
    def succeed(self, data: st.DataObject) -> None:
        state = self.breaker.state
        self.breaker.succeeded(self._one(data))
        if state == "open":
            assert self.breaker.state == "open", "nothing closes it before its time"

    @precondition(lambda self: self.underway)
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        state = self.breaker.state
        self.breaker.abandoned(self._one(data))
        assert self.breaker.state == state

    def _one(self, data: st.DataObject) -> int:
        return self.underway.pop(data.draw(st.integers(0, len(self.underway) - 1)))

    @invariant()
    def its_state_says_what_it_lets_through(self) -> None:
        match self.breaker.state:
            case "closed":
                assert self.breaker.lets_through
            case "open":
                assert not self.breaker.lets_through
                assert 0 < self.breaker.seconds_left <= self.health.cooling + 1e-6
            case state:
                assert state == "half-open"
                assert self.breaker.seconds_left == 0

    @invariant()
    def it_never_stays_shut_once_nobody_is_underway(self) -> None:
        if not self.underway and self.breaker.seconds_left == 0:
            assert self.breaker.lets_through


AnyCalls.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
test_the_laws_hold_whatever_happens = AnyCalls.TestCase
