"""A route in a few lines, for operators: who answers, what changes on the way, what it may cost."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.passthrough.transition import ends_on
from redirects.route import ApiRoute, Edit
from redirects.route_units import UnitCodes

_UNITS = ((1024**3, "GB"), (1024**2, "MB"), (1024, "kB"))


def route_in_lines(route: ApiRoute) -> list[str]:
    """Return what an operator wants to know of a route, a line for each question."""
    lines = {
        "route": _calls(route),
        "upstreams": _upstreams(route),
        "on the way": _changes(route),
        "limits": _limits(route),
        "kept": _kept(route),
        "owner": _people(route),
        "told": _told(route),
        "switch": _switch(route),
    }
    return [f"{name:<14}{text}" for name, text in lines.items() if text]


def _calls(route: ApiRoute) -> str:
    query = f"?{route.query}" if route.query else ""
    methods = ", ".join(sorted(route.methods)) or "every method"
    told = [f"{route.name}, {route.host}{route.path}{query}", methods]
    told += [f"from {route.valid_from}"] if route.valid_from else []
    told += [f"until {route.valid_until}"] if route.valid_until else []
    told += [f"then {route.successor}"] if route.successor else []
    return "; ".join(told)


def _upstreams(route: ApiRoute) -> str:
    holder = [f"whoever holds the dossier of {route.dossier}"] if route.dossier else []
    if not route.upstreams:
        return f"{holder[0]}, else a page" if holder else "none"
    total = sum(one.weight for one in route.upstreams)
    servers = [
        f"{one.origin} ({_share(one.weight, total)})" if len(route.upstreams) > 1 else one.origin
        for one in route.upstreams
    ]
    health = route.health
    judged = f"off for {health.cooling:g} s after {health.failures} failures in a row"
    asked = [f"asked {health.path} every {health.interval:g} s"] if health.path else []
    return "; ".join([", else ".join([*holder, ", ".join(servers)]), judged, *asked])


def _share(weight: int, total: int) -> str:
    return f"{weight} of {total} calls" if weight else "spare"


def _changes(route: ApiRoute) -> str:
    rewriting = route.rewriting
    told = [f"path {rewriting.path}"] if rewriting.path else []
    told += [f"host {route.host_header}"] if route.host_header else []
    told += [] if route.upgrades else ["no other protocol"]
    told += _edits("query", rewriting.query)
    told += _edits("call", rewriting.request)
    told += _edits("answer", rewriting.answer)
    told += _unit_codes(route.units) if route.units else []
    if route.credentials is not None:
        named = ", ".join(sorted(route.credentials)) or "none"
        told.append(f"credentials {named}")
    return "; ".join(told) or "nothing changes, all credentials cross"


def _unit_codes(units: UnitCodes) -> list[str]:
    days = [str(day) if day else "the day" for day in (units.callers, units.server)]
    if units.day:
        days[0] = f"{units.day}, else {days[0]}"
    told = [f"units' codes of {days[0]} to those of {days[1]}"]
    told += [f"in {', '.join(units.parameters)}"] if units.parameters else []
    told += [f"and back in {', '.join(units.answers)}"] if units.answers else []
    return [" ".join(told)]


def _edits(what: str, edits: Iterable[Edit]) -> list[str]:
    """Name what is changed, not to what: a value may be a key."""
    told = [f"{edit.act} {edit.name}" for edit in edits]
    return [f"{what} {', '.join(told)}"] if told else []


def _limits(route: ApiRoute) -> str:
    told = [f"connect {route.connect_timeout:g} s", f"silence {route.timeout:g} s"]
    told += [f"in all {route.total_timeout:g} s"] if route.total_timeout else []
    told += [f"call {_size(route.max_body)}"] if route.max_body else []
    told += [f"answer {_size(route.max_answer)}"] if route.max_answer else []
    told += [f"{route.tries} upstreams tried"] if len(route.upstreams) > 1 else []
    rate = route.rate_limit
    if rate is not None:
        by = rate.key or "network"
        told.append(f"{rate.calls} calls in {rate.seconds:g} s for each {by}")
    return ", ".join(told)


def _kept(route: ApiRoute) -> str:
    caching = route.caching
    if caching is None:
        return "no answer"
    return (
        f"answers of up to {_size(caching.largest)} in {_size(caching.memory)}; "
        f"{caching.silent:g} s where they do not say, {caching.stale_if_error:g} s more "
        "in the place of a failure"
    )


def _people(route: ApiRoute) -> str:
    contact = f"contact {route.contact}" if route.contact else "no contact for callers"
    return f"{route.owner or 'nobody named'}; {contact}"


def _told(route: ApiRoute) -> str:
    """Say what every answer tells of the API's end; nothing where nothing is told."""
    plan = route.transition
    if plan is None:
        return ""
    told = [f"deprecated from {plan.deprecated}"] if plan.deprecated else []
    told += [f"gone from {ends}"] if (ends := ends_on(route)) else []
    told += [f"page {plan.page}"] if plan.page else []
    begins = f" from {plan.notice_from}" if plan.notice_from else ""
    told += [f"notice{begins}: {plan.notice}"] if plan.notice else []
    return "; ".join(told)


def _switch(route: ApiRoute) -> str:
    """Say how a switch to another server is prepared; nothing where it is not."""
    told = []
    if route.shadow is not None:
        told.append(
            f"{route.shadow.share:.4g} of the safe calls compared with {route.shadow.origin}"
        )
    told += ["safe calls recorded"] if route.recording else []
    return "; ".join(told)


def _size(size: int) -> str:
    for unit, name in _UNITS:
        if size >= unit:
            return f"{size / unit:.4g} {name}"
    return f"{size} bytes"
