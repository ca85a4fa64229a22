"""Which code stands for another, how it is written, and what packed bodies become."""

from __future__ import annotations

import datetime as dt
import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.units.register import Level, load_register
from gateway.adapting.choosing import Chooser, Days, whole_code, written_like
from gateway.coding import decoded, encoded, takes_gzip

OLD, NEW = dt.date(2025, 6, 30), dt.date(2026, 11, 1)
FORTH, BACK = Days(OLD, NEW), Days(NEW, OLD)


@pytest.fixture(scope="module")
def chooser() -> Chooser:
    return Chooser(load_register())


@pytest.mark.parametrize(
    ("code", "days", "preferred", "chosen", "is_ambiguous"),
    [
        ("30", FORTH, (), "31", False),  # Hải Dương is Hải Phòng
        ("24", FORTH, (), "24", False),  # Bắc Giang is Bắc Ninh, which took its code
        ("27", FORTH, (), "24", False),
        ("11008", FORTH, (), "11020", True),  # divided: the part that bears most
        ("11008", FORTH, ("11002",), "11002", False),
        ("297", FORTH, (), None, True),  # a district has no heir of its own
        ("31", BACK, (), "31", True),
        ("31", BACK, ("30",), "30", False),  # what the caller asked for
        ("31", BACK, ("30", "31"), "31", True),  # it asked for both
        ("11002", BACK, (), "11002", True),
        ("75", Days(dt.date(2026, 4, 29), NEW), (), "75", False),
        ("11008", Days(OLD, OLD), (), "11008", False),
    ],
)
def test_a_code_becomes_the_likeliest_one_of_the_other_day(  # noqa: PLR0917 - a table
    chooser: Chooser,
    code: str,
    days: Days,
    preferred: tuple[str, ...],
    chosen: str | None,
    is_ambiguous: bool,  # noqa: FBT001 - a table
) -> None:
    found = chooser.choose(code, days, None, preferred)
    assert found is not None
    assert (found.code, found.is_ambiguous) == (chosen, is_ambiguous)


@pytest.mark.parametrize(
    ("code", "days", "level"),
    [
        ("99", FORTH, None),
        ("297", BACK, None),  # no unit of today
        ("30", FORTH, Level.COMMUNE),
        ("30", Days(dt.date(1990, 1, 1), NEW), None),
        ("30", Days(OLD, dt.date(1990, 1, 1)), None),
    ],
)
def test_a_code_nobody_bore_is_none(chooser: Chooser, code: str, days: Days, level: Level) -> None:
    assert chooser.choose(code, days, level) is None


@pytest.mark.parametrize(
    ("text", "level", "code", "is_bare", "written"),
    [
        ("30", None, "30", False, "01"),
        ("8", None, None, False, "1"),
        ("8", Level.PROVINCE, "08", False, "1"),
        ("8", Level.PROVINCE, "08", True, "1"),
        ("08", Level.PROVINCE, "08", False, "01"),
        ("297", Level.DISTRICT, "297", True, "1"),
        ("1", Level.COMMUNE, "00001", False, "1"),
        ("11008", None, "11008", False, "01"),
        ("1234", None, None, False, "1"),
        ("123", Level.PROVINCE, None, False, "01"),
        ("", None, None, False, "1"),
        ("3a", None, None, False, "01"),
        ("٣٠", None, None, False, "01"),
        ("-30", Level.PROVINCE, None, False, "01"),
    ],
)
def test_a_number_is_a_code_only_where_its_level_is_known(
    text: str,
    level: Level | None,
    code: str | None,
    is_bare: bool,  # noqa: FBT001 - a table
    written: str,
) -> None:
    assert whole_code(text, level) == code
    assert written_like("01", text, is_bare=is_bare) == written


def test_a_bare_number_never_begins_with_a_nought_nor_vanishes() -> None:
    assert written_like("00", "10", is_bare=True) == "0"
    assert written_like("04", "10", is_bare=True) == "4"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        (b"gzip", True),
        (b"br, GZIP;q=0.5", True),
        (b"*", True),
        (b"br, *;q=0.1", True),
        (b"gzip;q=0, *", False),
        (b"gzip ; q=0.000", False),
        (b"*;q=0", False),
        (b"br", False),
        (b"identity", False),
        (b"", False),
    ],
)
def test_gzip_is_asked_for_only_where_the_caller_takes_it(accepted: bytes, *, takes: bool) -> None:
    assert takes_gzip(accepted) is takes


@given(st.binary(max_size=200))
def test_what_is_packed_is_unpacked_and_packed_again(body: bytes) -> None:
    raw = zlib.compressobj(wbits=-15)
    packed = {
        b"": body,
        b"identity": body,
        b"gzip": gzip.compress(body),
        b" X-GZIP": gzip.compress(body),
        b"deflate": zlib.compress(body),
        b"Deflate": raw.compress(body) + raw.flush(),
    }
    for coding, sent in packed.items():
        assert decoded(sent, coding, 200) == body
        again, kept = encoded(body, coding)
        assert decoded(again, kept, 200) == body
        assert kept in {coding, b""}


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (b"x", b"br"),
        (b"x", b"gzip, gzip"),
        (b"x", b"gzip"),
        (gzip.compress(b"x")[:-4], b"gzip"),
        (gzip.compress(b"x") + b"y", b"gzip"),
        (gzip.compress(bytes(10_000_000)), b"gzip"),  # a bomb
        (zlib.compress(bytes(101)), b"deflate"),
        (b"\xff\xff", b"deflate"),
    ],
)
def test_what_cannot_be_unpacked_within_bounds_is_told(body: bytes, coding: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each in its own words
        decoded(body, coding, 100)
