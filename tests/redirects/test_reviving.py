"""A frozen value comes back from JSON as it was, whatever it is made of."""

from __future__ import annotations

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.manifest import Manifest, ManifestError, plain, read_manifest, write_manifest
from redirects.reviving import revive
from redirects.route import (
    ApiRoute,
    Caching,
    Edit,
    Health,
    RateLimit,
    Rewriting,
    Transition,
    Upstream,
)
from redirects.site import Portal

PORTAL = Portal("https://new.test", ("new.test",), frozenset(), ())
TEXT = st.text(max_size=8)
DAYS = st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1))
EDITS = st.lists(st.builds(Edit, st.sampled_from(["set", "add", "remove"]), TEXT, TEXT)).map(tuple)
ROUTES = st.builds(
    ApiRoute,
    name=TEXT,
    host=TEXT,
    path=TEXT,
    upstreams=st.lists(st.builds(Upstream, TEXT, st.integers(0, 9)), max_size=3).map(tuple),
    methods=st.frozensets(TEXT, max_size=3),
    query=st.none() | TEXT,
    health=st.builds(Health, path=st.none() | TEXT),
    rewriting=st.builds(Rewriting, path=st.none() | TEXT, query=EDITS, answer=EDITS),
    credentials=st.none() | st.frozensets(TEXT, max_size=3),
    caching=st.none() | st.builds(Caching),
    rate_limit=st.none() | st.builds(RateLimit, calls=st.integers(1, 9), key=st.none() | TEXT),
    valid_from=DAYS,
    valid_until=DAYS,
    transition=st.none() | st.builds(Transition, deprecated=DAYS, notice=TEXT),
)


@given(st.lists(ROUTES, max_size=3))
def test_whatever_a_route_says_a_snapshot_says_it_again(routes: list[ApiRoute]) -> None:
    manifest = Manifest(1, PORTAL, (), (), tuple(routes), 0)
    assert read_manifest(write_manifest(manifest)) == manifest


@given(ROUTES)
def test_one_route_is_written_in_one_way(route: ApiRoute) -> None:
    assert plain(route) == plain(revive(ApiRoute, json.loads(plain(route))))


@pytest.mark.parametrize(
    "damage",
    [{"khac": 1}, {"upstreams": [{"origin": "a", "weight": 1, "khac": 2}]}, {"valid_from": "nay"}],
)
def test_what_is_no_route_is_refused(damage: dict[str, object]) -> None:
    route = ApiRoute("api", "old.test", "/*", (Upstream("http://u"),))
    document = json.loads(write_manifest(Manifest(1, PORTAL, (), (), (route,), 0)))
    document["routes"][0].update(damage)
    with pytest.raises(ManifestError, match="damaged"):
        read_manifest(json.dumps(document).encode())
