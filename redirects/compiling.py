"""Decides what a snapshot holds: targets resolved, chains flattened, loops and faults left out.

Pure: mappings, rules and captures' keys go in, entries and findings come out. The file is made by
`redirects.snapshot`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import NamedTuple

from redirects import entry as entries
from redirects.canonical import canonical_host
from redirects.chains import Chains
from redirects.entry import digest, names_digest
from redirects.finding import Finding
from redirects.keys import keeps_case, key_maker
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.patterns import PatternError, expand, sample_captures
from redirects.resolution import Successor
from redirects.rule import Rule
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.targets import (
    SAME_AS,
    TargetError,
    TargetFault,
    check_same,
    check_target,
    fault_message,
    is_reference,
    location,
)
from redirects.trying import ExampleError, check_examples
from redirects.url import parse_url
from redirects.walks import Walk, walk_all

Locate = Callable[[str], str | None]
"""Where a `doc:`, `unit:` or `section:` reference lives now: a target, or None when nowhere."""

# Paths that stay as they are in an absolute URL: nearly every target is one.
_PLAIN_TARGET = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9_.~-]*)+/?")


class _Home(NamedTuple):
    """What every mapping of one host shares."""

    site: Site
    main: str | None  # the host its keys are made under today, where it is another


class Draft:
    """The snapshot in the making: entries by digest, and what was found on the way."""

    def __init__(self, portal: Portal, sites: Sites, locate: Locate) -> None:
        self.entries: dict[bytes, bytes] = {}
        self.findings: list[Finding] = []
        self.exact: set[str] = set()
        """Sites with mappings whose case counts."""
        self._portal = portal
        self._sites = sites
        self._locate = locate
        self.chains = Chains(portal, sites)
        self._names: dict[str, set[str]] = {}
        self._homes: dict[str, _Home | None] = {}
        self._origin = parse_url(portal.url).origin
        # A path of the portal can be an old address only where old portals share its host.
        self._paths_may_chain = sites.of_host(parse_url(portal.url).host) is not None

    def add_mappings(self, mappings: Iterable[Mapping]) -> None:
        """Take every mapping that can be served; of two for one address the first stands."""
        for mapping in mappings:
            placed = self.today(mapping)
            if placed is None:
                self._find("unknown-host", "Không có cổng cũ nào mang tên miền này.", mapping.key)
                continue
            try:
                self._add(placed[1], placed[0], self._entry(placed[1]))
            except TargetError as error:
                self._find_fault(error, placed[1].key)

    def today(self, mapping: Mapping) -> tuple[Site, Mapping] | None:
        """Find the site of a mapping, and the mapping under the key it has today.

        It has another where its host became an alias after it was mapped; None where no site has
        its host any more.
        """
        host, slash, rest = mapping.key.partition("/")
        home = self._homes[host] if host in self._homes else self._find_home(host)
        if home is None:
            return None
        if home.main is not None:
            mapping = replace(mapping, key=CanonicalUrl(f"{home.main}{slash}{rest}"))
        return home.site, mapping

    def _find_home(self, host: str) -> _Home | None:
        site = self._sites.of_host(host)
        home = None
        if site is not None:
            is_moved = host != site.host and not site.has_many_hosts
            home = _Home(site, canonical_host(site.host) if is_moved else None)
        self._homes[host] = home
        return home

    def _add(self, mapping: Mapping, site: Site, entry: bytes) -> None:
        key = mapping.key
        if entry == entries.KEEP and site.old_server is None:
            self._find_no_server(site, key)
            entry = entries.UNRESOLVED
        stands = self.entries.setdefault(digest(key), entry)
        if stands is not entry and stands != entry:
            message = "Địa chỉ này có hai quyết định khác nhau; quyết định đầu được giữ."
            self._find("contradiction", message, key)
            return
        if "?" in key:
            self._note_names(key, site)
        if keeps_case(key):
            self.exact.add(site.name)
        target = mapping.target
        if target and (self._paths_may_chain or target[0] != "/") and not is_reference(target):
            redirect = entries.read_redirect(entries.bare_redirect(entry))
            if redirect is not None:
                self.chains.add(key, redirect[0])

    def redirects(self, key: CanonicalUrl) -> bool:
        """Tell whether the entry of `key` is a redirect."""
        return entries.is_redirect(self.entries.get(digest(key), b""))

    def flatten(self) -> None:
        """Lead every redirect to the end of its chain; leave out those that go round."""
        links = self.chains.links(self.redirects)
        walks = walk_all(links, self._on_trial)
        dropping = walk_all(links, self._drops_query)
        looping = [key for key, walk in walks.items() if walk.goes_round]
        endings = {
            digest(key): self._shortcut(key, walk, passes_query=not dropping[key].marked)
            for key, walk in walks.items()
            if not walk.goes_round
        }
        self.entries.update(endings)
        for key in sorted(looping):
            del self.entries[digest(key)]
            self._find("loop", "Chuyển hướng này quay lại chính nó nên bị bỏ qua.", key)

    def add_copies(self, archived: Iterable[CanonicalUrl]) -> None:
        """Mark the addresses of which an archived copy is held."""
        for key in archived:
            at = digest(key)
            entry = self.entries.get(at)
            self.entries[at] = entries.COPY_ONLY if entry is None else entries.with_copy(entry)

    def add_names(self) -> None:
        """Keep, for each path, the parameters its mappings speak of: all others may be dropped."""
        for path_key, names in self._names.items():
            self.entries[names_digest(path_key)] = "&".join(sorted(names)).encode()

    def usable_rules(self, rules: Iterable[Rule]) -> tuple[Rule, ...]:
        """Resolve the references of rules; leave out what cannot be served."""
        enabled = (rule for rule in rules if rule.is_enabled)
        return tuple(usable for rule in enabled if (usable := self._usable(rule)) is not None)

    def _entry(self, mapping: Mapping) -> bytes:
        match mapping.kind:
            case MappingKind.MOVED | MappingKind.TEMPORARY as kind:
                on_trial = kind is MappingKind.TEMPORARY
                where = self._location(mapping.target)
                entry = entries.redirect_entry(where, mapping.since, on_trial=on_trial)
                return entries.passing(entry) if mapping.query == "pass" else entry
            case MappingKind.SPLIT:
                successors = tuple(
                    Successor(item.label, self._location(item.target)) for item in mapping.targets
                )
                if not successors:
                    raise TargetError("", TargetFault.EMPTY, "is empty")
                return entries.split_entry(successors, mapping.reason)
            case MappingKind.GONE:
                return entries.gone_entry(mapping.reason)
            case MappingKind.ARCHIVED:
                return entries.ARCHIVED
            case MappingKind.KEEP:
                return entries.KEEP
            case MappingKind.UNRESOLVED:
                return entries.UNRESOLVED

    def _located(self, target: str) -> str:
        if not is_reference(target):
            return target
        found = self._locate(target)
        if found is None:
            raise TargetError(target, TargetFault.UNKNOWN, "is nowhere")
        return found

    def _location(self, target: str | None) -> str:
        target = target or ""
        where = target if target.startswith("/") else self._located(target)
        if _PLAIN_TARGET.fullmatch(where):
            return self._origin + where
        return location(where, self._portal)

    def _note_names(self, key: CanonicalUrl, site: Site) -> None:
        path_key, _, query = key.partition("?")
        path = path_key[path_key.index("/") :]
        if query and key_maker(site).policy_of(path).query.mode == "ignored":
            names = (piece.partition("=")[0] for piece in query.split("&"))
            self._names.setdefault(path_key, set()).update(names)

    def _on_trial(self, key: CanonicalUrl) -> bool:
        redirect = self._redirect_of(key)
        return redirect is not None and redirect[1]

    def _drops_query(self, key: CanonicalUrl) -> bool:
        return not entries.passes_query(self.entries[digest(key)])

    def _redirect_of(self, key: CanonicalUrl) -> tuple[str, bool, int | None] | None:
        return entries.read_redirect(entries.bare_redirect(self.entries[digest(key)]))

    def _shortcut(
        self, start: CanonicalUrl, walk: Walk[CanonicalUrl], *, passes_query: bool
    ) -> bytes:
        """Lead the first of a chain to its end; as new as the newer of the two.

        A visitor's query comes along where every redirect on the way takes it.
        """
        first = self._redirect_of(start)
        last = self._redirect_of(walk.end)
        if first is None or last is None:
            raise AssertionError(f"{start} is no redirect")  # links are between redirects alone
        known = (first[2], last[2])
        since = None if None in known else max(known)  # type: ignore[type-var]  # None is ruled out
        entry = entries.redirect_entry(last[0], since, on_trial=walk.marked)
        return entries.passing(entry) if passes_query else entry

    def _usable(self, rule: Rule) -> Rule | None:
        site = self._sites.named(rule.site)
        if site is None:
            self._find("unknown-site", f"Không có cổng cũ tên “{rule.site}”.", rule.name)
            return None
        try:
            captures = sample_captures(rule.name, rule.pattern)
            target = self._rule_target(rule, captures)
            check_examples(rule, site)
        except ExampleError as error:
            found, example = error.found, error.example
            message = f"Ví dụ {example.address} cho kết quả {found}, không phải {example.expected}."
            self._find("example", message, rule.name)
            return None
        except PatternError as error:
            self._find("pattern", f"Mẫu địa chỉ không hợp lệ: {error.told}", rule.name)
            return None
        except TargetError as error:
            self._find_fault(error, rule.name)
            return None
        if rule.kind is MappingKind.KEEP and site.old_server is None:
            self._find_no_server(site, rule.name)
            return None
        return replace(rule, target=target)

    def _find_no_server(self, site: Site, where: str) -> None:
        message = f"Cổng cũ “{site.name}” không có máy chủ cũ (old_server) để chuyển tiếp."
        self._find("no-old-server", message, where)

    def _rule_target(self, rule: Rule, captures: dict[str, str]) -> str | None:
        match rule.kind:
            case MappingKind.MOVED | MappingKind.TEMPORARY:
                target = self._located(rule.target or "")
                if target.startswith(SAME_AS):
                    check_same(target)
                    return target
                check_target(expand(target, captures), self._portal)
                return target
            case MappingKind.SPLIT:
                raise TargetError("", TargetFault.EMPTY, "is empty: rules cannot split a page")
            case (
                MappingKind.GONE | MappingKind.ARCHIVED | MappingKind.KEEP | MappingKind.UNRESOLVED
            ):
                return None

    def _find(self, code: str, message: str, where: str) -> None:
        self.findings.append(Finding("error", code, message, where))

    def _find_fault(self, error: TargetError, where: str) -> None:
        self._find(error.fault.value, fault_message(error), where)
