"""Verbs that listen: serve, console."""

from __future__ import annotations

import typer

from gateway.app import create_console, create_site
from gateway.checking import faults
from gateway.cli.output import complain
from gateway.cli.workplace import Workplace
from gateway.logs import configure_logs
from gateway.server.serving import run


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(serve)
    app.command()(console)


def serve(context: typer.Context) -> None:
    """Serve the merged portal, the old addresses and the preserved APIs."""
    place: Workplace = context.obj
    settings = place.settings
    configure_logs()
    at = settings.serve
    for fault in faults(settings, place.path):
        complain(fault)
    run(create_site(settings, place.path), host=at.host, port=at.port, stall=at.stall_timeout)


def console(context: typer.Context) -> None:
    """Serve the editors' console."""
    place: Workplace = context.obj
    settings = place.settings
    configure_logs()
    run(create_console(settings), host=settings.console.host, port=settings.console.port)
