"""What an editor should know about a set of mappings and rules before it goes live."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from redirects.canonical import split_key
from redirects.compiling import Draft
from redirects.crowding import Crowding
from redirects.finding import Finding
from redirects.mapping import CanonicalUrl
from redirects.mapping import Mapping as Decided
from redirects.patterns import PatternError, Patterns, compile_pattern
from redirects.rule import Rule, RulePlace
from redirects.rule_lint import lint_rules
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.walks import walk_all

_HOPS_SHOWN = 5


def lint(
    mappings: Iterable[Decided],
    rules: Iterable[Rule],
    portal: Portal,
    sites: Iterable[Site],
    today: date | None = None,
) -> list[Finding]:
    """Find loops, chains, foreign and empty targets, contradictions, and what is never reached.

    `today` is a day in Vietnam: rules that have run out or want a review by then are found too.
    References (`doc:`, `unit:`, `section:`) are taken to exist: only a catalogue knows.

    Raises:
        SiteError: two sites claim one host.
    """
    mappings = tuple(mappings)
    known = Sites(sites)
    live, findings = _usable_live(portal)
    draft = Draft(replace(portal, live=live), known, locate=lambda _: "/")
    crowding = Crowding(known)
    draft.add_mappings(crowding.watch(mappings))
    findings += _chains(draft)
    draft.flatten()
    rules = tuple(rules)
    usable = draft.usable_rules(rules)
    findings += draft.findings
    findings += lint_rules(usable, rules, today)
    keys = dict.fromkeys(mapping.key for mapping in mappings)
    findings += _hidden_by_live(keys, draft)
    findings += _hidden_by_rules(keys, usable, known)
    findings += crowding.findings(portal)
    return findings


def _usable_live(portal: Portal) -> tuple[tuple[str, ...], list[Finding]]:
    usable: list[str] = []
    findings: list[Finding] = []
    for pattern in portal.live:
        try:
            compile_pattern("portal.live", pattern)
        except PatternError as error:
            message = f"Mẫu địa chỉ không hợp lệ: {error.told}"
            findings.append(Finding("error", "pattern", message, f"portal.live {pattern}"))
        else:
            usable.append(pattern)
    return tuple(usable), findings


def _chains(draft: Draft) -> list[Finding]:
    links = draft.chains.links(draft.redirects)
    return [
        Finding("warning", "chain", _way(key, links, walk.hops), key)
        for key, walk in walk_all(links).items()
        if not walk.goes_round
    ]


def _way(key: CanonicalUrl, links: Mapping[CanonicalUrl, CanonicalUrl], hops: int) -> str:
    """Write a chain out, a long one only by its beginning."""
    way = [key]
    while len(way) <= min(hops, _HOPS_SHOWN):
        way.append(links[way[-1]])
    more = " → …" if hops > _HOPS_SHOWN else ""
    return f"Chuyển hướng nối tiếp qua {hops} địa chỉ cũ: {' → '.join(way)}{more}"


def _hidden_by_live(keys: Iterable[CanonicalUrl], draft: Draft) -> list[Finding]:
    message = "Cổng mới đã có nội dung ở đường dẫn này nên quyết định không bao giờ được dùng."
    return [
        Finding("warning", "shadowed-by-live", message, key)
        for key in keys
        if draft.chains.is_live(*split_key(key)[:2])
    ]


def _hidden_by_rules(
    keys: Iterable[CanonicalUrl], rules: Iterable[Rule], sites: Sites
) -> list[Finding]:
    """Find mappings that a rule in front of all mappings answers first."""
    in_front = [rule for rule in rules if rule.place is RulePlace.BEFORE]
    by_site = {site.name: [rule for rule in in_front if rule.site == site.name] for site in sites}
    patterns = {
        name: Patterns((rule.name, rule.pattern) for rule in chosen)
        for name, chosen in by_site.items()
    }
    findings: list[Finding] = []
    for key in keys:
        site = sites.of_host(split_key(key)[0])
        if site is None:
            continue
        for number in patterns[site.name].matching(key[key.index("/") :])[:1]:
            name = by_site[site.name][number].name
            message = f"Quy tắc “{name}” được áp dụng trước nên quyết định không bao giờ được dùng."
            findings.append(Finding("warning", "shadowed-by-rule", message, key))
    return findings
