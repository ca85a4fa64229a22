"""The verb that takes decisions in: from spreadsheets, programs and other web servers' files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from catalogue import decisions
from catalogue.mappings import Mappings
from catalogue.rules import Rules
from gateway.cli.output import complain, out
from gateway.cli.workplace import Workplace, now
from gateway.site.paths import LIVE_PATHS
from redirects.canonical import split_key
from redirects.formats.apache_directives import read_apache
from redirects.formats.json_lines import read_json_lines
from redirects.formats.nginx_directives import read_nginx
from redirects.formats.reading import Reading
from redirects.formats.redirects_list import read_redirects_list
from redirects.formats.rows import RowError
from redirects.formats.table import read_table
from redirects.formats.wordpress import read_wordpress
from redirects.formats.workbook import read_workbook
from redirects.mapping import Mapping
from redirects.sites import Sites

_EDITOR = "hopnhat redirects import"  # whom the audit names


class ImportFormat(StrEnum):
    """What decisions can be read from."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    NETLIFY = "netlify"
    NGINX = "nginx"
    APACHE = "apache"
    WORDPRESS = "wordpress"


_BY_SUFFIX = {
    ".xlsx": ImportFormat.XLSX,
    ".xls": ImportFormat.XLSX,
    ".ods": ImportFormat.XLSX,
    ".json": ImportFormat.JSON,
    ".jsonl": ImportFormat.JSON,
    ".ndjson": ImportFormat.JSON,
    ".conf": ImportFormat.NGINX,
}
_BY_NAME = {"_redirects": ImportFormat.NETLIFY, ".htaccess": ImportFormat.APACHE}
_LINES: dict[ImportFormat, Callable[[bytes, Reading], None]] = {
    ImportFormat.JSON: read_json_lines,
    ImportFormat.NETLIFY: read_redirects_list,
    ImportFormat.NGINX: read_nginx,
    ImportFormat.APACHE: read_apache,
    ImportFormat.WORDPRESS: read_wordpress,
}


def import_table(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    *,
    form: Annotated[
        ImportFormat | None, typer.Option("--format", help="By the file's name when none.")
    ] = None,
    site: Annotated[
        str | None, typer.Option(help="Whose file it is: the owner of paths without a host.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, change nothing.")] = False,
    skip_bad_rows: Annotated[bool, typer.Option(help="Import the good rows all the same.")] = False,
) -> None:
    """Import mappings and rules: all rows in one transaction, or none when one is wrong."""
    place: Workplace = context.obj
    reading = _reading(place, site)
    _read(file, form or _format_of(file), reading)
    for row in reading.errors:
        complain(_row_line(file, row))
    if reading.errors and not skip_bad_rows:
        complain(f"{file}: nothing was imported; --skip-bad-rows takes the other rows")
        raise typer.Exit(1)
    with place.database() as database:
        with database.reading() as connection:
            changes = Counter(_change(Mappings(connection), one) for one in reading.mappings)
        if not dry_run:
            with database.writing() as connection:
                batch = decisions.import_mappings(
                    connection, _placed(reading), editor=_EDITOR, now=now()
                )
                for rule in reading.rules:
                    Rules(connection).put(rule)
            out.print(f"batch {batch.id}", markup=False)
    counts = {name: changes[name] for name in ("new", "changed", "same")}
    counts |= {"rules": len(reading.rules)} if reading.rules else {}
    counts |= {"refused": len(reading.errors)}
    out.print(", ".join(f"{count} {name}" for name, count in counts.items()))


def _reading(place: Workplace, site: str | None) -> Reading:
    sites = Sites(place.settings.sites())
    owner = sites.named(site) if site else None
    if site and owner is None:
        known = ", ".join(one.name for one in sites)
        raise typer.BadParameter(f"no site is called {site!r}; known: {known}")
    return Reading(sites, place.settings.as_portal(LIVE_PATHS), owner)


def _format_of(file: Path) -> ImportFormat:
    by_suffix = _BY_SUFFIX.get(file.suffix.lower(), ImportFormat.CSV)
    return _BY_NAME.get(file.name.lower(), by_suffix)


def _read(file: Path, form: ImportFormat, reading: Reading) -> None:
    content = file.read_bytes()
    if form in _LINES:
        _LINES[form](content, reading)
        return
    read = read_workbook if form is ImportFormat.XLSX else read_table
    mappings, wrong = read(content, sites=reading.sites, portal=reading.portal)
    reading.mappings += mappings
    reading.errors += wrong


def _placed(reading: Reading) -> list[tuple[str, Mapping]]:
    return [
        (site.name, one)
        for one in reading.mappings
        if (site := reading.sites.of_host(split_key(one.key)[0]))
    ]


def _row_line(file: Path, row: RowError) -> str:
    return f"{file}:{row.line}: {row.column} = {row.value!r}: {row.message}"


def _change(known: Mappings, mapping: Mapping) -> str:
    stored = known.find(mapping.key)
    if stored is None:
        return "new"
    return "same" if stored.mapping == mapping and stored.state == "active" else "changed"
