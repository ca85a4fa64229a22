"""The verb that gives a site's addresses new keys after the settings that make them changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from catalogue.rekeying import Rekeying, rekey
from catalogue.sites import Sites
from gateway.cli.output import out, print_json
from gateway.cli.workplace import Workplace, now

_TOLD = 100


def rekey_sites(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="SITE…", help="All if none.")] = None,
    *,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, change nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Make the keys of mappings and misses anew, as the settings have it; say what collides."""
    place: Workplace = context.obj
    sites = [one.as_site() for one in place.sites(names or [])]
    with place.database() as database, database.writing() as connection:
        if not dry_run:
            for site in sites:
                Sites(connection).keep(site)
        done = [rekey(connection, site, now=now(), dry_run=dry_run) for site in sites]
    if json:
        print_json([asdict(one) for one in done])
        return
    for one in done:
        for line in _lines(one, dry_run=dry_run):
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _lines(done: Rekeying, *, dry_run: bool) -> list[str]:
    counts = ", ".join(f"{count} {name}" for name, count in done.changed.items() if count)
    verb = "would change" if dry_run else "changed"
    lines = [f"{done.site}: {verb} {counts or 'nothing'}; {len(done.collisions)} collisions"]
    for found in done.collisions[:_TOLD]:
        which = "which decides otherwise" if found.differ else "which decides the same"
        lines.append(f"  {found.key}: {found.kept} stands before {found.put_by}, {which}")
    if len(done.collisions) > _TOLD:
        lines.append(f"  … {len(done.collisions)} in all, {_TOLD} shown")
    if done.batch is not None:
        lines.append(f"  batch {done.batch.id}")
    return lines
