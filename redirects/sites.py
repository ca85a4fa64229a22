"""The old portals together: which one answers to a host name, and under which key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redirects.canonical import canonical_host
from redirects.keys import KeyMaker, key_maker
from redirects.mapping import CanonicalUrl
from redirects.site import Site
from redirects.url import Url, UrlError, parse_url

_MOST_LABELS = 10
"""A host name may have 127 labels; no portal has more than these."""


class SiteError(ValueError):
    """Two sites that cannot live together; the message names both and the host."""


class Sites:
    """Every site by each of its hosts.

    Raises:
        SiteError: two sites claim one host, or one name.
    """

    def __init__(self, sites: Iterable[Site]) -> None:
        self._sites = tuple(sites)
        self._by_host: dict[str, Site] = {}
        self._by_name: dict[str, Site] = {}
        self._makers: dict[str, KeyMaker] = {}
        self._has_patterns = any(host.startswith("*.") for one in self._sites for host in one.hosts)
        for site in self._sites:
            self._admit(site)

    def _admit(self, site: Site) -> None:
        if site.name in self._by_name:
            raise SiteError(f"site {site.name!r} is defined twice")
        self._by_name[site.name] = site
        self._makers[site.name] = key_maker(site)
        for host in site.hosts:
            name = host if host.startswith("*.") else canonical_host(host)
            other = self._by_host.setdefault(name, site)
            if other is not site:
                raise SiteError(f"host {name!r} is claimed by {other.name!r} and {site.name!r}")

    def __iter__(self) -> Iterator[Site]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)

    def of_host(self, host: str) -> Site | None:
        """Find the site that answers to `host`; port, case and a trailing dot do not matter.

        A name of its own goes before a pattern, and the longest pattern before the others.
        """
        pattern = self.host_known_as(host)
        return None if pattern is None else self._by_host[pattern]

    def host_known_as(self, host: str) -> str | None:
        """Return the name or the pattern (`*.haiduong.gov.vn`) under which a host is known."""
        name = canonical_host(host)
        if name in self._by_host:
            return name
        for _ in range(_MOST_LABELS if self._has_patterns else 0):
            _label, dot, name = name.partition(".")
            if not dot:
                break
            if f"*.{name}" in self._by_host:
                return f"*.{name}"
        return None

    def named(self, name: str) -> Site | None:
        """Find a site by its name."""
        return self._by_name.get(name)

    def key(
        self, site: Site, raw_path: bytes, raw_query: bytes = b"", *, host: str = ""
    ) -> CanonicalUrl:
        """Make the key of an address of `site`: on its main host, whatever was asked.

        A site whose main host is a pattern keeps its hosts apart, so `host` says which it was.
        """
        return self._makers[site.name].key(host or site.host, raw_path, raw_query)

    def key_of(self, address: str) -> tuple[Site, CanonicalUrl] | None:
        """Find the site and the key of a written address; None where its host is nobody's."""
        text = address.strip()
        try:
            url = parse_url(text if "://" in text[:12] else f"http://{text}")
        except UrlError:
            return None
        return self.key_of_url(url)

    def key_of_url(self, url: Url) -> tuple[Site, CanonicalUrl] | None:
        """Find the site and the key of a parsed URL; None where its host is nobody's."""
        site = self.of_host(url.host)
        if site is None:
            return None
        return site, self.key(site, url.path.encode(), url.query.encode(), host=url.host)

    def exact_key_of(self, address: str) -> CanonicalUrl | None:
        """Make the key of a written address that keeps its case; None where it is nobody's."""
        text = address.strip()
        try:
            url = parse_url(text if "://" in text[:12] else f"http://{text}")
        except UrlError:
            return None
        site = self.of_host(url.host)
        if site is None:
            return None
        return self._makers[site.name].exact_key(url.host, url.path.encode(), url.query.encode())
