"""The ladder of one site: every outcome of an old address, in the order it is tried.

Built once a revision; `redirects.resolver` finds the ladder of a host and climbs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from redirects import entry as entries
from redirects.canonical import canonical_host, standing_path
from redirects.entry import digest, digest_of_bytes, names_digest, read_redirect_as_bytes
from redirects.keys import key_maker
from redirects.mapping import CanonicalUrl, MappingKind
from redirects.patterns import Patterns, expand
from redirects.resolution import (
    Archived,
    Gone,
    Live,
    Moved,
    Proxied,
    Request,
    Resolution,
    Split,
    Unresolved,
)
from redirects.route import ApiRoute, Upstream
from redirects.rule import Rule, RulePlace
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.targets import SAME_AS, TargetError, location
from redirects.trying import behind, with_query
from redirects.url import parse_url

Lookup = Callable[[bytes], bytes | None]

# What of a visitor's query stands as it is; raw UTF-8, blanks and line breaks become escapes.
_IN_QUERY = "%/:?@!$&'()*+,;=~[]"
_WITHOUT_BODY = frozenset({"GET", "HEAD"})
# What people type or paste behind a link: "(xem https://…/tin.html)."
_TYPED_BEHIND = ").,;:!?\"'>]}”’…"


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
    HOME = "home of a province"
    UNRESOLVED = "unresolved"


class Visit:
    """One request on its way up: its key and entry, and remarks for the explanation."""

    __slots__ = ("entry", "key", "near", "on", "remarks", "request", "verbatim")

    def __init__(self, request: Request, key: CanonicalUrl, entry: bytes) -> None:
        self.request = request
        self.key = key
        self.entry = entry
        self.near: list[tuple[CanonicalUrl, bytes]] = []
        self.remarks: list[str] = []
        self.on: date | None = None
        self.verbatim = False

    @property
    def address(self) -> str:
        """The canonical path with its query."""
        return self.key[self.key.index("/") :]


class _RuleSet(NamedTuple):
    rules: tuple[Rule, ...]
    patterns: Patterns


Ask = Callable[[Visit], Resolution | None]


class Ground(NamedTuple):
    """What the ladders of one revision share."""

    portal: Portal
    sites: Sites
    lookup: Lookup
    live: Patterns
    today: Callable[[], date]


class Ladder:
    """What is asked about an address of one site, rung by rung: `rungs`, top first."""

    def __init__(
        self,
        site: Site,
        rules: tuple[Rule, ...],
        ground: Ground,
        *,
        portal: bool,
        knows_case: bool,
    ) -> None:
        """`knows_case` says that some mappings of the site are kept in their very case."""
        self._site = site
        self._maker = key_maker(site)
        self._host = b"" if site.has_many_hosts else canonical_host(site.host).encode()
        self._portal = ground.portal
        self._sites = ground.sites
        self._lookup = ground.lookup
        self._live = ground.live
        self._today = ground.today
        self._old_server = _old_server(site)
        self._knows_case = knows_case
        # The path under which `standing_redirect` found nothing just now: `visit` looks no more.
        self._absent: tuple[bytes, bytes | None] = (b"", None)
        self.rungs = self._rungs(rules, portal=portal)
        self._asks = tuple(ask for _rung, ask in self.rungs if ask)
        # Where nothing is kept, and nothing could be left off, what is kept need not be asked.
        of_entries = (Rung.MAPPING, Rung.NEAR_MAPPING, Rung.ARCHIVED_COPY)
        self._asks_of_nothing = tuple(
            ask for rung, ask in self.rungs if ask and rung not in of_entries
        )
        self._mapping_is_first = self._asks[0] == self._ask_mapping

    def resolve(self, request: Request) -> Resolution:
        """Say where a request leads: what the first rung says that says anything."""
        visit = self.visit(request)
        for ask in self._asks_of_nothing if visit.verbatim else self._asks:
            resolution = ask(visit)
            if resolution is not None:
                return resolution
        return Unresolved(self._site.name, visit.key, visit.verbatim)

    def standing_redirect(
        self, host: str, raw_path: bytes
    ) -> tuple[str, bytes, bool, int | None] | None:
        """Find the redirect of a path as it stands: site, location, whether on trial, since when.

        None says nothing: a key may have to be made of the path, or more be asked. This is what a
        redirect costs nearly always, so it makes no key and no visit.
        """
        path = standing_path(raw_path) if self._mapping_is_first else None
        if path is None:
            return None
        key = (self._host or _utf8_of(host)) + path
        entry = self._lookup(digest_of_bytes(key))
        if entry is None:
            self._absent = raw_path, path
            return None
        redirect = read_redirect_as_bytes(entry)
        if redirect is None:
            return None
        location, on_trial, since = redirect
        return self._site.name, location, on_trial, since

    def visit(self, request: Request) -> Visit:
        """Find what is kept of an address: as it stands, in its very case, or under its key.

        What is kept under an address as it stands is kept under its key, for a key is its own key.
        """
        asked, path = self._absent
        if asked is not request.raw_path or request.raw_query or not self._host:
            path = None if request.raw_query else standing_path(request.raw_path)
            if path is not None:
                key = (self._host or _utf8_of(request.host)) + path
                entry = self._lookup(digest_of_bytes(key))
                if entry is not None:
                    return Visit(request, CanonicalUrl(key.decode()), entry)
        return self._visit_by_key(request, path)

    def _visit_by_key(self, request: Request, absent: bytes | None) -> Visit:
        """Make the key of an address; under the path `absent` as it stands there is nothing."""
        maker = self._maker
        if self._knows_case and maker.may_differ_in_case(request.raw_path, request.raw_query):
            exact = maker.exact_key(request.host, request.raw_path, request.raw_query)
            entry = self._lookup(digest(exact))
            if entry is not None:
                return Visit(request, exact, entry)
        if absent is not None:
            key = maker.settled_key(request.host, absent)
            if key is not None:
                visit = Visit(request, key, b"")
                visit.verbatim = request.host == self._site.host and key[-1] not in _TYPED_BEHIND
                return visit
        key = maker.key(request.host, request.raw_path, request.raw_query)
        return Visit(request, key, self._lookup(digest(key)) or b"")

    def _rungs(
        self, rules: tuple[Rule, ...], *, portal: bool
    ) -> tuple[tuple[Rung, Ask | None], ...]:
        before, pattern, after = (_rule_set(rules, self._site, place) for place in RulePlace)
        return (
            (Rung.LIVE, self._ask_live if portal else None),
            (Rung.RULE_BEFORE, self._ask_rules(before)),
            (Rung.MAPPING, self._ask_mapping),
            (Rung.NEAR_MAPPING, self._ask_near_mapping),
            (Rung.RULE_PATTERN, self._ask_rules(pattern)),
            (Rung.RULE_AFTER, self._ask_rules(after)),
            (Rung.ARCHIVED_COPY, self._ask_copy),
            (Rung.HOME, self._ask_home if self._site.spoke_for_a_province and not portal else None),
        )

    # --- the rungs ---

    def _ask_live(self, visit: Visit) -> Resolution | None:
        path = visit.address.partition("?")[0]
        return Live(visit.request.host) if self._live.matching(path) else None

    def _ask_mapping(self, visit: Visit) -> Resolution | None:
        entry = visit.entry
        return self._decided(visit.request, visit.key, entry) if entry else None

    def _ask_near_mapping(self, visit: Visit) -> Resolution | None:
        if "?" not in visit.key and visit.key[-1] not in _TYPED_BEHIND:
            return None  # nearly every miss: there is nothing to leave off
        for key in self._near_keys(visit.key):
            entry = self._lookup(digest(key))
            if entry is None:
                continue
            visit.near.append((key, entry))
            resolution = self._decided(visit.request, key, entry)
            if resolution is not None:
                visit.remarks.append(f"looked up as {key}")
                return resolution
        return None

    def _ask_rules(self, rule_set: _RuleSet) -> Ask | None:
        if not rule_set.rules:
            return None

        def ask(visit: Visit) -> Resolution | None:
            for number in rule_set.patterns.matching(visit.address):
                rule = rule_set.rules[number]
                if rule.has_dates and not rule.is_valid(visit.on or self._today()):
                    visit.remarks.append(f"rule {rule.name} is not for this day")
                    continue
                captures = rule_set.patterns.captures(number, visit.address)
                resolution = self._ruled(rule, captures, visit)
                if resolution is not None:
                    visit.remarks.append(f"by rule {rule.name}")
                    return resolution
            return None

        return ask

    def _ask_copy(self, visit: Visit) -> Resolution | None:
        if not (visit.entry or visit.near):
            return None
        for key, entry in ((visit.key, visit.entry), *visit.near):
            if entry[:1].isupper():
                return Archived(self._site.name, key)
        return None

    def _ask_home(self, visit: Visit) -> Resolution | None:
        """Lead the bare host of a province's old portal to the portal of what the province is now.

        A district has no single heir: its bare host is left to a page that says so. Nor is any
        other address led home, which would only look like an answer.
        """
        if visit.key[-1] != "/" or visit.address != "/":
            return None
        home = entries.TEMPORARY + f"{self._portal.url}/".encode()
        return self._decided(visit.request, visit.key, home)

    # --- what an entry and a rule mean ---

    def _moved(
        self, key: CanonicalUrl, redirect: tuple[str, bool, int | None], request: Request
    ) -> Moved:
        location, on_trial, since = redirect
        statuses = (302, 307) if on_trial else (301, 308)
        status = statuses[request.method not in _WITHOUT_BODY]
        return Moved(self._site.name, key, location, status, since)

    def _decided(self, request: Request, key: CanonicalUrl, entry: bytes) -> Resolution | None:
        redirect = entries.read_redirect(entry)
        if redirect is not None:
            return self._moved(key, redirect, request)
        kind = entry[:1].lower()
        if kind == entries.PASSING:
            return self._taking_query_along(request, key, entries.bare_redirect(entry))
        if kind == entries.SPLIT:
            return Split(self._site.name, key, *entries.read_split(entry))
        if kind == entries.GONE:
            copied = entry[:1].isupper()
            return Gone(self._site.name, key, entries.read_reason(entry), archived=copied)
        if kind == entries.ARCHIVED:
            return Archived(self._site.name, key)
        return self._kept() if kind == entries.KEEP else None

    def _taking_query_along(
        self, request: Request, key: CanonicalUrl, entry: bytes
    ) -> Resolution | None:
        """Lead on with the visitor's query, but not where that would lead back."""
        bare = self._decided(request, key, entry)
        if not isinstance(bare, Moved) or not request.raw_query:
            return bare
        target = behind(bare.location, _brought(request))
        found = self._sites.key_of_url(parse_url(target))
        return bare if found is not None and found[1] == key else bare._replace(location=target)

    def _kept(self) -> Resolution | None:
        """Pass on to the old server, as a preserved API is; its route is made once a revision."""
        return None if self._old_server is None else Proxied(self._old_server)

    def _ruled(self, rule: Rule, captures: dict[str, str], visit: Visit) -> Resolution | None:
        copied = visit.entry[:1].isupper()
        match rule.kind:
            case MappingKind.MOVED | MappingKind.TEMPORARY:
                return self._redirected(rule, captures, visit)
            case MappingKind.GONE:
                return Gone(self._site.name, visit.key, rule.reason, archived=copied)
            case MappingKind.ARCHIVED:
                return Archived(self._site.name, visit.key) if copied else None
            case MappingKind.KEEP:
                return self._kept()
            case MappingKind.SPLIT | MappingKind.UNRESOLVED:
                return None

    def _redirected(self, rule: Rule, captures: dict[str, str], visit: Visit) -> Resolution | None:
        target = expand(rule.target or "", captures)
        if target.startswith(SAME_AS):
            return self._same_as(target, visit)
        target = with_query(target, rule, _brought(visit.request))
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
        return self._decided(visit.request, visit.key, entry + target.encode())

    def _same_as(self, target: str, visit: Visit) -> Resolution | None:
        """Answer as the other spelling is answered: its mapping, or the copy of it."""
        path, _, query = target.removeprefix(SAME_AS).partition("?")
        key = self._maker.key(visit.request.host, path.encode(), query.encode())
        entry = self._lookup(digest(key))
        visit.remarks.append(f"the same as {key}")
        if entry is None:
            return None
        resolution = self._decided(visit.request, key, entry)
        if resolution is None and entry[:1].isupper():
            return Archived(self._site.name, key)
        return resolution

    def _near_keys(self, key: CanonicalUrl) -> Iterable[CanonicalUrl]:
        """Other spellings a visitor may have meant, likeliest first."""
        bare = key.rstrip(_TYPED_BEHIND)
        typed = CanonicalUrl(bare.rstrip("/") if bare.count("/") > 1 else bare)
        for candidate in dict.fromkeys((key, typed)):
            if candidate != key:
                yield candidate
            relaxed = self._without_unused(candidate)
            if relaxed != candidate:
                yield relaxed

    def _without_unused(self, key: CanonicalUrl) -> CanonicalUrl:
        """Drop the parameters that no mapping of the path speaks of."""
        path_key, question, query = key.partition("?")
        if not question:
            return key
        path = path_key[path_key.index("/") :]
        if self._maker.policy_of(path).query.mode != "ignored":
            return key
        used = (self._lookup(names_digest(path_key)) or b"").decode().split("&")
        kept = [piece for piece in query.split("&") if piece.partition("=")[0] in used]
        return CanonicalUrl(f"{path_key}?{'&'.join(kept)}" if kept else path_key)


def _utf8_of(host: str) -> bytes:
    return canonical_host(host).encode()


def _brought(request: Request) -> str:
    """Write the query a visitor brought as one may stand in a target."""
    return quote(request.raw_query.partition(b"#")[0], safe=_IN_QUERY)


def _rule_set(rules: Iterable[Rule], site: Site, place: RulePlace) -> _RuleSet:
    chosen = sorted(
        (rule for rule in rules if rule.site == site.name and rule.place is place),
        key=lambda rule: (rule.order, rule.name),
    )
    return _RuleSet(tuple(chosen), Patterns((rule.name, rule.pattern) for rule in chosen))


def _old_server(site: Site) -> ApiRoute | None:
    if site.old_server is None:
        return None
    return ApiRoute(f"{site.name}-old-server", site.host, "/*", (Upstream(site.old_server),))
