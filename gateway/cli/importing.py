"""The verb that takes decisions in: from spreadsheets, programs and other web servers' files."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from catalogue.intake import Conflict, Judgement, Verdict
from gateway.cli.output import complain, out, print_json
from gateway.cli.workplace import Workplace, now
from gateway.importing import ImportFormat, ReadFile, read_file, take_files, try_files
from gateway.site.paths import LIVE_PATHS
from redirects.formats.decoding import Charset
from redirects.formats.reading import Reading
from redirects.sites import Sites

_EDITOR = "hopnhat redirects import"  # whom the audit names
_TOLD = 100
"""So many problems of one kind are printed, and then how many there are."""


class Separator(StrEnum):
    """What parts the cells of a table, by a name that a shell does not eat."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"
    PIPE = "pipe"


_SEPARATORS = {
    Separator.COMMA: ",",
    Separator.SEMICOLON: ";",
    Separator.TAB: "\t",
    Separator.PIPE: "|",
}
_NAMES = {character: name for name, character in _SEPARATORS.items()}

Files = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)]
Form = Annotated[
    ImportFormat | None, typer.Option("--format", help="By the file's name when none.")
]
Owner = Annotated[
    str | None, typer.Option("--site", help="Whose file it is: the owner of paths without a host.")
]
Encoding = Annotated[
    Charset | None, typer.Option("--encoding", help="What the file is written in; else detected.")
]
Parted = Annotated[
    Separator | None, typer.Option("--separator", help="What parts the cells; else detected.")
]


def import_table(
    context: typer.Context,
    files: Files,
    *,
    form: Form = None,
    site: Owner = None,
    encoding: Encoding = None,
    separator: Parted = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, change nothing.")] = False,
    skip_bad_rows: Annotated[bool, typer.Option(help="Import the good rows all the same.")] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite/--keep", help="Replace what editors have decided, or not.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Import mappings and rules: all rows in one transaction, or none when one is refused."""
    place: Workplace = context.obj
    read = read_files(place, files, form=form, site=site, encoding=encoding, separator=separator)
    refused = sum(len(one.reading.errors) for one in read)
    complain_capped([line for one in read for line in _refusals(one)])
    stops = bool(refused) and not skip_bad_rows
    with place.database() as database:
        batch = None
        if dry_run or stops:
            with database.reading() as connection:
                judgement = try_files(connection, read, overwrite=overwrite)
        else:
            with database.writing() as connection:
                done = take_files(connection, read, overwrite=overwrite, editor=_EDITOR, now=now())
            judgement, batch = done.judgement, done.batch
    complain_capped([_conflict(one) for one in judgement.conflicts])
    complain_capped(
        [
            f"rule {one.rule.name}: {_decided(taken=one.taken)}, another of that name stands"
            for one in judgement.rule_conflicts
        ]
    )
    counts = _counts(judgement, refused)
    if json:
        print_json({"files": [_found(one) for one in read], **counts, "batch": batch and batch.id})
    else:
        for one in read:
            out.print(_said(one), markup=False, highlight=False, soft_wrap=True)
        if batch is not None:
            out.print(f"batch {batch.id}", markup=False)
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        out.print(told, highlight=False, soft_wrap=True)
    if stops:
        complain("nothing was imported; --skip-bad-rows takes the other rows")
        raise typer.Exit(1)


def read_files(
    place: Workplace,
    files: list[Path],
    *,
    form: ImportFormat | None,
    site: str | None,
    encoding: Charset | None,
    separator: Separator | None,
) -> list[ReadFile]:
    """Read files by the settings' sites, each into a reading of its own."""
    sites = Sites(place.settings.sites())
    portal = place.settings.as_portal(LIVE_PATHS)
    owner = sites.named(site) if site else None
    if site and owner is None:
        known = ", ".join(one.name for one in sites)
        raise typer.BadParameter(f"no site is called {site!r}; known: {known}")
    parted = None if separator is None else _SEPARATORS[separator]

    def read(path: Path) -> ReadFile:
        reading = Reading(sites, portal, owner, encoding, parted)
        return read_file(str(path), path.read_bytes(), reading, form)

    return [read(path) for path in files]


def complain_capped(lines: list[str]) -> None:
    """Print problems, the first hundred of them, and how many there are."""
    for line in lines[:_TOLD]:
        complain(line)
    if len(lines) > _TOLD:
        complain(f"… {len(lines)} in all, {_TOLD} shown")


def _refusals(file: ReadFile) -> list[str]:
    return [
        f"{file.name}:{row.line}: {row.column} = {row.value!r}: {row.message}"
        for row in file.reading.errors
    ]


def _conflict(conflict: Conflict) -> str:
    row = conflict.row
    begins = f"{row.file}:{row.line}: {row.mapping.raw}: {_decided(taken=conflict.taken)}, "
    if conflict.earlier is not None:
        return f"{begins}{conflict.earlier.file}:{conflict.earlier.line} decides otherwise"
    return f"{begins}an editor's decision stands"


def _decided(*, taken: bool) -> str:
    return "overwrites" if taken else "not taken"


def _counts(judgement: Judgement, refused: int) -> dict[str, int]:
    counts = {verdict.value: judgement.counts[verdict] for verdict in Verdict}
    if judgement.rule_counts:
        counts |= {f"rules {one.value}": judgement.rule_counts[one] for one in Verdict}
    return counts | {"refused": refused}


def _found(file: ReadFile) -> dict[str, str | int | None]:
    reading = file.reading
    return {
        "file": file.name,
        "format": file.form.value,
        "encoding": reading.charset,
        "separator": _NAMES[reading.separator] if reading.separator else None,
        "refused": len(reading.errors),
    }


def _said(file: ReadFile) -> str:
    found = _found(file)
    separator = f", parted by {found['separator']}" if found["separator"] else ""
    encoding = f", {found['encoding']}" if found["encoding"] else ""
    return f"{file.name}: {found['format']}{encoding}{separator}"
