"""The verb `redirects suggest`: what undecided addresses may have become; accepting the sure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.table import Column, Table
from sqlalchemy import Connection

from catalogue.accepting import Offer, accept, acceptable, offers, undecided
from catalogue.documents import Documents
from catalogue.evidence import document_of
from catalogue.search.engine import SearchEngine, SearchError
from catalogue.search.engines import open_index
from gateway.cli.output import out, print_json
from gateway.cli.workplace import Workplace, now

_EDITOR = "hopnhat redirects suggest"
_SHOWN = 20
_EVERY = 1_000_000


def suggest(
    context: typer.Context,
    *,
    limit: Annotated[
        int | None,
        typer.Option(min=1, help="So many addresses, most visited first; 20, or all to accept."),
    ] = None,
    site: Annotated[str | None, typer.Option(help="Only addresses of this site.")] = None,
    accept_above: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Make decisions of all suggestions this sure, as one batch; not below "
            "suggest.accept_above of the settings.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be accepted; change nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Suggest a page for each of the most visited addresses nobody has decided."""
    place: Workplace = context.obj
    least = place.settings.suggest.accept_above
    if accept_above is not None and accept_above < least:
        raise typer.BadParameter(f"{accept_above} is below suggest.accept_above = {least}")
    if accept_above is None:
        _show(place, site, limit or _SHOWN, json=json)
    else:
        _accept(place, site, limit or _EVERY, least=accept_above, dry_run=dry_run, json=json)


def _show(place: Workplace, site: str | None, limit: int, *, json: bool) -> None:
    with (
        place.database(read_only=True) as database,
        database.reading() as connection,
        _engine(place) as engine,
    ):
        found = _offers(connection, engine, site, limit)
        _print(connection, found, json=json)


def _accept(
    place: Workplace, site: str | None, limit: int, *, least: float, dry_run: bool, json: bool
) -> None:
    """Look first, then write: the write lock is held for the writing alone."""
    with place.database(read_only=dry_run) as database:
        with database.reading() as connection, _engine(place) as engine:
            offered = _offers(connection, engine, site, limit)
            sure = acceptable(connection, offered, least=least)
            if dry_run or json:
                _print(connection, sure, json=json)
        if sure and not dry_run:
            with database.writing() as connection:
                still = acceptable(connection, sure, least=least)
                batch = accept(connection, still, editor=_EDITOR, now=now())
            if not json:
                out.print(f"batch {batch.id}: {batch.size} accepted", markup=False)
    if not json:
        out.print(f"{len(sure)} of {len(offered)} undecided addresses are at {least} or above")


def _offers(
    connection: Connection, engine: SearchEngine | None, site: str | None, limit: int
) -> list[Offer]:
    return offers(connection, undecided(connection, site, limit), engine)


@contextmanager
def _engine(place: Workplace) -> Iterator[SearchEngine | None]:
    """Open the search index; suggestions do without where there is none."""
    try:
        engine = open_index(place.settings.search.engine, place.settings.index_directory)
    except SearchError:
        yield None
        return
    try:
        yield engine
    finally:
        engine.close()


def _print(connection: Connection, offered: Sequence[Offer], *, json: bool) -> None:
    paths = _paths(connection, offered)
    if json:
        print_json([_record(one, paths) for one in offered])
        return
    address = Column("old address", overflow="fold")
    table = Table("visits", address, "suggestion", "score", "because of")
    for one in offered:
        if best := one.best:
            where = paths.get(best.candidate.target, best.candidate.target)
            reasons = ", ".join(best.reasons)
            table.add_row(str(one.miss.visits), one.miss.raw, where, f"{best.score:.2f}", reasons)
    out.print(table)


def _record(one: Offer, paths: dict[str, str]) -> dict[str, Any]:
    return {
        "old_url": one.miss.raw,
        "key": one.miss.key,
        "visits": one.miss.visits,
        "suggestions": [
            {
                "target": each.candidate.target,
                "path": paths.get(each.candidate.target),
                "title": each.candidate.title,
                "score": round(each.score, 4),
                "reasons": list(each.reasons),
            }
            for each in one.suggestions
        ],
    }


def _paths(connection: Connection, offered: Sequence[Offer]) -> dict[str, str]:
    targets = {each.candidate.target for one in offered for each in one.suggestions}
    ids = [each for target in sorted(targets) if (each := document_of(target)) is not None]
    return {f"doc:{one.id}": one.path for one in Documents(connection).by_ids(ids)}
