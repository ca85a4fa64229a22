"""Rules as data: their own examples, their days, what they do with a query, who is to look at them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from redirects.lint import lint
from redirects.mapping import MappingKind
from redirects.resolution import Archived, Gone, Moved, Proxied, Request, Resolution, Unresolved
from redirects.route import Upstream
from redirects.rule import Example, Rule, RulePlace
from redirects.rule_lint import lint_rules
from redirects.site import Site
from redirects.trying import ExampleError, check_examples, normal_addition, read_example
from tests.redirects.world import PORTAL, SITES, World, lead

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
        assert found.route.upstreams == (Upstream("http://10.0.0.5:8080"),)


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


def test_rules_stand_where_they_are_put(world: World, ask: Ask) -> None:
    rule = Rule("late", "haiduong", "/tin/:slug", target="/b/:slug", order=200)
    world.rules = [
        rule,
        replace(rule, name="early", pattern="/tin/a*", target="/early/:splat", order=1),
        replace(
            rule, name="before", pattern="/truoc/*", place=RulePlace.BEFORE, target="/c/:splat"
        ),
        replace(rule, name="after", pattern="/*", place=RulePlace.AFTER, target="/d/:splat"),
        replace(rule, name="other", site="haiphong", pattern="/rieng"),
    ]
    world.map("haiduong.gov.vn/truoc/x", "/mapped")
    world.map("haiduong.gov.vn/tin/x", "/mapped")
    resolver = world.open().resolver()

    def where(path: str) -> str:
        moved = resolver.resolve(ask(f"http://haiduong.gov.vn{path}"))
        assert isinstance(moved, Moved)
        return moved.location.removeprefix(HOME)

    assert where("/truoc/X") == "/c/x"
    assert where("/tin/x") == "/mapped"
    assert where("/tin/abc") == "/early/bc"
    assert where("/tin/đỏ") == "/b/%C4%91%E1%BB%8F"
    assert where("/rieng") == "/d/rieng"


def test_rules_can_say_gone_archived_and_nothing(world: World, ask: Ask) -> None:
    rule = Rule("gone", "haiduong", "/cu/*", MappingKind.GONE, reason="Đã gỡ")
    world.rules = [
        rule,
        replace(rule, name="kept", pattern="/luu/*", kind=MappingKind.ARCHIVED),
        replace(rule, name="open", pattern="/cho/*", kind=MappingKind.UNRESOLVED),
    ]
    world.archive("haiduong.gov.vn/cu/a", "haiduong.gov.vn/luu/a")
    resolver = world.open().resolver()

    def answer(path: str) -> Resolution:
        return resolver.resolve(ask(f"http://haiduong.gov.vn{path}"))

    key = world.key
    assert answer("/cu/a") == Gone("haiduong", key("haiduong.gov.vn/cu/a"), "Đã gỡ", archived=True)
    assert answer("/cu/b") == Gone("haiduong", key("haiduong.gov.vn/cu/b"), "Đã gỡ", archived=False)
    assert answer("/luu/a") == Archived("haiduong", key("haiduong.gov.vn/luu/a"))
    assert answer("/luu/b") == Unresolved("haiduong", key("haiduong.gov.vn/luu/b"), verbatim=True)
    assert answer("/cho/a") == Unresolved("haiduong", key("haiduong.gov.vn/cho/a"), verbatim=True)


def test_a_rule_cannot_send_a_visitor_off_the_portal_or_in_a_circle(world: World, ask: Ask) -> None:
    world.rules = [
        Rule("open", "haiduong", r"^/ra/(.+)$", target=r"https://\1.chinhphu.vn/"),
        Rule("circle", "haiphong", "/vong/*", target="/vong"),
    ]
    resolver = world.open().resolver()

    away = resolver.explain(ask("http://haiduong.gov.vn/ra/evil.vn/x"))
    inside = resolver.resolve(ask("http://haiduong.gov.vn/ra/vanban"))
    circle = resolver.explain(ask("http://haiphong.gov.vn/vong"))

    assert isinstance(away.resolution, Unresolved)
    assert any("rule open refused" in step.outcome for step in away.steps)
    assert isinstance(inside, Moved)
    assert inside.location == "https://vanban.chinhphu.vn/"
    assert isinstance(circle.resolution, Unresolved)
    assert any("leads back" in step.outcome for step in circle.steps)


def same(pattern: str, target: str) -> Rule:
    return Rule("same", "haiduong", pattern, target=target)


def test_another_spelling_is_answered_as_the_address_it_stands_for(world: World, ask: Ask) -> None:
    world.map("haiduong.gov.vn/-/gia-lua", "doc:7")
    world.map("haiduong.gov.vn/-/bo", kind=MappingKind.GONE, reason="Đã gỡ")
    world.archive("haiduong.gov.vn/-/cu")
    world.rules.append(same("/web/guest/*/-/asset_publisher/*/content/:slug", "same:/-/:slug"))
    address = "http://haiduong.gov.vn/web/guest/tin/-/asset_publisher/K3/content/"

    moved = lead(world, ask(f"{address}gia-lua"))
    assert isinstance(moved, Moved)
    assert moved.location == f"{HOME}/tai-lieu/7"
    gone = lead(world, ask(f"{address}bo"))
    assert isinstance(gone, Gone)
    assert lead(world, ask(f"{address}cu")) == Archived(
        "haiduong", world.key("haiduong.gov.vn/-/cu")
    )
    assert isinstance(lead(world, ask(f"{address}chua-co")), Unresolved)


@pytest.mark.parametrize("target", ["same:", "same:x", "same://evil.vn/", "same:/a\\b"])
def test_another_spelling_must_be_a_path_of_the_site(world: World, target: str) -> None:
    world.rules.append(same("/a/*", target))

    (finding,) = world.compile().findings
    assert finding.code == "unreadable-target"
