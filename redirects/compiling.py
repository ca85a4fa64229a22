"""Decides what a snapshot holds: targets resolved, chains flattened, loops and faults left out.

Pure: mappings, rules and captures' keys go in, entries and findings come out. The file is made by
`redirects.snapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from redirects import entry as entries
from redirects.canonical import canonical_host, split_key
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
from redirects.walks import Walk, walk_all

Locate = Callable[[str], str | None]
"""Where a `doc:`, `unit:` or `section:` reference lives now: a target, or None when nowhere."""

_REDIRECTS = (entries.MOVED, entries.TEMPORARY)


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
        host, path, query = split_key(mapping.key)
        site = self._sites.of_host(host)
        if site is None:
            return None
        if host != site.host and not site.has_many_hosts:
            key = f"{canonical_host(site.host)}{path}{'?' if query else ''}{query}"
            mapping = replace(mapping, key=CanonicalUrl(key))
        return site, mapping

    def _add(self, mapping: Mapping, site: Site, entry: bytes) -> None:
        stands = self.entries.setdefault(digest(mapping.key), entry)
        if stands != entry:
            message = "Địa chỉ này có hai quyết định khác nhau; quyết định đầu được giữ."
            self._find("contradiction", message, mapping.key)
            return
        self._note_names(mapping.key, site)
        if keeps_case(mapping.key):
            self.exact.add(site.name)
        if self.redirects(mapping.key) and not is_reference(mapping.target or ""):
            self.chains.add(mapping.key, entry[1:].decode())

    def redirects(self, key: CanonicalUrl) -> bool:
        """Tell whether the entry of `key` is a redirect."""
        return self.entries.get(digest(key), b"")[:1] in _REDIRECTS

    def flatten(self) -> None:
        """Lead every redirect to the end of its chain; leave out those that go round."""
        links = self.chains.links(self.redirects)
        walks = walk_all(links, self._on_trial)
        looping = [key for key, walk in walks.items() if walk.goes_round]
        endings = {
            digest(key): self._shortcut(walk) for key, walk in walks.items() if not walk.goes_round
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
        return tuple(usable for rule in rules if (usable := self._usable(rule)) is not None)

    def _entry(self, mapping: Mapping) -> bytes:
        match mapping.kind:
            case MappingKind.MOVED:
                return entries.MOVED + self._location(mapping.target).encode()
            case MappingKind.TEMPORARY:
                return entries.TEMPORARY + self._location(mapping.target).encode()
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
        return location(self._located(target or ""), self._portal)

    def _note_names(self, key: CanonicalUrl, site: Site) -> None:
        path_key, _, query = key.partition("?")
        path = path_key[path_key.index("/") :]
        if query and key_maker(site).policy_of(path).query.mode == "ignored":
            names = (piece.partition("=")[0] for piece in query.split("&"))
            self._names.setdefault(path_key, set()).update(names)

    def _on_trial(self, key: CanonicalUrl) -> bool:
        return self.entries[digest(key)][:1] == entries.TEMPORARY

    def _shortcut(self, walk: Walk[CanonicalUrl]) -> bytes:
        kind = entries.TEMPORARY if walk.marked else entries.MOVED
        return kind + self.entries[digest(walk.end)][1:]

    def _usable(self, rule: Rule) -> Rule | None:
        if self._sites.named(rule.site) is None:
            self._find("unknown-site", f"Không có cổng cũ tên “{rule.site}”.", rule.name)
            return None
        try:
            captures = sample_captures(rule.name, rule.pattern)
            target = self._rule_target(rule, captures)
        except PatternError as error:
            self._find("pattern", f"Mẫu địa chỉ không hợp lệ: {error.reason}", rule.name)
            return None
        except TargetError as error:
            self._find_fault(error, rule.name)
            return None
        return replace(rule, target=target)

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
            case MappingKind.GONE | MappingKind.ARCHIVED | MappingKind.UNRESOLVED:
                return None

    def _find(self, code: str, message: str, where: str) -> None:
        self.findings.append(Finding("error", code, message, where))

    def _find_fault(self, error: TargetError, where: str) -> None:
        self._find(error.fault.value, fault_message(error), where)
