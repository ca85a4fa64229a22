"""`hopnhat api report`: who calls which preserved API, and who has fallen silent."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict, fields
from datetime import timedelta
from typing import Annotated

import typer

from catalogue.shadow import ShadowCounts, ShadowSpool
from catalogue.usage import Usage, UsageSpool
from gateway.cli.output import out, print_json
from gateway.cli.workplace import Workplace
from gateway.settings.whole import SettingsError
from gateway.shadow_report import ShadowRoute, shadow_routes
from gateway.usage_report import UsageRow, usage_rows
from redirects.calendar import today_in_vietnam

_HEADINGS = (
    "route",
    "caller",
    "program",
    "calls",
    "errors",
    "last call",
    "silent since",
    "contact",
)


def report(
    context: typer.Context,
    route: Annotated[str | None, typer.Argument(help="One route; all if none.")] = None,
    *,
    silent_since: Annotated[
        int, typer.Option(min=0, help="Only callers that have not called for so many days.")
    ] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table for a spreadsheet.")] = False,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="What the routes' shadows answer differently instead.")
    ] = False,
    days: Annotated[int, typer.Option(min=1, help="With --shadow: of so many days.")] = 30,
) -> None:
    """Say who calls which API how often, with how many errors, and when last."""
    place: Workplace = context.obj
    _require_route(place, route)
    if shadow and as_csv:
        raise typer.BadParameter("--shadow is told as text or with --json")
    if shadow:
        _report_shadows(place, route, days, as_json=json)
        return
    settings, today = place.settings, today_in_vietnam()
    with place.database() as database:
        with database.writing() as connection:
            UsageSpool.collect(settings.usage_directory, connection)
        with database.reading() as connection:
            until = today - timedelta(days=silent_since)
            uses = Usage(connection).listing(route, until=until)
    rows = usage_rows(uses, settings.caller, today=today)
    if json:
        print_json([asdict(row) for row in rows])
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(field.name for field in fields(UsageRow))
        writer.writerows(asdict(row).values() for row in rows)
    else:
        _print(rows)


def _report_shadows(place: Workplace, route: str | None, days: int, *, as_json: bool) -> None:
    first = today_in_vietnam() - timedelta(days=days - 1)
    with place.database() as database:
        with database.writing() as connection:
            ShadowSpool.collect(place.settings.shadow_directory, connection)
        with database.reading() as connection:
            found = shadow_routes(ShadowCounts(connection).since(first, route))
    if as_json:
        print_json([asdict(one) | {"compared": one.compared} for one in found])
        return
    if not found:
        out.print("no calls")
    for one in found:
        _print_shadow(one)


def _print_shadow(one: ShadowRoute) -> None:
    others = "".join(
        f", {calls} {outcome}"
        for outcome, calls in one.outcomes.items()
        if outcome not in {"same", "different"}
    )
    lines = [f"{one.route}: {one.compared} compared, {one.same} the same{others}"]
    for each in one.places:
        sample = f", such as {each.sample}" if each.sample else ""
        calls = f"{each.calls} calls, last on {each.last_on}"
        lines.append(f"  {each.part} {each.place}: {calls}{sample}")
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def _require_route(place: Workplace, route: str | None) -> None:
    known = [one.name for one in place.settings.route]
    if route is not None and route not in known:
        raise SettingsError(
            [f"{place.path}: no route is called {route!r}; known: {', '.join(known)}"]
        )


def _print(rows: list[UsageRow]) -> None:
    if not rows:
        out.print("no calls")
        return
    table = [_HEADINGS, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for cells in table:  # lines as long as they are, for whoever greps
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        out.print("  ".join(padded).rstrip(), markup=False, highlight=False, soft_wrap=True)


def _cells(row: UsageRow) -> tuple[str, ...]:
    silent = str(row.silent_since or "")
    counts = (str(row.calls), str(row.errors))
    return (row.route, row.caller, row.agent, *counts, str(row.last_on), silent, row.contact)
