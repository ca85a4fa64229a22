"""What HTTP says of keeping an answer: the rules of RFC 9111 as tables."""

from __future__ import annotations

import pytest

from gateway.passthrough.freshness import (
    Terms,
    accepts,
    is_unchanged,
    terms_of,
    varying_names,
    wants_fresh,
)
from redirects.route import Caching

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT
DATE = b"Fri, 15 Jan 2027 08:00:00 GMT"
LATER = b"Fri, 15 Jan 2027 08:02:00 GMT"
CACHING = Caching(silent=0, stale_if_error=600)


def fields(*lines: bytes) -> list[tuple[bytes, bytes]]:
    return [(name, value) for name, _, value in (line.partition(b": ") for line in lines)]


@pytest.mark.parametrize(
    ("asked", "status", "answered", "terms"),
    [
        ([], 200, [b"cache-control: max-age=60"], Terms(60, 600, 0)),
        ([], 200, [b'Cache-Control: public, MAX-AGE="60"'], Terms(60, 600, 0)),
        ([], 200, [b"cache-control: max-age=60, s-maxage=90"], Terms(90, 0, 0)),
        ([], 200, [b"expires: " + LATER, b"date: " + DATE], Terms(120, 600, 0)),
        ([], 200, [b"expires: " + LATER], Terms(120, 600, 0)),
        ([], 200, [b"expires: 0"], Terms(0, 600, 0)),
        ([], 200, [b"expires: " + LATER, b"cache-control: max-age=5"], Terms(5, 600, 0)),
        ([], 200, [b"cache-control: max-age=60", b"age: 20"], Terms(60, 600, 20)),
        ([], 200, [], Terms(0, 600, 0)),
        ([], 200, [b"cache-control: max-age=60, must-revalidate"], Terms(60, 0, 0)),
        ([], 200, [b"cache-control: max-age=60, stale-if-error=5"], Terms(60, 5, 0)),
        ([], 200, [b"cache-control: max-age=abc"], Terms(0, 600, 0)),
        ([], 404, [b"cache-control: max-age=60"], Terms(60, 0, 0)),
        ([], 404, [], None),
        ([], 200, [b"cache-control: max-age=0, must-revalidate"], None),
        ([], 200, [b"cache-control: no-store"], None),
        ([], 200, [b"cache-control: private, max-age=60"], None),
        ([], 200, [b"cache-control: no-cache"], None),
        ([], 200, [b'cache-control: private="set-cookie, x"'], None),
        ([], 206, [b"cache-control: max-age=60"], None),
        ([], 302, [b"cache-control: max-age=60"], None),
        ([], 500, [b"cache-control: max-age=60"], None),
        ([b"cache-control: no-store"], 200, [b"cache-control: max-age=60"], None),
        ([b"authorization: Basic eA=="], 200, [b"cache-control: max-age=60"], None),
        ([b"Cookie: a=b"], 200, [b"cache-control: max-age=60"], None),
        ([], 200, [b"cache-control: max-age=60", b"Set-Cookie: a=b"], None),
        (
            [b"authorization: Basic eA=="],
            200,
            [b"cache-control: public, max-age=60", b"set-cookie: a=b"],
            Terms(60, 600, 0),
        ),
    ],
)
def test_an_answer_is_kept_on_the_terms_it_states(
    asked: list[bytes], status: int, answered: list[bytes], terms: Terms | None
) -> None:
    found = terms_of(fields(*asked), status, fields(*answered), caching=CACHING, now=NOW)
    assert found == terms


def test_an_answer_that_says_nothing_is_fresh_for_as_long_as_its_route_says() -> None:
    caching = Caching(silent=30, stale_if_error=0)
    assert terms_of([], 200, [], caching=caching, now=NOW) == Terms(30, 0, 0)
    assert terms_of([], 404, [], caching=caching, now=NOW) is None
    assert terms_of([], 200, fields(b"expires: 0"), caching=caching, now=NOW) is None


@pytest.mark.parametrize(
    ("line", "wants"),
    [
        (b"cache-control: no-cache", True),
        (b"cache-control: max-age=0", True),
        (b"pragma: no-cache", True),
        (b"cache-control: max-age=5", False),
        (b"accept: */*", False),
    ],
)
def test_a_caller_may_want_an_answer_straight_from_the_upstream(
    line: bytes, *, wants: bool
) -> None:
    assert wants_fresh(fields(line)) is wants


@pytest.mark.parametrize(
    ("line", "is_accepted"),
    [
        (b"cache-control: max-age=20", True),
        (b"cache-control: max-age=19", False),
        (b"cache-control: min-fresh=40", True),
        (b"cache-control: min-fresh=41", False),
        (b"cache-control: min-fresh=x", True),
    ],
)
def test_a_caller_may_say_how_old_an_answer_it_takes(line: bytes, *, is_accepted: bool) -> None:
    assert accepts(fields(line), age=20, lifetime=60) is is_accepted


@pytest.mark.parametrize(
    ("asked", "unchanged"),
    [
        ([b'if-none-match: "1"'], True),
        ([b'if-none-match: W/"1"'], True),
        ([b'if-none-match: "2", "1"'], True),
        ([b"if-none-match: *"], True),
        ([b'if-none-match: "2"'], False),
        ([b'if-none-match: "2"', b"if-modified-since: " + LATER], False),
        ([b"if-modified-since: " + DATE], True),
        ([b"if-modified-since: " + LATER], True),
        ([b"if-modified-since: Fri, 15 Jan 2027 07:59:59 GMT"], False),
        ([b"if-modified-since: hom qua"], False),
        ([], False),
    ],
)
def test_who_has_an_answer_already_is_told_so(asked: list[bytes], *, unchanged: bool) -> None:
    answered = fields(b'ETag: "1"', b"Last-Modified: " + DATE)
    assert is_unchanged(fields(*asked), answered) is unchanged


@pytest.mark.parametrize(
    ("answered", "names"),
    [
        ([], ()),
        ([b"Vary: Accept, accept-language", b"vary: Accept"], (b"accept", b"accept-language")),
        ([b"vary: *"], None),
        ([b"content-encoding: gzip"], (b"accept-encoding",)),
        ([b"access-control-allow-origin: https://a.test"], (b"origin",)),
        ([b"access-control-allow-origin: *"], ()),
    ],
)
def test_an_answer_depends_on_the_fields_it_names(
    answered: list[bytes], names: tuple[bytes, ...] | None
) -> None:
    assert varying_names(fields(*answered)) == names
