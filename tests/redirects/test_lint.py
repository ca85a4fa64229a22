import pytest

from redirects.finding import Finding
from redirects.lint import lint
from redirects.mapping import MappingKind
from redirects.rule import Rule, RulePlace
from redirects.site import Portal
from redirects.sites import SiteError
from tests.redirects.world import World


def findings(world: World) -> list[Finding]:
    return lint(world.mappings, world.rules, world.portal, world.sites)


def codes(world: World) -> set[tuple[str, str, str]]:
    return {(finding.level, finding.code, finding.where) for finding in findings(world)}


def test_good_mappings_have_no_findings(world: World) -> None:
    world.map("haiduong.gov.vn/a", "doc:7")
    world.map("haiphong.gov.vn/b", "/tin-tuc/b")
    world.map("haiduong.gov.vn/c", kind=MappingKind.GONE)
    world.rules = [Rule("r", "haiduong", "/x/*", target="section:tin-tuc", place=RulePlace.BEFORE)]

    assert findings(world) == []


def test_loops_chains_and_wrong_targets_are_named(world: World) -> None:
    world.map("haiphong.gov.vn/vong-1", "/vong-2")
    world.map("haiphong.gov.vn/vong-2", "/vong-1")
    world.map("haiphong.gov.vn/chuoi-1", "/chuoi-2")
    world.map("haiphong.gov.vn/chuoi-2", "/moi")
    world.map("haiphong.gov.vn/ngoai", "https://evil.vn/")
    world.map("haiphong.gov.vn/rong")
    world.map("haiphong.gov.vn/hai", "/1")
    world.map("haiphong.gov.vn/hai", "/2")
    world.map("la.vn/", "/1")
    world.rules = [Rule("hong", "haiphong", "^(", target="/")]

    assert codes(world) == {
        ("error", "loop", "haiphong.gov.vn/vong-1"),
        ("error", "loop", "haiphong.gov.vn/vong-2"),
        ("warning", "chain", "haiphong.gov.vn/chuoi-1"),
        ("error", "foreign-target", "haiphong.gov.vn/ngoai"),
        ("error", "empty-target", "haiphong.gov.vn/rong"),
        ("error", "contradiction", "haiphong.gov.vn/hai"),
        ("error", "unknown-host", "la.vn/"),
        ("error", "pattern", "hong"),
    }


def test_what_is_never_reached_is_named(world: World) -> None:
    world.map("haiphong.gov.vn/tin-tuc/cu", "doc:7")
    world.map("haiduong.gov.vn/tin-tuc/cu", "doc:7")
    world.map("haiduong.gov.vn/api/x?a=1", "doc:7")
    rule = Rule("truoc", "haiduong", "/api/*", target="/b", place=RulePlace.BEFORE)
    world.rules = [rule]

    found = findings(world)

    assert [(item.level, item.code, item.where) for item in found] == [
        ("warning", "shadowed-by-live", "haiphong.gov.vn/tin-tuc/cu"),
        ("warning", "shadowed-by-rule", "haiduong.gov.vn/api/x?a=1"),
    ]
    assert "“truoc”" in found[1].message


def test_a_wrong_live_pattern_is_a_finding_and_the_others_still_count(world: World) -> None:
    world.portal = Portal("https://haiphong.gov.vn", ("haiphong.gov.vn",), live=("^(", "/a"))
    world.map("haiphong.gov.vn/a", "/b")

    assert codes(world) == {
        ("error", "pattern", "portal.live ^("),
        ("warning", "shadowed-by-live", "haiphong.gov.vn/a"),
    }


def test_sites_that_quarrel_are_no_matter_of_mappings(world: World) -> None:
    world.sites = (world.sites[0], world.sites[0])
    with pytest.raises(SiteError):
        findings(world)
