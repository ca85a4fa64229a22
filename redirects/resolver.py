"""Resolving: which ladder belongs to a host, and the climb, with or without an explanation.

`resolve` and `explain` climb the same rungs (`redirects.ladder`); what can be built once a revision
is built in `_plans`, so a request costs a key, a digest and a look-up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple, TypeVar

from redirects.calendar import today_in_vietnam
from redirects.canonical import canonical_host
from redirects.ladder import Ask, Ground, Ladder, Lookup, Rung, Visit
from redirects.manifest import Manifest
from redirects.patterns import Patterns
from redirects.resolution import (
    Archived,
    Explanation,
    Gone,
    Live,
    Moved,
    Proxied,
    Request,
    Resolution,
    Retired,
    Split,
    Step,
    UnknownHost,
    Unresolved,
)
from redirects.route import ApiRoute
from redirects.route_table import RouteTable
from redirects.site import Site
from redirects.sites import Sites

_Outcome = TypeVar("_Outcome", bound=Resolution | None)


class _Plan(NamedTuple):
    """What one host name needs, built once a revision. No `site`: an API's or the portal's own."""

    site: Site | None
    ladder: Ladder | None
    routes: RouteTable
    portal: bool
    about: str


class Resolver:
    """Answers where an old address leads, from one snapshot."""

    def __init__(
        self,
        manifest: Manifest,
        lookup: Lookup,
        today: Callable[[], date] = today_in_vietnam,
    ) -> None:
        self._sites = Sites(manifest.sites)
        self._today = today
        live = Patterns(("portal.live", text) for text in manifest.portal.live)
        ground = Ground(manifest.portal, self._sites, lookup, live, today)
        self._plans = self._plan_hosts(manifest, ground)
        self._direct = {
            host: (plan.ladder.standing_redirect, plan.routes.beginnings)
            for host, plan in self._plans.items()
            if plan.ladder and not host.startswith("*.")
        }

    def resolve(self, request: Request) -> Resolution:
        """Say where a request leads."""
        plan = self._plans.get(request.host) or self._plan_of(request.host)
        if plan is None:
            return UnknownHost(request.host)
        if plan.routes and (called := plan.routes.find(request)) is not None:
            return called
        ladder = plan.ladder
        if ladder is None:
            return Live(request.host) if plan.portal else UnknownHost(request.host)
        return ladder.resolve(request)

    def standing_redirect(
        self, host: str, raw_path: bytes
    ) -> tuple[str, bytes, bool, int | None] | None:
        """Find the redirect of a GET without a query: site, location, whether on trial, since when.

        It is what `resolve` says where it says anything, in a third of the time; None says nothing.
        """
        direct = self._direct.get(host)
        if direct is None:
            return None
        find, of_routes = direct
        return None if raw_path.startswith(of_routes) else find(host, raw_path)

    def explain(self, request: Request, on: date | None = None) -> Explanation:
        """Say where a request leads, today or on a day, and every rung tried on the way."""
        steps: list[Step] = []
        resolution = self._climb(request, steps, on)
        return Explanation(tuple(steps), resolution)

    def _climb(self, request: Request, steps: list[Step], on: date | None) -> Resolution:
        """Climb as `resolve` does, and note every rung."""
        plan = self._plans.get(request.host) or self._plan_of(request.host)
        if plan is None:
            return _note(steps, Rung.HOST, UnknownHost(request.host), "no site has this host")
        _note(steps, Rung.HOST, None, plan.about)
        if plan.routes:
            called = plan.routes.find(request, on)
            if called is not None:
                return _note(steps, Rung.API_ROUTE, called)
        _note(steps, Rung.API_ROUTE, None, "" if plan.routes else "none on this host")
        site, ladder = plan.site, plan.ladder
        if site is None or ladder is None:
            if plan.portal:
                return _note(steps, Rung.LIVE, Live(request.host))
            return _note(steps, Rung.HOST, UnknownHost(request.host), "an API's host, other path")
        visit = ladder.visit(request)
        visit.on = on
        for rung, ask in ladder.rungs:
            resolution = ask(visit) if ask else None
            _note(steps, rung, resolution, _remark(visit, ask))
            if resolution is not None:
                return resolution
        return _note(steps, Rung.UNRESOLVED, Unresolved(site.name, visit.key, visit.verbatim))

    def _plan_of(self, host: str) -> _Plan | None:
        """Find the plan of a host by its one spelling, or by the pattern it falls under."""
        known = self._plans.get(canonical_host(host))
        return known or self._plans.get(self._sites.host_known_as(host) or "")

    def _plan_hosts(self, manifest: Manifest, ground: Ground) -> dict[str, _Plan]:
        portal_hosts = {canonical_host(host) for host in manifest.portal.hosts}
        site_hosts = {
            host if host.startswith("*.") else canonical_host(host)
            for site in manifest.sites
            for host in site.hosts
        }
        route_hosts = {canonical_host(route.host) for route in manifest.routes}
        return {
            host: self._plan(host, manifest, ground, portal=host in portal_hosts)
            for host in portal_hosts | site_hosts | route_hosts
        }

    def _plan(self, host: str, manifest: Manifest, ground: Ground, *, portal: bool) -> _Plan:
        site = self._sites.of_host(host)
        served = (route for route in manifest.routes if self._serves(route, host, site))
        routes = RouteTable(served, self._today)
        knows_case = site is not None and site.name in manifest.exact
        ladder = (
            Ladder(site, manifest.rules, ground, portal=portal, knows_case=knows_case)
            if site
            else None
        )
        return _Plan(site, ladder, routes, portal, _about(site, portal=portal))

    def _serves(self, route: ApiRoute, host: str, site: Site | None) -> bool:
        """Routes of one host of a site are routes of all its hosts, as its mappings are."""
        name = canonical_host(route.host)
        return name == host or (site is not None and self._sites.of_host(name) is site)


def _note(steps: list[Step], rung: Rung, resolution: _Outcome, remark: str = "") -> _Outcome:
    outcome = describe(resolution) if resolution is not None else ""
    text = ", ".join(part for part in (outcome, remark) if part)
    steps.append(Step(rung, text or "no match"))
    return resolution


def _about(site: Site | None, *, portal: bool) -> str:
    names = [f"site {site.name}"] if site else []
    return " and ".join([*names, "the new portal"] if portal else names) or "an API's host"


def _remark(visit: Visit, ask: Ask | None) -> str:
    remark = "; ".join(visit.remarks) if ask else "none here"
    visit.remarks.clear()
    return remark


def describe(resolution: Resolution) -> str:  # noqa: PLR0911  one line an outcome
    """Say a resolution in a few words, for logs and explanations."""
    match resolution:
        case Proxied(route):
            return f"passed on by route {route.name}"
        case Retired(route):
            return f"410, route {route.name} ended on {route.valid_until}"
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
