"""`hopnhat`: one command, one verb for each thing an operator does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from catalogue.archive import ArchiveError
from catalogue.database import CatalogueError
from catalogue.search.engine import SearchError
from crawler.addresses import AddressError
from crawler.inventory import InventoryError
from gateway.cli import (
    api,
    crawling,
    demonstration,
    redirecting,
    searching,
    serving,
    setting_up,
    snapshots,
    traffic,
)
from gateway.cli.output import complain
from gateway.cli.workplace import Workplace
from gateway.comparing.rules import RulesError
from gateway.settings.whole import SettingsError
from redirects.patterns import PatternError
from redirects.sites import SiteError
from redirects.snapshot import SnapshotError
from redirects.traffic.opening import LogError

app = typer.Typer(
    name="hopnhat",
    help="One portal out of many, and no old address lost.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for verbs in (
    setting_up,
    crawling,
    searching,
    redirecting,
    traffic,
    api,
    snapshots,
    serving,
    demonstration,
):
    verbs.add_to(app)

EXPECTED = (
    SettingsError,
    CatalogueError,
    ArchiveError,
    SearchError,
    AddressError,
    SnapshotError,
    SiteError,
    LogError,
    InventoryError,
    PatternError,
    RulesError,
)
"""Failures that name their culprit: told in a line, never as a traceback."""


@app.callback()
def options(
    context: typer.Context,
    settings: Annotated[
        Path, typer.Option("--settings", "-s", envvar="HOPNHAT_SETTINGS", help="The settings file.")
    ] = Path("hopnhat.toml"),
) -> None:
    """Run a verb with the settings file it is given."""
    context.obj = Workplace(settings)


def main() -> None:
    """Run the command; exit 0 fine, 1 findings or failure, 2 usage."""
    try:
        app()
    except EXPECTED as error:
        complain(error)
        sys.exit(1)
