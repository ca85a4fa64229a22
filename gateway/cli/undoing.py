"""The verb that takes a batch back: an import, or suggestions that were accepted."""

from __future__ import annotations

from typing import Annotated

import typer

from catalogue.decisions import undo
from gateway.cli.output import out
from gateway.cli.workplace import Workplace, now

_EDITOR = "hopnhat redirects undo"  # whom the audit names


def undo_batch(
    context: typer.Context,
    batch: Annotated[str, typer.Argument(help="As `import` and `suggest` name it.")],
) -> None:
    """Take a batch back: each mapping and rule is again what it was before it."""
    place: Workplace = context.obj
    with place.database() as database, database.writing() as connection:
        done = undo(connection, batch, editor=_EDITOR, now=now())
    left = f", {len(done.left)} left: decided anew since" if done.left else ""
    out.print(f"batch {batch}: {done.size} taken back{left}", markup=False, highlight=False)
