"""Crowding: too many redirects to one page are warned of by lint and when a snapshot is made."""

from __future__ import annotations

import pytest

from redirects.crowding import _COUNTED, Crowd, Crowding, leads_home
from redirects.lint import lint
from redirects.mapping import MappingKind
from redirects.sites import Sites
from tests.redirects.world import PORTAL, World


def fill(world: World, to_one: int, apart: int, target: str) -> None:
    for number in range(to_one):
        world.map(f"haiduong.gov.vn/mot-{number}", target)
    for number in range(apart):
        world.map(f"haiduong.gov.vn/rieng-{number}", f"/tin/{number}")


@pytest.mark.parametrize(
    ("to_one", "apart", "target", "codes"),
    [
        (21, 79, "section:tin-tuc", ["crowded-target"]),
        (20, 80, "section:tin-tuc", []),
        (30, 70, "/", ["home-page-dump"]),
        (30, 70, "https://haiphong.gov.vn/", ["home-page-dump"]),
        (30, 70, "https://haiphong.gov.vn", ["home-page-dump"]),
        (4, 0, "/", []),  # a site of four
    ],
)
def test_a_fifth_of_a_sites_redirects_is_a_crowd(
    world: World, to_one: int, apart: int, target: str, codes: list[str]
) -> None:
    fill(world, to_one, apart, target)
    found = lint(world.mappings, world.rules, world.portal, world.sites)

    assert [each.code for each in found] == codes
    assert [each.where for each in found] == [f"haiduong → {target}"] * len(codes)
    assert all(each.level == "warning" for each in found)


def test_a_snapshot_is_made_all_the_same_and_says_so(world: World) -> None:
    fill(world, 50, 10, "/")
    report = world.compile()

    assert [each.code for each in report.findings] == ["home-page-dump"]
    assert "83 %" in report.findings[0].message
    assert report.entries == 60


def test_sites_are_counted_apart_and_other_kinds_not_at_all(world: World) -> None:
    fill(world, 3, 10, "/")
    for number in range(9):
        world.map(f"haiphong.gov.vn/x-{number}", "/")
        world.map(f"haiduong.gov.vn/het-{number}", kind=MappingKind.GONE)
        world.map(f"la.vn/{number}", "/")
    crowding = Crowding(Sites(world.sites))
    list(crowding.watch(world.mappings))

    assert crowding.crowds() == [Crowd("haiphong", "/", 9, 9)]


def test_a_crowd_is_found_among_more_targets_than_are_counted(world: World) -> None:
    for number in range(3 * _COUNTED):
        world.map(f"haiduong.gov.vn/rieng-{number}", f"/tin/{number}")
        if number % 2:
            world.map(f"haiduong.gov.vn/mot-{number}", "/lich")
    crowding = Crowding(Sites(world.sites))
    list(crowding.watch(world.mappings))

    assert [crowd.target for crowd in crowding.crowds()] == ["/lich"]
    assert len(crowding._targets["haiduong"]) <= _COUNTED


def test_only_the_front_page_is_the_front_page() -> None:
    assert leads_home("/", PORTAL)
    assert not leads_home("/tin-tuc", PORTAL)
    assert not leads_home("doc:7", PORTAL)
