"""Redirects that lead to other old addresses; `redirects.walks` says where they end."""

from __future__ import annotations

from collections.abc import Callable

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

    def links(self, redirects: Callable[[CanonicalUrl], bool]) -> dict[CanonicalUrl, CanonicalUrl]:
        """Give every redirect that leads to another one, with that one."""
        return {key: onward for key, onward in self._following.items() if redirects(onward)}
