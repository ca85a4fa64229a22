"""Which route takes a call, by path, query, method and day, and what its path captures."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.resolution import Proxied, Request, Retired
from redirects.route import ApiRoute, Upstream
from redirects.route_path import RoutePath, RoutePathError, expand
from redirects.route_table import RouteTable

UPSTREAMS = (Upstream("http://10.0.0.5"),)
TODAY = date(2026, 11, 24)


def route(name: str, path: str, **options: object) -> ApiRoute:
    return ApiRoute(name, "old.test", path, UPSTREAMS, **options)  # type: ignore[arg-type]  # each test's own


def found(
    routes: list[ApiRoute], target: bytes, method: str = "GET", on: date | None = None
) -> str:
    path, _, query = target.partition(b"?")
    table = RouteTable(routes, lambda: TODAY)
    match table.find(Request("old.test", path, query, method), on):
        case Proxied(route=taken):
            return taken.name
        case Retired(route=taken):
            return f"410 {taken.name}"
        case None:
            return "-"


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (b"/api", "-"),
        (b"/api/", "every"),
        (b"/api/x", "segment"),
        (b"/api/x/y", "every"),
        (b"/api/x/tep.json", "named"),
        (b"/api/x%2Fy", "segment"),
        (b"/api/\xc3\xa1", "segment"),
        (b"/api/don-vi", "exact"),
        (b"/api/../x", "-"),
        (b"/api/%2e%2E/x", "-"),
        (b"/api/don-vi?format=feed", "feed"),
        (b"/api/don-vi?format=feeds", "exact"),
    ],
)
def test_the_route_that_says_most_about_a_call_takes_it(target: bytes, name: str) -> None:
    routes = [
        route("every", "/api/*"),
        route("segment", "/api/:ma"),
        route("named", "/api/:ma/:tep.json"),
        route("exact", "/api/don-vi"),
        route("feed", "/api/don-vi", query="format=feed"),
    ]
    assert found(routes, target) == name
    assert found(routes[::-1], target) == name


def test_a_method_leads_to_the_route_that_names_it() -> None:
    routes = [route("any", "/a"), route("posts", "/a", methods=frozenset({"POST"}))]
    assert found(routes, b"/a", "POST") == "posts"
    assert found(routes, b"/a") == "any"
    assert found(routes[1:], b"/a") == "-"
    reads = [route("reads", "/a", methods=frozenset({"GET"}))]
    assert [found(reads, b"/a", one) for one in ("GET", "HEAD", "POST")] == ["reads", "reads", "-"]


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (date(2026, 6, 30), "-"),
        (date(2026, 7, 1), "api"),
        (date(2026, 12, 31), "api"),
        (date(2027, 1, 1), "410 api"),
        (None, "api"),
    ],
)
def test_a_route_has_a_first_and_a_last_day(day: date | None, outcome: str) -> None:
    dated = route("api", "/a", valid_from=date(2026, 7, 1), valid_until=date(2026, 12, 31))
    assert found([dated], b"/a", on=day) == outcome


def test_before_its_first_day_a_route_leaves_its_calls_to_the_next() -> None:
    routes = [route("new", "/api/x", valid_from=date(2027, 1, 1)), route("old", "/api/*")]
    assert found(routes, b"/api/x") == "old"
    assert found(routes, b"/api/x", on=date(2027, 1, 1)) == "new"


def test_where_a_route_ends_one_of_the_same_path_goes_on_and_no_wider_one() -> None:
    ended = route("a", "/api/x", valid_until=date(2026, 12, 31))
    heir = route("b", "/api/x", valid_from=date(2027, 1, 1))
    wider = route("c", "/api/*")
    assert found([ended, heir, wider], b"/api/x", on=date(2026, 12, 31)) == "a"
    assert found([ended, heir, wider], b"/api/x", on=date(2027, 1, 1)) == "b"
    assert found([ended, wider], b"/api/x", on=date(2027, 1, 1)) == "410 a"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("api", "must start"),
        ("/đơn-vị", "ASCII"),
        ("/*/x", "last character"),
        ("/:a/:a", "one name twice"),
        ("/:splat/*", "one name twice"),
    ],
)
def test_a_path_that_means_nothing_is_refused(path: str, why: str) -> None:
    with pytest.raises(RoutePathError, match=why):
        RoutePath(path)


@pytest.mark.parametrize(
    ("path", "asked", "target", "made"),
    [
        ("/api/*", b"/api/a%2Fb/c", "/v2/:splat", b"/v2/a%2Fb/c"),
        ("/api/:ma", b"/api/%C4%90", "/don-vi/:ma", b"/don-vi/%C4%90"),
        ("/:nam/:so/*", b"/2025/17/a/b", "/vb/:so-:nam/:splat", b"/vb/17-2025/a/b"),
        (
            "/api/:ma.json",
            b"/api/31.json",
            "/don-vi?ma=:ma&khac=:khong",
            b"/don-vi?ma=31&khac=:khong",
        ),
        ("/api", b"/api", "/v2", b"/v2"),
    ],
)
def test_what_a_path_captures_is_put_into_another_byte_for_byte(
    path: str, asked: bytes, target: str, made: bytes
) -> None:
    pattern = RoutePath(path)
    assert pattern.matches(asked)
    assert expand(target, pattern.captures(asked)) == made


@given(st.lists(st.binary(min_size=1).filter(lambda one: b"/" not in one), min_size=2, max_size=2))
def test_whatever_stands_in_a_segment_is_captured_whole(segments: list[bytes]) -> None:
    first, rest = segments
    pattern = RoutePath("/a/:ma/*")
    path = b"/a/" + first + b"/" + rest
    assert pattern.matches(path)
    assert expand("/a/:ma/:splat", pattern.captures(path)) == path
