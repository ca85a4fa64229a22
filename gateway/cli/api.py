"""Verbs of preserved APIs: compare servers before a switch, and see who calls what."""

from __future__ import annotations

import typer

from gateway.cli.replaying import replay
from gateway.cli.reporting import report

api = typer.Typer(help="Preserved APIs: replay, report.", no_args_is_help=True)
api.command("replay")(replay)
api.command("report")(report)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.add_typer(api, name="api")
