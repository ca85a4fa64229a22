"""A route in a few lines, as `hopnhat resolve` shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from gateway.resolving import explain_in_lines, request_of
from gateway.route_lines import route_in_lines
from redirects.manifest import Manifest
from redirects.resolver import Resolver
from redirects.route import (
    ApiRoute,
    Caching,
    Edit,
    Health,
    RateLimit,
    Recording,
    Rewriting,
    Shadow,
    Transition,
    Upstream,
)
from redirects.route_units import UnitCodes
from redirects.site import Portal

PLAIN = ApiRoute("api", "old.test", "/api/*", (Upstream("http://10.0.0.5"),))
FULL = ApiRoute(
    "don-vi",
    "old.test",
    "/api/:ma",
    (Upstream("http://10.0.0.5", 2), Upstream("http://10.0.0.6"), Upstream("http://10.0.0.7", 0)),
    methods=frozenset({"GET", "HEAD"}),
    query="v=1",
    contact="Sở Nội vụ",
    owner="Tổ chuyển đổi",
    host_header="noi-bo.test",
    health=Health(path="/song", interval=10),
    rewriting=Rewriting(
        "/v2/:ma", (Edit("set", "khoa", "bi-mat"),), answer=(Edit("remove", "Server"),)
    ),
    credentials=frozenset({"authorization"}),
    total_timeout=60,
    max_body=1024 * 1024,
    max_answer=1536,
    caching=Caching(),
    rate_limit=RateLimit(600, 60, key="header:X-Api-Key"),
    valid_from=date(2026, 7, 1),
    valid_until=date(2027, 6, 30),
    successor="https://haiphong.gov.vn/api/v1/",
)


def test_a_route_is_shown_in_six_lines() -> None:
    assert route_in_lines(FULL) == [
        (
            "route         don-vi, old.test/api/:ma?v=1; GET, HEAD; from 2026-07-01; until 2027-06-30; "
            "then https://haiphong.gov.vn/api/v1/"
        ),
        (
            "upstreams     http://10.0.0.5 (2 of 3 calls), http://10.0.0.6 (1 of 3 calls), "
            "http://10.0.0.7 (spare); off for 5 s after 5 failures in a row; asked /song every 10 s"
        ),
        (
            "on the way    path /v2/:ma; host noi-bo.test; query set khoa; answer remove Server; "
            "credentials authorization"
        ),
        (
            "limits        connect 5 s, silence 30 s, in all 60 s, call 1 MB, answer 1.5 kB, "
            "2 upstreams tried, 600 calls in 60 s for each header:X-Api-Key"
        ),
        (
            "kept          answers of up to 1 MB in 16 MB; 0 s where they do not say, 86400 s more "
            "in the place of a failure"
        ),
        "owner         Tổ chuyển đổi; contact Sở Nội vụ",
    ]


def test_a_route_that_says_little_is_shown_in_six_short_lines() -> None:
    assert route_in_lines(PLAIN) == [
        "route         api, old.test/api/*; every method",
        "upstreams     http://10.0.0.5; off for 5 s after 5 failures in a row",
        "on the way    nothing changes, all credentials cross",
        "limits        connect 5 s, silence 30 s",
        "kept          no answer",
        "owner         nobody named; no contact for callers",
    ]


def test_an_adapted_route_says_whose_codes_and_whose_dossiers() -> None:
    units = UnitCodes(date(2025, 6, 30), None, "ngay", ("ma", "$..xa"), ("//Ma",))
    lines = route_in_lines(replace(PLAIN, units=units, dossier="doccode"))
    assert lines[1].startswith(
        "upstreams     whoever holds the dossier of doccode, else http://10.0.0.5; off for"
    )
    assert lines[2] == (
        "on the way    units' codes of ngay, else 2025-06-30 to those of the day in ma, $..xa "
        "and back in //Ma"
    )
    alone = route_in_lines(replace(PLAIN, upstreams=(), dossier="doccode", units=UnitCodes()))
    assert alone[1] == "upstreams     whoever holds the dossier of doccode, else a page"
    assert alone[2] == "on the way    units' codes of the day to those of the day"


def test_what_is_set_on_the_way_is_not_shown_since_it_may_be_a_key() -> None:
    assert "bi-mat" not in "\n".join(route_in_lines(FULL))


def test_resolving_a_call_shows_its_route_and_another_day_its_end() -> None:
    portal = Portal("https://new.test", ("new.test",), frozenset(), ())
    resolver = Resolver(Manifest(1, portal, (), (), (FULL,), 0), lambda _: None)
    url = "http://old.test/api/31?v=1"
    lines = explain_in_lines(url, resolver.explain(request_of(url), date(2027, 6, 30)))
    assert lines[-7] == "answer        passed on by route don-vi"
    assert lines[-6:] == route_in_lines(FULL)
    lines = explain_in_lines(url, resolver.explain(request_of(url), date(2027, 7, 1)))
    assert lines[-7] == "answer        410, route don-vi ended on 2027-06-30"


def test_an_api_that_is_to_end_or_to_switch_has_a_line_for_it() -> None:
    switching = replace(
        PLAIN,
        valid_until=date(2027, 12, 31),
        transition=Transition(
            deprecated=date(2026, 12, 1),
            page="https://a.test/b",
            notice="Hãy gọi v2",
            notice_from=date(2026, 12, 2),
        ),
        shadow=Shadow("http://10.0.0.9", 0.05),
        recording=Recording(),
    )
    assert route_in_lines(switching)[6:] == [
        (
            "told          deprecated from 2026-12-01; gone from 2028-01-01; page https://a.test/b; "
            "notice from 2026-12-02: Hãy gọi v2"
        ),
        "switch        0.05 of the safe calls compared with http://10.0.0.9; safe calls recorded",
    ]
