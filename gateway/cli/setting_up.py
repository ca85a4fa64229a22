"""Verbs that set up: init, check, migrate, user."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from catalogue.editors import Editors
from gateway.checking import check as check_settings
from gateway.cli.output import complain, out
from gateway.cli.workplace import Workplace
from gateway.settings.manual import example

user = typer.Typer(help="Editors who may sign in to the console.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(init)
    app.command()(check)
    app.command()(migrate)
    app.add_typer(user, name="user")


def init(
    context: typer.Context,
    *,
    force: Annotated[bool, typer.Option(help="Overwrite a file that is there.")] = False,
) -> None:
    """Write a commented settings file."""
    place: Workplace = context.obj
    if place.path.exists() and not force:
        complain(f"{place.path}: is there already; --force overwrites it")
        raise typer.Exit(1)
    place.path.write_text(example(), encoding="utf-8")
    out.print(f"wrote {place.path}; name your old portals in it, then `hopnhat check`")


def check(context: typer.Context) -> None:
    """Check settings, sites, rules, upstreams and schema, like nginx -t."""
    place: Workplace = context.obj
    findings = check_settings(place.settings, place.path)
    for finding in findings:
        complain(finding)
    if findings:
        raise typer.Exit(1)
    out.print(f"{place.path}: fine")


def migrate(context: typer.Context) -> None:
    """Create the catalogue or bring its schema up to date."""
    place: Workplace = context.obj
    place.migrate()
    out.print(f"{place.settings.database_url}: up to date", markup=False)


@user.command("add")
def add_user(
    context: typer.Context,
    name: str,
    password_file: Annotated[
        Path | None, typer.Option(help="Read the password from this file instead of asking.")
    ] = None,
) -> None:
    """Add an editor, or give one a new password."""
    place: Workplace = context.obj
    if password_file is None:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = password_file.read_text(encoding="utf-8").strip()
    with place.database() as database, database.writing() as connection:
        editors = Editors(connection)
        if any(each.name == name for each in editors.all()):
            editors.set_password(name, password)
        else:
            editors.add(name, password)
    out.print(f"editor {name} may sign in", markup=False)
