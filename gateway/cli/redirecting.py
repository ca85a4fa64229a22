"""Verbs of old addresses: resolve, and redirects import, undo, export, lint, suggest, rekey."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.exporting import export_table
from gateway.cli.importing import import_table
from gateway.cli.linting import lint_table
from gateway.cli.output import out, print_json
from gateway.cli.rekeying import rekey_sites
from gateway.cli.suggesting import suggest
from gateway.cli.undoing import undo_batch
from gateway.cli.workplace import Workplace
from gateway.publishing import ground_of, publish
from gateway.resolving import explain_in_lines, request_of
from redirects.resolution import Moved, Unresolved
from redirects.resolver import Resolver
from redirects.snapshot import open_snapshot

redirects = typer.Typer(
    help="Mappings: import, undo, export, lint, suggest, rekey.", no_args_is_help=True
)
redirects.command("import")(import_table)
redirects.command("undo")(undo_batch)
redirects.command("export")(export_table)
redirects.command("rekey")(rekey_sites)
redirects.command("suggest")(suggest)
redirects.command("lint")(lint_table)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(resolve)
    app.add_typer(redirects, name="redirects")


def resolve(
    context: typer.Context,
    url: str,
    *,
    method: Annotated[str, typer.Option(help="The method asked with.")] = "GET",
    at: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="On this day; rules may have days."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Explain where an old address leads: every rung tried, and the answer."""
    place: Workplace = context.obj
    try:
        request = request_of(url, method=method)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    with present_resolver(place) as resolver:
        explanation = resolver.explain(request, at.date() if at else None)
    if json:
        steps = [asdict(step) for step in explanation.steps]
        resolution = explanation.resolution
        values = (
            resolution._asdict()
            if isinstance(resolution, Moved | Unresolved)
            else asdict(resolution)
        )
        answer = {"resolution": type(resolution).__name__.lower(), **values}
        print_json({"url": url, "steps": steps, "answer": answer})
        return
    for line in explain_in_lines(url, explanation):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def present_resolver(place: Workplace) -> Iterator[Resolver]:
    """Compile what the catalogue says at this moment and open it, as the site does."""
    with tempfile.TemporaryDirectory() as directory, place.database(read_only=True) as database:
        report = publish(database, ground_of(place.settings), directory=Path(directory))
        snapshot = open_snapshot(report.path)
        try:
            yield snapshot.resolver()
        finally:
            snapshot.close()
