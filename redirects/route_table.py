"""The routes of one host in the order they are tried: what says most about a path comes first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date

from redirects.resolution import Proxied, Request, Retired
from redirects.route import ApiRoute
from redirects.route_path import RoutePath

# Dot segments would let a call climb out of the prefix it was preserved for.
_CLIMBS = re.compile(rb"(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\;?#]|%2f|%5c|$)", re.IGNORECASE)


class RouteTable:
    """Finds the route of a call. `today` is asked only for routes that have dates."""

    def __init__(self, routes: Iterable[ApiRoute], today: Callable[[], date]) -> None:
        entries = [(RoutePath(route.path), route) for route in routes]
        self._entries = [
            (
                path.matches,
                methods_taken(route),
                route.query.encode() if route.query else b"",
                Proxied(route),
                Retired(route) if route.has_dates else None,
            )
            for path, route in sorted(entries, key=_place)
        ]
        self._today = today
        self.beginnings = tuple(path.beginning for path, _route in entries)
        """No path is taken that begins with none of these."""

    def __bool__(self) -> bool:
        return bool(self._entries)

    def find(self, request: Request, on: date | None = None) -> Proxied | Retired | None:
        """Return what becomes of a call, today or on a day; None where no route takes it."""
        path, method = request.raw_path, request.method
        ended: Retired | None = None
        for matches, methods, query, proxied, retired in self._entries:
            if not matches(path) or (methods and method not in methods):
                continue
            if query and query not in request.raw_query.split(b"&"):
                continue
            if _CLIMBS.search(path):
                return None
            if ended is not None and ended.route.path != proxied.route.path:
                return ended  # only a route of the same path goes on where one has ended
            if retired is None:
                return proxied
            day = on or self._today()
            if not proxied.route.has_begun(day):
                continue
            if not proxied.route.has_ended(day):
                return proxied
            ended = ended or retired
        return ended


def methods_taken(route: ApiRoute) -> frozenset[str]:
    """Return the methods a route takes, none for all: who may GET may ask for its HEAD."""
    return route.methods | {"HEAD"} if "GET" in route.methods else route.methods


def _place(entry: tuple[RoutePath, ApiRoute]) -> tuple[object, ...]:
    """Order by how much a route says: of the path, of the query, of the method."""
    path, route = entry
    return (
        -path.literal_length,
        path.is_prefix,
        len(path.names),
        route.query is None,
        not route.methods,
        route.path,
        route.name,
    )
