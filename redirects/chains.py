"""Redirects that lead to other old addresses: followed to their end, or shown to go round."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from redirects.canonical import canonical_host, canonical_path
from redirects.mapping import CanonicalUrl
from redirects.patterns import Patterns
from redirects.site import Portal
from redirects.sites import Sites
from redirects.url import parse_url


class Chains:
    """Which redirects lead to an address that is itself an old one.

    New content ends a chain: what the portal serves live on a shared host is no old address.
    """

    def __init__(self, portal: Portal, sites: Sites) -> None:
        self._portal_hosts = frozenset(canonical_host(host) for host in portal.hosts)
        self._sites = sites
        self._live = Patterns(("portal.live", text) for text in portal.live)
        self._following: dict[CanonicalUrl, CanonicalUrl] = {}

    def add(self, key: CanonicalUrl, location: str) -> None:
        """Note that `key` redirects to `location`, an absolute URL."""
        if self._sites.of_host(location.split("/", 3)[2]) is None:
            return  # by far the commonest case, so it is found without parsing
        url = parse_url(location)
        found = self._sites.key_of_url(url)
        if found is None or self.is_live(url.host, canonical_path(url.path.encode())):
            return
        self._following[key] = found[1]

    def is_live(self, host: str, path: str) -> bool:
        """Tell whether new content answers a canonical path on a host."""
        return host in self._portal_hosts and bool(self._live.matching(path))

    def __iter__(self) -> Iterator[CanonicalUrl]:
        return iter(self._following)

    def follow(
        self, key: CanonicalUrl, redirects: Callable[[CanonicalUrl], bool]
    ) -> list[CanonicalUrl]:
        """List the addresses on the way from `key`; one that goes round ends where it has been."""
        chain = [key]
        seen = {key}
        while (following := self._following.get(chain[-1])) and redirects(following):
            chain.append(following)
            if following in seen:
                break
            seen.add(following)
        return chain


def goes_round(chain: list[CanonicalUrl]) -> bool:
    """Tell a loop from a chain."""
    return chain[-1] in chain[:-1]
