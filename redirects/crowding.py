"""Crowding: too many redirects of one site that lead to one page.

Whoever sends every old address to the home page has moved nothing: visitors do not find what they
asked for, and search engines take such redirects for soft 404s and drop the addresses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redirects.finding import Finding
from redirects.mapping import Mapping
from redirects.site import Portal
from redirects.sites import Sites

MOST_SHARE = 0.2
"""Of a site's redirects that may lead to one target."""

FEWEST = 5
"""Redirects that make a crowd: of three, each one is a third."""

_COUNTED = 1_000
"""Targets counted at once for each site; beyond, a count may be short by a thousandth of all."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many of a site's redirects lead to one target."""

    site: str
    target: str
    count: int
    total: int

    @property
    def share(self) -> float:
        """Of the site's redirects, 0 to 1."""
        return self.count / self.total

    @property
    def is_crowded(self) -> bool:
        """Whether that is too many."""
        return self.count >= FEWEST and self.share > MOST_SHARE


class Crowding:
    """Counts targets site by site in little memory, however many mappings pass by."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites
        self._names: dict[str, str | None] = {}
        self._totals: Counter[str] = Counter()
        self._targets: dict[str, dict[str, int]] = {}

    def watch(self, mappings: Iterable[Mapping]) -> Iterator[Mapping]:
        """Pass mappings on, counting those that redirect."""
        names, totals, counted = self._names, self._totals, self._targets
        for mapping in mappings:
            target = mapping.target
            if target:  # only redirects have one
                key = mapping.key
                host = key[: key.find("/")]
                name = names[host] if host in names else self._name_of(host)
                if name is not None:
                    totals[name] += 1
                    targets = counted[name]
                    if target in targets:
                        targets[target] += 1
                    elif len(targets) < _COUNTED:
                        targets[target] = 1
                    else:
                        # Misra and Gries (1982): what is over a thousandth of all outlives this.
                        counted[name] = {each: n - 1 for each, n in targets.items() if n > 1}
            yield mapping

    def crowds(self) -> list[Crowd]:
        """Return every crowd, the largest share of each site first."""
        found = [
            Crowd(site, target, count, self._totals[site])
            for site, targets in self._targets.items()
            for target, count in Counter(targets).most_common()
        ]
        return [crowd for crowd in found if crowd.is_crowded]

    def findings(self, portal: Portal) -> list[Finding]:
        """Return a warning for each crowd."""
        return [finding_of(crowd, portal) for crowd in self.crowds()]

    def _name_of(self, host: str) -> str | None:
        site = self._sites.of_host(host)
        name = self._names[host] = None if site is None else site.name
        if name is not None:
            self._totals.setdefault(name, 0)
            self._targets.setdefault(name, {})
        return name


def leads_home(target: str, portal: Portal) -> bool:
    """Whether a target is the portal's front page."""
    return target.removeprefix(portal.url.rstrip("/")) in ("", "/")


def finding_of(crowd: Crowd, portal: Portal) -> Finding:
    """Say what is wrong with a crowd."""
    share = round(100 * crowd.share)
    where = f"{crowd.site} → {crowd.target}"
    if leads_home(crowd.target, portal):
        message = (
            f"{share} % chuyển hướng của cổng này ({crowd.count} trong {crowd.total}) dẫn về trang "
            "chủ: người dân không tìm thấy nội dung cũ, máy tìm kiếm coi là lỗi 404 mềm."
        )
        return Finding("warning", "home-page-dump", message, where)
    message = (
        f"{share} % chuyển hướng của cổng này ({crowd.count} trong {crowd.total}) dẫn đến cùng "
        "một trang."
    )
    return Finding("warning", "crowded-target", message, where)
