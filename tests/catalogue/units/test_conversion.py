"""A unit of one day on another: every candidate told, the likeliest first, never one in silence."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.units.conversion import Conversion, convert
from catalogue.units.register import Register, load_register

BEFORE, AFTER, LATER = dt.date(2025, 6, 30), dt.date(2025, 7, 1), dt.date(2026, 6, 1)


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def converted(register: Register, code: str, day: dt.date, on: dt.date) -> Conversion:
    unit = register.find(code, day)
    assert unit is not None
    return convert(register, unit, on)


@pytest.mark.parametrize(
    ("code", "day", "on", "expected"),
    [
        ("297", BEFORE, BEFORE, ["297 keep"]),
        ("297", BEFORE, AFTER, ["10999 inside", "11020 inside", "11050 inside", "11065 inside", "11002 part"]),
        ("30", BEFORE, AFTER, ["31 whole"]),
        ("75", BEFORE, LATER, ["75 whole"]),  # over two changes, of which the greater is told
        ("75", AFTER, LATER, ["75 type_change"]),
        ("70", BEFORE, LATER, ["75 whole"]),  # Bình Phước
        ("31", AFTER, BEFORE, ["31 whole", "30 whole"]),
        ("75", LATER, BEFORE, ["75 whole", "70 whole"]),
        ("31", AFTER, dt.date(1990, 1, 1), []),
    ],
)  # fmt: skip
def test_a_code_of_one_day_on_another(
    register: Register, code: str, day: dt.date, on: dt.date, expected: list[str]
) -> None:
    found = converted(register, code, day, on).counterparts
    assert sorted(f"{one.unit.code} {one.kind.value}" for one in found) == sorted(expected)


def test_a_divided_district_has_no_default_and_a_divided_commune_has_one(
    register: Register,
) -> None:
    district = converted(register, "297", BEFORE, AFTER)
    assert (district.is_ambiguous, district.default) == (True, None)
    commune = converted(register, "11008", BEFORE, AFTER)
    assert commune.is_ambiguous
    assert commune.default is not None
    assert commune.default is commune.counterparts[0]


def test_what_did_not_change_is_itself(register: Register) -> None:
    whole = converted(register, "30", BEFORE, AFTER)
    assert (whole.is_ambiguous, whole.default) == (False, whole.counterparts[0])


@given(st.integers(0, 14_149), st.dates(dt.date(2004, 7, 8), dt.date(2030, 1, 1)))
def test_every_unit_has_a_counterpart_on_every_day_of_the_register(
    register: Register, row: int, on: dt.date
) -> None:
    unit = list(register)[row]
    found = convert(register, unit, on).counterparts
    assert found
    assert all(one.unit.is_valid(on) for one in found)
    assert len({one.unit.id for one in found}) == len(found)
