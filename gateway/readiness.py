"""Readiness: how much of an old portal's traffic would find its way today, by the real resolver."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.resolving import request_of
from gateway.settings.portal import TrafficSettings
from redirects.mapping import CanonicalUrl
from redirects.resolution import Unresolved
from redirects.resolver import Resolver

TOP = 1_000
"""The most visited addresses, looked at apart: each of them is somebody's every day."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """How much of one site's traffic has a decision; `undecided` is most visited first."""

    site: str
    visits: int
    decided_visits: int
    addresses: int
    decided_addresses: int
    top: int
    decided_top: int
    undecided: tuple[tuple[CanonicalUrl, int], ...]

    @property
    def visit_share(self) -> float:
        """The share of visits to decided addresses; nothing is ready that nobody measured."""
        return self.decided_visits / self.visits if self.visits else 0.0

    @property
    def top_share(self) -> float:
        """The share of the most visited addresses that are decided."""
        return self.decided_top / self.top if self.top else 0.0

    def is_go(self, settings: TrafficSettings) -> bool:
        """Say whether the old host may be switched over."""
        return self.visit_share >= settings.ready_visits and self.top_share >= settings.ready_top


def weigh(
    site: str,
    addresses: Iterable[tuple[CanonicalUrl, int]],
    resolver: Resolver,
    *,
    shown: int,
) -> Readiness:
    """Ask for every address of a site, the most visited first."""
    visits = decided_visits = count = decided = decided_top = 0
    undecided: list[tuple[CanonicalUrl, int]] = []
    for key, times in addresses:
        count += 1
        visits += times
        if isinstance(resolver.resolve(request_of(f"http://{key}")), Unresolved):
            if len(undecided) < shown:
                undecided.append((key, times))
            continue
        decided += 1
        decided_visits += times
        decided_top += count <= TOP
    return Readiness(
        site=site,
        visits=visits,
        decided_visits=decided_visits,
        addresses=count,
        decided_addresses=decided,
        top=min(count, TOP),
        decided_top=decided_top,
        undecided=tuple(undecided),
    )
