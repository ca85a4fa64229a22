"""The verb that looks for what would mislead visitors: in the catalogue, or in files to come."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from catalogue.mappings import Mappings
from catalogue.rules import Rules
from gateway.cli.importing import Encoding, Form, Owner, Parted, read_files
from gateway.cli.output import out, print_json
from gateway.cli.workplace import Workplace
from gateway.site.paths import LIVE_PATHS
from redirects.calendar import today_in_vietnam
from redirects.file_lint import Source, lint_files
from redirects.finding import Finding
from redirects.lint import lint

_SHOWN = 20


def lint_table(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Files to import; the catalogue if none."),
    ] = None,
    *,
    form: Form = None,
    site: Owner = None,
    encoding: Encoding = None,
    separator: Parted = None,
    limit: Annotated[
        int, typer.Option(min=0, help="So many findings of one code are printed; 0 for all.")
    ] = _SHOWN,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Find loops, chains, foreign targets, contradictions and what is never reached."""
    place: Workplace = context.obj
    if files:
        read = read_files(
            place, files, form=form, site=site, encoding=encoding, separator=separator
        )
        findings = lint_files(
            [Source(one.name, one.reading) for one in read],
            portal=place.settings.as_portal(LIVE_PATHS),
            sites=place.settings.sites(),
        )
    else:
        findings = _lint_catalogue(place)
    if json:
        print_json([asdict(finding) for finding in findings])
    else:
        _print(findings, limit)
    if any(finding.level == "error" for finding in findings):
        raise typer.Exit(1)


def _lint_catalogue(place: Workplace) -> list[Finding]:
    with place.database(read_only=True) as database, database.reading() as connection:
        return lint(
            mappings=Mappings(connection).active(),
            rules=[*place.settings.rules(), *Rules(connection).all()],
            portal=place.settings.as_portal(LIVE_PATHS),
            sites=place.settings.sites(),
            today=today_in_vietnam(),
        )


def _print(findings: list[Finding], limit: int) -> None:
    """Print the first findings of each code, and then how many of each there are."""
    told: Counter[str] = Counter()
    for finding in findings:
        told[finding.code] += 1
        if limit and told[finding.code] > limit:
            continue
        out.print(
            f"{finding.level} {finding.code} {finding.where}: {finding.message}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    for code, count in told.items():
        shown = f", {limit} shown" if limit and count > limit else ""
        out.print(f"{count} {code}{shown}", markup=False, highlight=False)
