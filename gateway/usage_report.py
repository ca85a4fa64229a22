"""Who calls which preserved API, as operators read it: callers by name, and for how long silent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from catalogue.usage import Caller, CallerKind, Use
from gateway.settings.callers import CallerSettings


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One caller of one route. `silent_since` is its first day without a call, if there is one."""

    route: str
    caller: str
    agent: str
    calls: int
    errors: int
    first_on: date
    last_on: date
    silent_since: date | None
    contact: str


def usage_rows(
    uses: Iterable[Use], known: Sequence[CallerSettings], *, today: date
) -> list[UsageRow]:
    """Name the callers, and say since when they are silent."""
    by_name = {one.name: one for one in known}
    by_key = {key: one for one in known for key in one.keys}
    rows = []
    for use in uses:
        named = _named(use.caller, by_name, by_key)
        silent = use.last_on + timedelta(days=1) if use.last_on < today else None
        rows.append(
            UsageRow(
                route=use.route,
                caller=named.name if named else _label(use.caller),
                agent=use.caller.agent,
                calls=use.calls,
                errors=use.errors,
                first_on=use.first_on,
                last_on=use.last_on,
                silent_since=silent,
                contact=named.contact if named else "",
            )
        )
    return rows


def _named(
    caller: Caller, by_name: dict[str, CallerSettings], by_key: dict[str, CallerSettings]
) -> CallerSettings | None:
    match caller.kind:
        case CallerKind.KEY:
            return by_key.get(caller.name)
        case CallerKind.NAMED:
            return by_name.get(caller.name)
        case CallerKind.NETWORK | CallerKind.OTHER:
            return None


def _label(caller: Caller) -> str:
    match caller.kind:
        case CallerKind.KEY:
            return f"key {caller.name}"
        case CallerKind.NAMED | CallerKind.NETWORK:
            return caller.name
        case CallerKind.OTHER:
            return "(others)"
