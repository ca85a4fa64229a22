"""The old portals together: which one answers to a host name, and under which key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from redirects.canonical import canonical_host, canonicalize_parts
from redirects.mapping import CanonicalUrl
from redirects.site import Site
from redirects.url import Url, UrlError, parse_url


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
        for site in self._sites:
            self._admit(site)

    def _admit(self, site: Site) -> None:
        if site.name in self._by_name:
            raise SiteError(f"site {site.name!r} is defined twice")
        self._by_name[site.name] = site
        for host in site.hosts:
            name = canonical_host(host)
            other = self._by_host.setdefault(name, site)
            if other is not site:
                raise SiteError(f"host {name!r} is claimed by {other.name!r} and {site.name!r}")

    def __iter__(self) -> Iterator[Site]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)

    def of_host(self, host: str) -> Site | None:
        """Find the site that answers to `host`; port, case and a trailing dot do not matter."""
        return self._by_host.get(canonical_host(host))

    def named(self, name: str) -> Site | None:
        """Find a site by its name."""
        return self._by_name.get(name)

    def key(self, site: Site, raw_path: bytes, raw_query: bytes = b"") -> CanonicalUrl:
        """Make the key of an address of `site`: always on its main host, whatever was asked."""
        return canonicalize_parts(site.host, raw_path, raw_query, site.query)

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
        return site, self.key(site, url.path.encode(), url.query.encode())
