"""Rules as data: their own examples, their days, what they do with a query, who is to look at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from redirects.lint import lint
from redirects.mapping import MappingKind
from redirects.resolution import Moved, Proxied, Request, Unresolved
from redirects.rule import Example, Rule
from redirects.rule_lint import lint_rules
from redirects.site import Site
from redirects.trying import ExampleError, check_examples, normal_addition, read_example
from tests.redirects.world import PORTAL, SITES, World

Ask = Callable[..., Request]
SITE = SITES[0]
RULE = Rule("tin", "haiduong", "/tin/:id.aspx", target="/tai-lieu/:id")
HOME = "https://haiphong.gov.vn"


def with_examples(rule: Rule, *texts: str) -> Rule:
    return replace(rule, examples=tuple(read_example(text) for text in texts))


@pytest.mark.parametrize(
    ("rule", "example"),
    [
        (RULE, "/tin/5.aspx -> /tai-lieu/5"),
        (RULE, "http://www.haiduong.gov.vn/TIN/%35.aspx?utm_source=a -> /tai-lieu/5"),
        (RULE, "tin/5.aspx -> /tai-lieu/5"),
        (RULE, "/tin/5.html -> -"),
        (RULE, "/tin/5.html"),
        (replace(RULE, query="pass"), "/tin/5.aspx?a=1 -> /tai-lieu/5?a=1"),
        (replace(RULE, query="pass", add="b=2"), "/tin/5.aspx -> /tai-lieu/5?b=2"),
        (replace(RULE, target="/x?c=3#y", query="pass"), "/tin/5.aspx?a=1 -> /x?c=3&a=1#y"),
        (replace(RULE, target="doc:7"), "/tin/5.aspx -> doc:7"),
        (replace(RULE, kind=MappingKind.GONE), "/tin/5.aspx -> 410"),
        (replace(RULE, kind=MappingKind.KEEP), "/tin/5.aspx -> keep"),
        (replace(RULE, kind=MappingKind.ARCHIVED), "/tin/5.aspx -> archived"),
    ],
)
def test_a_rule_does_what_its_examples_say(rule: Rule, example: str) -> None:
    check_examples(with_examples(rule, example), SITE)


def test_a_rule_that_does_otherwise_is_refused_and_left_out(world: World) -> None:
    rule = with_examples(RULE, "/tin/5.aspx -> /tai-lieu/5", "/tin/6.aspx -> /khac/6")
    with pytest.raises(ExampleError, match=r"'tin': /tin/6.aspx gives /tai-lieu/6, not /khac/6"):
        check_examples(rule, SITE)
    world.rules.append(rule)
    report = world.compile()
    assert [(one.code, one.where) for one in report.findings] == [("example", "tin")]
    assert "/khac/6" in report.findings[0].message


def test_a_rule_holds_on_its_days_alone(world: World, ask: Ask) -> None:
    days = {"valid_from": date(2025, 7, 1), "valid_until": date(2025, 7, 31)}
    world.rules += [replace(RULE, **days), replace(RULE, name="sau", order=200, target="/sau")]
    resolver = world.open().resolver()
    asked = ask("http://haiduong.gov.vn/tin/5.aspx")

    def on(day: date) -> str:
        found = resolver.explain(asked, day).resolution
        assert isinstance(found, Moved)
        return found.location

    assert on(date(2025, 6, 30)) == f"{HOME}/sau"
    assert on(date(2025, 7, 1)) == on(date(2025, 7, 31)) == f"{HOME}/tai-lieu/5"
    assert on(date(2025, 8, 1)) == f"{HOME}/sau"
    steps = resolver.explain(asked, date(2025, 8, 1)).steps
    assert any("rule tin is not for this day" in step.outcome for step in steps)
    assert isinstance(resolver.resolve(asked), Moved)  # today, by the clock


def test_a_rule_that_is_switched_off_answers_nothing(world: World, ask: Ask) -> None:
    world.rules.append(replace(RULE, is_enabled=False))
    found = world.open().resolver().resolve(ask("http://haiduong.gov.vn/tin/5.aspx"))
    assert isinstance(found, Unresolved)


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ("", f"{HOME}/tai-lieu/5?c=1"),
        ("a=%C4%91", f"{HOME}/tai-lieu/5?a=%C4%91&c=1"),
        ("next=//evil.vn&x=%0d%0aSet-Cookie:a", f"{HOME}/tai-lieu/5?next=//evil.vn&x=%0d%0aSet-Cookie:a&c=1"),
        ("a=1#//evil.vn", f"{HOME}/tai-lieu/5?a=1&c=1"),
        ("a=đ", f"{HOME}/tai-lieu/5?a=%C4%91&c=1"),
        ("a=1\r\nSet-Cookie: b\\", f"{HOME}/tai-lieu/5?a=1%0D%0ASet-Cookie:%20b%5C&c=1"),
    ],
)  # fmt: skip
def test_a_query_that_is_passed_on_stays_a_query(
    world: World, ask: Ask, query: str, location: str
) -> None:
    world.rules.append(replace(RULE, query="pass", add="c=1"))
    asked = ask("http://haiduong.gov.vn/tin/5.aspx")
    request = asked._replace(raw_query=query.encode())
    found = world.open().resolver().resolve(request)
    assert isinstance(found, Moved)
    assert found.location == location


def test_what_is_kept_is_passed_on_to_the_old_server(world: World, ask: Ask) -> None:
    world.map("haiduong.gov.vn/tra-cuu", kind=MappingKind.KEEP)
    world.rules.append(Rule("giữ", "haiduong", "/api/*", MappingKind.KEEP))
    resolver = world.open().resolver()
    for path in ("/tra-cuu", "/api/x"):
        found = resolver.resolve(ask(f"http://haiduong.gov.vn{path}", "POST"))
        assert isinstance(found, Proxied)
        assert found.route.upstream == "http://10.0.0.5:8080"


def test_what_is_kept_without_an_old_server_stays_undecided_and_is_told(
    world: World, ask: Ask
) -> None:
    world.sites = (Site("haiduong", "Hải Dương", "haiduong.gov.vn"),)
    world.map("haiduong.gov.vn/tra-cuu", kind=MappingKind.KEEP)
    world.rules.append(Rule("giữ", "haiduong", "/api/*", MappingKind.KEEP))
    codes = [finding.code for finding in world.compile().findings]
    assert codes == ["no-old-server", "no-old-server"]
    found = world.open().resolver().resolve(ask("http://haiduong.gov.vn/tra-cuu"))
    assert isinstance(found, Unresolved)


def test_rules_that_say_nothing_new_or_are_out_of_time_are_found() -> None:
    rules = [
        replace(RULE, name="a", order=1, pattern="/tin/*"),
        replace(RULE, name="b", order=2, pattern="/tin/*"),
        replace(RULE, name="c", order=3, pattern="/tin/moi/:id"),
        replace(RULE, name="d", order=4, pattern="/khac/:id", valid_until=date(2025, 1, 1)),
        replace(RULE, name="e", order=5, pattern="^/re2", review_on=date(2025, 1, 2), owner="VP"),
    ]
    found = lint_rules(rules, rules, date(2025, 1, 2))
    assert [(one.code, one.where) for one in found] == [
        ("duplicate-rule", "b"), ("shadowed-rule", "c"), ("expired-rule", "d"), ("review-due", "e"),
    ]  # fmt: skip
    assert "02/01/2025 (VP)" in found[-1].message
    assert [one.code for one in lint([], rules, PORTAL, SITES)][:1] == ["duplicate-rule"]


def test_what_a_rule_adds_is_written_as_a_query() -> None:
    assert normal_addition("?nguồn=cũ&a=1") == "a=1&nguồn=cũ"
    assert normal_addition("") == ""
    assert read_example("/a") == Example("/a", "-")
