"""Redirects that take the visitor's query along: only where a mapping says so, never elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from redirects import entry as entries
from redirects.mapping import MappingKind
from redirects.resolution import Moved, Request
from redirects.url import parse_url
from tests.redirects.world import World

OLD, HOME = "http://haiduong.gov.vn", "https://haiphong.gov.vn"
Ask = Callable[..., Request]


def lead_all(world: World, ask: Ask, *urls: str) -> list[str]:
    resolver = world.open().resolver()
    found = [resolver.resolve(ask(url)) for url in urls]
    assert all(isinstance(one, Moved) for one in found), found
    return [one.location.removeprefix(HOME) for one in found if isinstance(one, Moved)]


def test_a_query_comes_along_where_the_mapping_says_so(world: World, ask: Ask) -> None:
    world.map(f"{OLD}/theo", "/moi", query="pass")
    world.map(f"{OLD}/san", "/moi?nguon=cu#muc", query="pass")
    world.map(f"{OLD}/bo", "/moi")

    assert lead_all(
        world,
        ask,
        f"{OLD}/Theo/?trang=2&utm_source=zalo",
        f"{OLD}/theo",
        f"{OLD}/san?trang=2",
        f"{OLD}/bo?trang=2",
        f"{OLD}/theo?q=đất lúa",
    ) == [
        "/moi?trang=2&utm_source=zalo",
        "/moi",
        "/moi?nguon=cu&trang=2#muc",
        "/moi",
        "/moi?q=%C4%91%E1%BA%A5t%20l%C3%BAa",
    ]


def test_trials_bodies_and_copies_change_nothing(world: World, ask: Ask) -> None:
    world.map(f"{OLD}/thu", "/moi", MappingKind.TEMPORARY, query="pass")
    world.archive(f"{OLD}/thu")
    resolver = world.open().resolver()

    for method, status in (("GET", 302), ("POST", 307)):
        found = resolver.resolve(ask(f"{OLD}/thu?a=1", method))
        assert isinstance(found, Moved)
        assert (found.status, found.location) == (status, f"{HOME}/moi?a=1")


def test_a_query_is_left_behind_where_it_would_lead_back(world: World, ask: Ask) -> None:
    world.map("http://haiphong.gov.vn/xem?ItemID=7", "/xem", query="pass")

    assert lead_all(world, ask, "http://haiphong.gov.vn/xem?ItemID=7") == ["/xem"]


def test_along_a_chain_a_query_comes_as_far_as_every_hop_takes_it(world: World, ask: Ask) -> None:
    here = "http://haiphong.gov.vn"
    world.map(f"{here}/a", "/b", query="pass")
    world.map(f"{here}/b", "/c", query="pass")
    world.map(f"{here}/c", "/d", query="pass")
    world.map(f"{here}/m", "/n", query="pass")
    world.map(f"{here}/n", "/d")
    world.map(f"{here}/o", "/c")

    asked = [f"{here}/{name}?trang=1" for name in "abmo"]
    assert lead_all(world, ask, *asked) == ["/d?trang=1", "/d?trang=1", "/d", "/d"]


def test_an_entry_says_so_ahead_of_the_redirect() -> None:
    bare = entries.redirect_entry("https://a.vn/", 7, on_trial=True)
    both = entries.passing(bare)

    assert entries.read_redirect(both) is None  # so what is asked most has nothing more to ask
    assert entries.bare_redirect(both) == entries.bare_redirect(bare) == bare
    assert entries.bare_redirect(entries.with_copy(both)) == bare
    assert entries.is_redirect(both)
    assert not entries.passes_query(bare)
    assert not entries.passes_query(b"")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60))
def test_no_query_leads_off_the_portal(world: World, query: bytes) -> None:
    if not world.opened:
        world.map(f"{OLD}/theo", "/moi", query="pass")
        world.open()
    found = world.opened[0].resolver().resolve(Request("haiduong.gov.vn", b"/theo", query))

    assert isinstance(found, Moved)
    assert parse_url(found.location).origin == HOME
    assert found.location.isascii()
    assert found.location.isprintable()
