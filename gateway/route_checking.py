"""What can be known wrong with the routes of a settings file before a call is made along one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple
from urllib.parse import urlsplit

from gateway.comparing.rules import RulesError, read_rules
from gateway.settings.routes import RouteSettings
from gateway.settings.whole import Settings
from redirects.canonical import canonical_host
from redirects.route import ApiRoute
from redirects.route_path import RoutePath
from redirects.route_table import methods_taken
from redirects.sites import Sites

_OWN_API = "/api/v1/"


class RouteFault(NamedTuple):
    """What is wrong with a route; `place` is its number and the setting that is to blame."""

    place: tuple[int, str]
    told: str


def route_faults(settings: Settings) -> Iterator[RouteFault]:
    """Give what is wrong, without asking anybody."""
    for where, route in enumerate(settings.route):
        yield from _shadow(settings, where, route)
        yield from _circles(settings, where, route)
        yield from _ignore_rules(where, route)
    yield from _rivals(settings)


def _rivals(settings: Settings) -> Iterator[RouteFault]:
    """Find routes of one name, and routes whose calls another one takes."""
    sites = Sites(settings.sites())
    routes = sorted(enumerate(settings.routes()), key=lambda one: one[1].name)
    for (_, taker), (where, hidden) in combinations(routes, 2):
        if taker.name == hidden.name:
            yield RouteFault((where, "name"), f"two routes are called {hidden.name}")
        elif _takes_all_of(taker, hidden, sites):
            told = f"route {hidden.name} gets no call: {taker.name} takes them all"
            yield RouteFault((where, "path"), told)


def _takes_all_of(taker: ApiRoute, hidden: ApiRoute, sites: Sites) -> bool:
    """Say whether nothing but their names parts two routes, so that the first one is taken."""
    if (taker.path, taker.query) != (hidden.path, hidden.query):
        return False
    if taker.has_dates or hidden.has_dates:
        return False  # one may go on where the other ends
    place, other = canonical_host(taker.host), canonical_host(hidden.host)
    site = sites.of_host(place)
    is_one_place = place == other or (site is not None and site is sites.of_host(other))
    takes, wanted = methods_taken(taker), methods_taken(hidden)
    if takes and wanted:
        return is_one_place and wanted <= takes
    return is_one_place and takes == wanted


def _shadow(settings: Settings, where: int, route: RouteSettings) -> Iterator[RouteFault]:
    """Routes come first, so one that is too wide takes the portal's own API from its callers."""
    takes = RoutePath(route.path).matches(f"{_OWN_API}don-vi".encode())
    if takes and not route.query and route.host in settings.portal.hosts:
        told = f"route {route.name}: {route.path} takes the portal's own {_OWN_API} too"
        yield RouteFault((where, "path"), told)


def _ignore_rules(where: int, route: RouteSettings) -> Iterator[RouteFault]:
    if route.shadow_ignore is not None:
        try:
            read_rules(route.shadow_ignore)
        except RulesError as error:
            yield RouteFault((where, "shadow_ignore"), f"route {route.name}: {error}")


def _circles(settings: Settings, where: int, route: RouteSettings) -> Iterator[RouteFault]:
    """A host that is answered here leads calls back here once its name points to this gateway."""
    for upstream in route.as_route().upstreams:
        if is_answered_here(settings, upstream.origin):
            told = f"route {route.name}: {upstream.origin} is answered by this gateway itself; "
            yield RouteFault((where, "upstream"), told + "name the old server by its address")


def is_answered_here(settings: Settings, origin: str) -> bool:
    """Say whether an origin is this gateway's own, now or once an old host's name points here."""
    parts = urlsplit(origin)
    host = canonical_host(parts.hostname or "")
    own = {canonical_host(name) for name in settings.portal.hosts} - {"127.0.0.1", "localhost"}
    is_ours = host in own or Sites(settings.sites()).of_host(host) is not None
    return is_ours and parts.port in {None, 80, 443}
