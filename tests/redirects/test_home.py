"""The bare host of an old portal: a province's leads to the new portal, a district's nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from redirects.mapping import MappingKind
from redirects.resolution import Live, Moved, Request, Unresolved
from redirects.site import Site
from tests.redirects.world import World, lead

Ask = Callable[..., Request]


@pytest.fixture
def provinces(world: World) -> World:
    units = {"haiduong": "30", "haiphong": "31"}
    world.sites = tuple(replace(site, unit=units.get(site.name)) for site in world.sites)
    return world


@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("HEAD", 302), ("POST", 307)])
def test_the_bare_host_of_a_province_leads_to_the_portal(
    provinces: World, ask: Ask, method: str, status: int
) -> None:
    found = lead(provinces, ask("http://haiduong.gov.vn/", method))
    assert isinstance(found, Moved)
    assert (found.location, found.status) == ("https://haiphong.gov.vn/", status)


@pytest.mark.parametrize("path", ["/sau-trong", "/?x=1", "/a/"])
def test_no_other_address_is_led_home(provinces: World, ask: Ask, path: str) -> None:
    assert isinstance(lead(provinces, ask(f"http://haiduong.gov.vn{path}")), Unresolved)


def test_what_an_editor_decided_goes_first(provinces: World, ask: Ask) -> None:
    provinces.map("haiduong.gov.vn/", "/lich-su", MappingKind.MOVED)
    found = lead(provinces, ask("http://haiduong.gov.vn/"))
    assert isinstance(found, Moved)
    assert found.location == "https://haiphong.gov.vn/lich-su"


def test_the_portals_own_home_stays(provinces: World, ask: Ask) -> None:
    assert lead(provinces, ask("http://haiphong.gov.vn/")) == Live("haiphong.gov.vn")


@pytest.mark.parametrize(("unit", "is_province"), [("30", True), ("297", False), (None, False)])
def test_codes_of_provinces_have_two_digits(unit: str | None, *, is_province: bool) -> None:
    assert Site("a", "A", "a.test", unit=unit).spoke_for_a_province is is_province
