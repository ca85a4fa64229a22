"""`hopnhat api report`: who calls which preserved API, and who has fallen silent."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict, fields
from typing import Annotated

import typer
from rich.table import Table

from catalogue.usage import Usage, UsageSpool
from gateway.cli.output import out, print_json
from gateway.cli.workplace import Workplace
from gateway.settings import SettingsError
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
) -> None:
    """Say who calls which API how often, with how many errors, and when last."""
    place: Workplace = context.obj
    settings = place.settings
    _require_route(place, route)
    with place.database() as database:
        with database.writing() as connection:
            UsageSpool.collect(settings.usage_directory, connection)
        with database.reading() as connection:
            uses = Usage(connection).listing(route)
    rows = usage_rows(uses, settings.caller, today=today_in_vietnam(), silent_for=silent_since)
    if json:
        print_json([asdict(row) for row in rows])
    elif as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(field.name for field in fields(UsageRow))
        writer.writerows(asdict(row).values() for row in rows)
    else:
        _print(rows)


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
    table = Table(*_HEADINGS, box=None)
    for row in rows:
        cells = (row.route, row.caller, row.agent, row.calls, row.errors, row.last_on)
        table.add_row(*map(str, cells), str(row.silent_since or ""), row.contact)
    out.print(table, markup=False, highlight=False)
