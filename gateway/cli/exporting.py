"""The verb that hands decisions to spreadsheets, programs and other web servers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from catalogue.mappings import Mappings
from catalogue.rules import Rules
from gateway.cli.output import complain
from gateway.cli.workplace import Workplace
from gateway.publishing import Locations, ground_of, sites_in
from redirects.finding import Finding
from redirects.formats.answers import Export
from redirects.formats.apache import write_apache
from redirects.formats.caddy import write_caddy
from redirects.formats.haproxy import write_haproxy
from redirects.formats.json_lines import write_json_lines
from redirects.formats.netlify import write_netlify
from redirects.formats.nginx import write_nginx
from redirects.formats.table import write_table
from redirects.mapping import Mapping


class ExportFormat(StrEnum):
    """What decisions can be written as."""

    CSV = "csv"
    JSON = "json"
    NGINX = "nginx"
    APACHE = "apache"
    CADDY = "caddy"
    HAPROXY = "haproxy"
    NETLIFY = "netlify"


_TABLES: dict[ExportFormat, Callable[[Iterable[Mapping]], bytes]] = {
    ExportFormat.CSV: write_table,
    ExportFormat.JSON: write_json_lines,
}
_SERVERS: dict[ExportFormat, Callable[..., Export]] = {
    ExportFormat.NGINX: write_nginx,
    ExportFormat.APACHE: write_apache,
    ExportFormat.CADDY: write_caddy,
    ExportFormat.HAPROXY: write_haproxy,
    ExportFormat.NETLIFY: write_netlify,
}
_JSON_NAMES = (".json", ".jsonl", ".ndjson")


def export_table(
    context: typer.Context,
    path: Annotated[
        Path | None,
        typer.Argument(help="A file for csv and json, else a directory; standard output if none."),
    ] = None,
    *,
    form: Annotated[
        ExportFormat | None, typer.Option("--format", help="By the file's name when none.")
    ] = None,
) -> None:
    """Export every active mapping as a table, or as another web server's own files."""
    form = form or _by_name(path)
    if form in _TABLES:
        _export_table(context.obj, _TABLES[form], path)
    else:
        _export_server(context.obj, _SERVERS[form], path)


def _by_name(path: Path | None) -> ExportFormat:
    named = path is not None and path.suffix.lower() in _JSON_NAMES
    return ExportFormat.JSON if named else ExportFormat.CSV


def _export_table(
    place: Workplace, write: Callable[[Iterable[Mapping]], bytes], path: Path | None
) -> None:
    with place.database(read_only=True) as database, database.reading() as connection:
        content = write(Mappings(connection).active())
    if path is None:
        sys.stdout.buffer.write(content)
    else:
        path.write_bytes(content)


def _export_server(place: Workplace, write: Callable[..., Export], path: Path | None) -> None:
    ground = ground_of(place.settings)
    with place.database(read_only=True) as database, database.reading() as connection:
        written = write(
            Mappings(connection).active(),
            portal=ground.portal,
            sites=list(sites_in(connection, ground)),
            locate=Locations(connection).locate,
        )
        rules = [*ground.rules, *Rules(connection).all()]
    for finding in (*written.findings, *(_unsaid(rule.name) for rule in rules)):
        complain(f"{finding.level} {finding.code} {finding.where}: {finding.message}")
    _keep(written.files, path)


def _unsaid(rule: str) -> Finding:
    return Finding("warning", "not-exported", "Quy tắc không được xuất.", rule)


def _keep(files: dict[str, bytes], path: Path | None) -> None:
    if path is None:
        if len(files) > 1:
            names = ", ".join(files)
            raise typer.BadParameter(
                f"this format is {len(files)} files ({names}): name a directory"
            )
        sys.stdout.buffer.write(b"".join(files.values()))
        return
    if path.is_file():
        raise typer.BadParameter(f"{path} is a file: this format wants a directory")
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (path / name).write_bytes(content)
