"""The ladder: every outcome of an old address, in the order it is tried, on one screen.

`resolve` and `explain` climb the same rungs; what can be built once a revision is built in
`_plans`, so a request costs a key, a digest and a look-up.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeVar
from urllib.parse import quote

from redirects import entry as entries
from redirects.calendar import today_in_vietnam
from redirects.canonical import canonical_host
from redirects.entry import digest, names_digest
from redirects.keys import KeyMaker, key_maker
from redirects.manifest import Manifest
from redirects.mapping import CanonicalUrl, MappingKind
from redirects.patterns import Patterns, expand
from redirects.resolution import (
    Archived,
    Explanation,
    Gone,
    Live,
    Moved,
    Proxied,
    Request,
    Resolution,
    Split,
    Step,
    UnknownHost,
    Unresolved,
)
from redirects.route import ApiRoute
from redirects.rule import Rule, RulePlace
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.targets import SAME_AS, TargetError, location
from redirects.trying import with_query
from redirects.url import parse_url

_Outcome = TypeVar("_Outcome", bound=Resolution | None)
Lookup = Callable[[bytes], bytes | None]

# What of a visitor's query stands as it is; raw UTF-8, blanks and line breaks become escapes.
_IN_QUERY = "%/:?@!$&'()*+,;=~[]"
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
# What people type or paste behind a link: "(xem https://…/tin.html)."
_TYPED_BEHIND = ").,;:!?\"'>]}”’…"
# Dot segments would let a call climb out of the prefix it was preserved for.
_CLIMBS = re.compile(rb"(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\;?#]|%2f|%5c|$)", re.IGNORECASE)


class Rung(StrEnum):
    """The rungs of the ladder, top first."""

    HOST = "host"
    API_ROUTE = "api route"
    LIVE = "live page"
    RULE_BEFORE = "rule before"
    MAPPING = "mapping"
    NEAR_MAPPING = "near mapping"
    RULE_PATTERN = "rule"
    RULE_AFTER = "rule after"
    ARCHIVED_COPY = "archived copy"
    UNRESOLVED = "unresolved"


class _Visit:
    """One request on its way up: its key and entry, and remarks for the explanation."""

    __slots__ = ("entry", "key", "near", "on", "remarks", "request")

    def __init__(self, request: Request, key: CanonicalUrl, entry: bytes) -> None:
        self.request = request
        self.key = key
        self.entry = entry
        self.near: list[tuple[CanonicalUrl, bytes]] = []
        self.remarks: list[str] = []
        self.on: date | None = None

    @property
    def address(self) -> str:
        """The canonical path with its query."""
        return self.key[self.key.index("/") :]


class _RuleSet(NamedTuple):
    rules: tuple[Rule, ...]
    patterns: Patterns


Ask = Callable[[_Visit], Resolution | None]


class _Plan(NamedTuple):
    """What one host name needs, built once a revision. No `site`: an API's or the portal's own."""

    site: Site | None
    maker: KeyMaker | None
    routes: tuple[ApiRoute, ...]
    rungs: tuple[tuple[Rung, Ask | None], ...]
    portal: bool
    knows_case: bool
    about: str


class Resolver:
    """Answers where an old address leads, from one snapshot."""

    def __init__(
        self,
        manifest: Manifest,
        lookup: Lookup,
        today: Callable[[], date] = today_in_vietnam,
    ) -> None:
        self._portal: Portal = manifest.portal
        self._sites = Sites(manifest.sites)
        self._lookup = lookup
        self._today = today
        self._old_servers = {
            site.name: ApiRoute(f"{site.name}-old-server", site.host, "/*", site.old_server)
            for site in manifest.sites
            if site.old_server is not None
        }
        self._live = Patterns(("portal.live", text) for text in manifest.portal.live)
        self._plans = self._plan_hosts(manifest)

    def resolve(self, request: Request) -> Resolution:
        """Say where a request leads."""
        return self._climb(request, None)

    def explain(self, request: Request, on: date | None = None) -> Explanation:
        """Say where a request leads, today or on a day, and every rung tried on the way."""
        steps: list[Step] = []
        resolution = self._climb(request, steps, on)
        return Explanation(tuple(steps), resolution)

    def _climb(
        self, request: Request, steps: list[Step] | None, on: date | None = None
    ) -> Resolution:
        plan = self._plans.get(request.host) or self._plan_of(request.host)
        if plan is None:
            return _note(steps, Rung.HOST, UnknownHost(request.host), "no site has this host")
        _note(steps, Rung.HOST, None, plan.about)
        if plan.routes:
            route = _route_of(plan.routes, request)
            if route is not None:
                return _note(steps, Rung.API_ROUTE, Proxied(route))
        _note(steps, Rung.API_ROUTE, None, "" if plan.routes else "none on this host")
        site, maker = plan.site, plan.maker
        if site is None or maker is None:
            if plan.portal:
                return _note(steps, Rung.LIVE, Live(request.host))
            return _note(steps, Rung.HOST, UnknownHost(request.host), "an API's host, other path")
        visit = self._visit(plan, maker, request)
        visit.on = on
        for rung, ask in plan.rungs:
            resolution = ask(visit) if ask else None
            if steps is not None:
                _note(steps, rung, resolution, _remark(visit, ask))
            if resolution is not None:
                return resolution
        return _note(steps, Rung.UNRESOLVED, Unresolved(site.name, visit.key))

    def _plan_of(self, host: str) -> _Plan | None:
        """Find the plan of a host by its one spelling, or by the pattern it falls under."""
        known = self._plans.get(canonical_host(host))
        return known or self._plans.get(self._sites.host_known_as(host) or "")

    def _visit(self, plan: _Plan, maker: KeyMaker, request: Request) -> _Visit:
        """Make the key of a request and look it up; a mapping in its very case goes first."""
        if plan.knows_case and maker.may_differ_in_case(request.raw_path, request.raw_query):
            exact = maker.exact_key(request.host, request.raw_path, request.raw_query)
            entry = self._lookup(digest(exact))
            if entry is not None:
                return _Visit(request, exact, entry)
        key = maker.key(request.host, request.raw_path, request.raw_query)
        return _Visit(request, key, self._lookup(digest(key)) or b"")

    # --- the rungs ---

    def _ask_live(self, visit: _Visit) -> Resolution | None:
        path = visit.address.partition("?")[0]
        return Live(visit.request.host) if self._live.matching(path) else None

    def _ask_mapping(self, site: Site) -> Ask:
        return lambda visit: self._decided(site, visit.request, visit.key, visit.entry)

    def _ask_near_mapping(self, site: Site) -> Ask:
        def ask(visit: _Visit) -> Resolution | None:
            for key in self._near_keys(site, visit.key):
                entry = self._lookup(digest(key))
                if entry is None:
                    continue
                visit.near.append((key, entry))
                resolution = self._decided(site, visit.request, key, entry)
                if resolution is not None:
                    visit.remarks.append(f"looked up as {key}")
                    return resolution
            return None

        return ask

    def _ask_rules(self, site: Site, rule_set: _RuleSet) -> Ask | None:
        if not rule_set.rules:
            return None

        def ask(visit: _Visit) -> Resolution | None:
            for number in rule_set.patterns.matching(visit.address):
                rule = rule_set.rules[number]
                if rule.has_dates and not rule.is_valid(visit.on or self._today()):
                    visit.remarks.append(f"rule {rule.name} is not for this day")
                    continue
                captures = rule_set.patterns.captures(number, visit.address)
                resolution = self._ruled(site, rule, captures, visit)
                if resolution is not None:
                    visit.remarks.append(f"by rule {rule.name}")
                    return resolution
            return None

        return ask

    def _ask_copy(self, site: Site) -> Ask:
        def ask(visit: _Visit) -> Resolution | None:
            for key, entry in ((visit.key, visit.entry), *visit.near):
                if entry[:1].isupper():
                    return Archived(site.name, key)
            return None

        return ask

    # --- what an entry and a rule mean ---

    def _decided(
        self, site: Site, request: Request, key: CanonicalUrl, entry: bytes
    ) -> Resolution | None:
        redirect = entries.read_redirect(entry)
        if redirect is not None:
            location, on_trial, since = redirect
            statuses = (302, 307) if on_trial else (301, 308)
            status = statuses[request.method not in _WITHOUT_BODY]
            return Moved(site.name, key, location, status, since)
        kind = entry[:1].lower()
        if kind == entries.SPLIT:
            return Split(site.name, key, *entries.read_split(entry))
        if kind == entries.GONE:
            copied = entry[:1].isupper()
            return Gone(site.name, key, entries.read_reason(entry), archived=copied)
        if kind == entries.ARCHIVED:
            return Archived(site.name, key)
        return self._kept(site) if kind == entries.KEEP else None

    def _kept(self, site: Site) -> Resolution | None:
        """Pass on to the old server, as a preserved API is; its route is made once a revision."""
        route = self._old_servers.get(site.name)
        return None if route is None else Proxied(route)

    def _ruled(
        self, site: Site, rule: Rule, captures: dict[str, str], visit: _Visit
    ) -> Resolution | None:
        copied = visit.entry[:1].isupper()
        match rule.kind:
            case MappingKind.MOVED | MappingKind.TEMPORARY:
                return self._redirected(site, rule, captures, visit)
            case MappingKind.GONE:
                return Gone(site.name, visit.key, rule.reason, archived=copied)
            case MappingKind.ARCHIVED:
                return Archived(site.name, visit.key) if copied else None
            case MappingKind.KEEP:
                return self._kept(site)
            case MappingKind.SPLIT | MappingKind.UNRESOLVED:
                return None

    def _redirected(
        self, site: Site, rule: Rule, captures: dict[str, str], visit: _Visit
    ) -> Resolution | None:
        target = expand(rule.target or "", captures)
        if target.startswith(SAME_AS):
            return self._same_as(site, target, visit)
        brought = quote(visit.request.raw_query.partition(b"#")[0], safe=_IN_QUERY)
        target = with_query(target, rule, brought)
        try:
            target = location(target, self._portal)
        except TargetError as error:
            visit.remarks.append(f"rule {rule.name} refused: {error}")
            return None
        found = self._sites.key_of_url(parse_url(target))
        if found is not None and found[1] == visit.key:
            visit.remarks.append(f"rule {rule.name} refused: it leads back to the same address")
            return None
        entry = entries.MOVED if rule.kind is MappingKind.MOVED else entries.TEMPORARY
        return self._decided(site, visit.request, visit.key, entry + target.encode())

    def _same_as(self, site: Site, target: str, visit: _Visit) -> Resolution | None:
        """Answer as the other spelling is answered: its mapping, or the copy of it."""
        path, _, query = target.removeprefix(SAME_AS).partition("?")
        key = key_maker(site).key(visit.request.host, path.encode(), query.encode())
        entry = self._lookup(digest(key))
        visit.remarks.append(f"the same as {key}")
        if entry is None:
            return None
        resolution = self._decided(site, visit.request, key, entry)
        if resolution is None and entry[:1].isupper():
            return Archived(site.name, key)
        return resolution

    def _near_keys(self, site: Site, key: CanonicalUrl) -> Iterable[CanonicalUrl]:
        """Other spellings a visitor may have meant, likeliest first."""
        if "?" not in key and key[-1] not in _TYPED_BEHIND:
            return  # nearly every miss: there is nothing to leave off
        bare = key.rstrip(_TYPED_BEHIND)
        typed = CanonicalUrl(bare.rstrip("/") if bare.count("/") > 1 else bare)
        for candidate in dict.fromkeys((key, typed)):
            if candidate != key:
                yield candidate
            relaxed = self._without_unused(site, candidate)
            if relaxed != candidate:
                yield relaxed

    def _without_unused(self, site: Site, key: CanonicalUrl) -> CanonicalUrl:
        """Drop the parameters that no mapping of the path speaks of."""
        path_key, question, query = key.partition("?")
        if not question:
            return key
        path = path_key[path_key.index("/") :]
        if key_maker(site).policy_of(path).query.mode != "ignored":
            return key
        used = (self._lookup(names_digest(path_key)) or b"").decode().split("&")
        kept = [piece for piece in query.split("&") if piece.partition("=")[0] in used]
        return CanonicalUrl(f"{path_key}?{'&'.join(kept)}" if kept else path_key)

    # --- built once a revision ---

    def _plan_hosts(self, manifest: Manifest) -> dict[str, _Plan]:
        portal_hosts = {canonical_host(host) for host in manifest.portal.hosts}
        site_hosts = {
            host if host.startswith("*.") else canonical_host(host)
            for site in manifest.sites
            for host in site.hosts
        }
        route_hosts = {canonical_host(route.host) for route in manifest.routes}
        return {
            host: self._plan(host, manifest, portal=host in portal_hosts)
            for host in portal_hosts | site_hosts | route_hosts
        }

    def _plan(self, host: str, manifest: Manifest, *, portal: bool) -> _Plan:
        site = self._sites.of_host(host)
        routes = tuple(
            sorted(
                (route for route in manifest.routes if self._serves(route, host, site)),
                key=lambda route: (-len(route.path.removesuffix("*")), route.path, route.name),
            )
        )
        rungs = () if site is None else self._rungs(site, manifest.rules, portal=portal)
        knows_case = site is not None and site.name in manifest.exact
        maker = None if site is None else key_maker(site)
        return _Plan(site, maker, routes, rungs, portal, knows_case, _about(site, portal=portal))

    def _serves(self, route: ApiRoute, host: str, site: Site | None) -> bool:
        """Routes of one host of a site are routes of all its hosts, as its mappings are."""
        name = canonical_host(route.host)
        return name == host or (site is not None and self._sites.of_host(name) is site)

    def _rungs(
        self, site: Site, rules: tuple[Rule, ...], *, portal: bool
    ) -> tuple[tuple[Rung, Ask | None], ...]:
        before, pattern, after = (_rule_set(rules, site, place) for place in RulePlace)
        return (
            (Rung.LIVE, self._ask_live if portal else None),
            (Rung.RULE_BEFORE, self._ask_rules(site, before)),
            (Rung.MAPPING, self._ask_mapping(site)),
            (Rung.NEAR_MAPPING, self._ask_near_mapping(site)),
            (Rung.RULE_PATTERN, self._ask_rules(site, pattern)),
            (Rung.RULE_AFTER, self._ask_rules(site, after)),
            (Rung.ARCHIVED_COPY, self._ask_copy(site)),
        )


def _rule_set(rules: Iterable[Rule], site: Site, place: RulePlace) -> _RuleSet:
    chosen = sorted(
        (rule for rule in rules if rule.site == site.name and rule.place is place),
        key=lambda rule: (rule.order, rule.name),
    )
    return _RuleSet(tuple(chosen), Patterns((rule.name, rule.pattern) for rule in chosen))


def _route_of(routes: tuple[ApiRoute, ...], request: Request) -> ApiRoute | None:
    path = request.raw_path
    for route in routes:
        if route.methods and request.method not in route.methods:
            continue
        if route.query and route.query.encode() not in request.raw_query.split(b"&"):
            continue
        prefix = route.path.encode()
        matches = path.startswith(prefix[:-1]) if prefix.endswith(b"*") else path == prefix
        if matches and not _CLIMBS.search(path):
            return route
    return None


def _note(steps: list[Step] | None, rung: Rung, resolution: _Outcome, remark: str = "") -> _Outcome:
    if steps is not None:
        outcome = describe(resolution) if resolution is not None else ""
        text = ", ".join(part for part in (outcome, remark) if part)
        steps.append(Step(rung, text or "no match"))
    return resolution


def _about(site: Site | None, *, portal: bool) -> str:
    names = [f"site {site.name}"] if site else []
    return " and ".join([*names, "the new portal"] if portal else names) or "an API's host"


def _remark(visit: _Visit, ask: Ask | None) -> str:
    remark = "; ".join(visit.remarks) if ask else "none here"
    visit.remarks.clear()
    return remark


def describe(resolution: Resolution) -> str:  # noqa: PLR0911  one line an outcome
    """Say a resolution in a few words, for logs and explanations."""
    match resolution:
        case Proxied(route):
            return f"passed on by route {route.name}"
        case Live(host):
            return f"served by the new portal on {host}"
        case Moved(location=target, status=status):
            return f"{status} to {target}"
        case Split(successors=successors):
            return f"split into {len(successors)}"
        case Gone(reason=reason):
            return f"gone: {reason}" if reason else "gone"
        case Archived(key=key):
            return f"archived copy of {key}"
        case Unresolved(key=key):
            return f"nobody has decided {key}"
        case UnknownHost(host):
            return f"unknown host {host}"
