"""Verbs that bring old portals in and account for them: crawl, reread, index, status, verify."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import anyio
import typer
from rich import progress as bars
from rich.table import Table
from sqlalchemy import Connection

from catalogue import indexing
from catalogue.archive import Archive
from catalogue.database import Database, current_revision
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.mappings import Mappings
from catalogue.misses import Misses
from catalogue.search.engines import rebuild_index
from catalogue.sites import Sites
from crawler import crawl as crawling
from crawler.ledger import Loss, account, losses
from crawler.progress import Progress
from crawler.verifying import verify as verify_catalogue
from gateway.cli.output import complain, out, print_json
from gateway.cli.plans import plan_of
from gateway.cli.workplace import Workplace, now
from gateway.settings.sites import SiteSettings

_LOSSES_SHOWN = 5  # addresses named after a crawl; the ledger has them all

SiteNames = Annotated[list[str] | None, typer.Argument(help="Sites by name; all when none.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value for programs.")]


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.command()(crawl)
    app.command()(reread)
    app.command()(index)
    app.command()(status)
    app.command()(verify)


def crawl(
    context: typer.Context,
    sites: SiteNames = None,
    *,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many fetches.")] = None,
    fetch_only: Annotated[bool, typer.Option(help="Fill the archive; read it later.")] = False,
) -> None:
    """Crawl old portals into the archive, resuming where it stopped, and read what is new."""
    place: Workplace = context.obj
    chosen = place.sites(sites or [])
    place.migrate()
    with place.database() as database:
        archive = place.archive()
        complete = fetch_sites(database, archive, chosen, limit=limit)
        if not fetch_only:
            read_sites(database, archive, unread(database, chosen))
    if not fetch_only:
        bring_index_up_to_date(place)
    if not complete:
        raise typer.Exit(1)


def reread(context: typer.Context, sites: SiteNames = None) -> None:
    """Read the archive again into documents and suggested mappings; no network."""
    place: Workplace = context.obj
    chosen = place.sites(sites or [])
    with place.database() as database:
        read_sites(database, place.archive(), chosen)
    bring_index_up_to_date(place)


def fetch_sites(
    database: Database, archive: Archive, sites: list[SiteSettings], *, limit: int | None = None
) -> bool:
    """Crawl the sites side by side under one progress display; True when all ended complete."""
    reports: dict[str, crawling.CrawlReport] = {}

    async def crawl_all() -> None:
        async with anyio.create_task_group() as tasks:
            for site in sites:
                tasks.start_soon(crawl_one, site)

    async def crawl_one(site: SiteSettings) -> None:
        task = display.add_task(site.name, total=None)

        def draw(seen: Progress) -> None:
            display.update(task, completed=seen.discovered - seen.pending, total=seen.discovered)

        report = await crawling.crawl(
            plan_of(site), database, archive, limit=limit, now=now, progress=draw
        )
        reports[site.name] = report
        display.update(task, completed=report.discovered - report.pending, total=report.discovered)

    with _progress() as display:
        anyio.run(crawl_all)
    _print_ledger(database, sites)
    stopped = {name: report.stopped for name, report in reports.items() if report.stopped}
    for name, reason in stopped.items():
        complain(f"{name}: stopped with {reports[name].pending} addresses pending: {reason}")
    return not stopped


def _print_ledger(database: Database, sites: list[SiteSettings]) -> None:
    """One row a site: where its addresses stand, so that nothing is lost in silence."""
    table = Table("site", "addresses", "where they stand", title="ledger")
    with database.reading() as connection:
        for site in sites:
            states = _states(connection, site.name)
            words = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
            table.add_row(site.name, str(sum(states.values())), words)
            for loss in losses(connection, site.name, _LOSSES_SHOWN):
                complain(f"{site.name}: {loss.state} {loss.url}: {loss.reason}{_linked(loss)}")
            if _is_shut(states):
                complain(f"{site.name}: robots.txt forbids all of it (setting obey_robots)")
    out.print(table)


def _linked(loss: Loss) -> str:
    return f" (linked from {loss.referrer})" if loss.referrer else ""


def _is_shut(states: dict[str, int]) -> bool:
    """Say whether robots.txt, itself an address that was asked, keeps us from everything else."""
    asked = sum(states.values()) - states.get("robots", 0) - states.get("excluded", 0)
    return "robots" in states and asked <= 1


def unread(database: Database, sites: list[SiteSettings]) -> list[SiteSettings]:
    """Return the sites with captures that were not read yet."""
    with database.reading() as connection:
        return [site for site in sites if Sites(connection).has_unread_captures(site.name)]


def read_sites(database: Database, archive: Archive, sites: list[SiteSettings]) -> None:
    """Read each site's captures into documents and suggested mappings."""
    with _progress() as display:
        for site in sites:
            task = display.add_task(f"reading {site.name}", total=None)

            def draw(seen: Progress, task: Any = task) -> None:
                display.update(
                    task, completed=seen.discovered - seen.pending, total=seen.discovered
                )

            crawling.reread(site.as_site(), database, archive, now=now, progress=draw)


def bring_index_up_to_date(place: Workplace) -> int:
    """Index what is due; return how many documents were brought up to date."""
    with place.database() as database, place.search_engine() as engine:
        count = 0
        while done := indexing.bring_up_to_date(database, engine, limit=indexing.AT_ONCE):
            count += done
        return count


def _progress() -> bars.Progress:
    return bars.Progress(
        bars.TextColumn("{task.description:>24}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeElapsedColumn(),
        console=out,
    )


def index(
    context: typer.Context,
    *,
    rebuild: Annotated[bool, typer.Option(help="Throw the index away and make it anew.")] = False,
) -> None:
    """Bring the search index up to date with the catalogue."""
    place: Workplace = context.obj
    if rebuild:
        settings = place.settings
        build = partial(rebuild_index, settings.search.engine, settings.index_directory)
        with place.database() as database:
            count = indexing.rebuild(database, build, since=now())
    else:
        count = bring_index_up_to_date(place)
    out.print(f"{count} documents indexed")


def status(context: typer.Context, *, json: AsJson = False) -> None:
    """Show what the catalogue holds and what awaits whom."""
    place: Workplace = context.obj
    with place.database(read_only=True) as database, database.reading() as connection:
        facets = Documents(connection).facets(DocumentFilter())
        facts: dict[str, Any] = {
            "revision": current_revision(connection),
            "documents": {state.value: count for state, count in facets.states.items()},
            "mappings": {
                state: Mappings(connection).count(state=state)
                for state in ("suggested", "active", "refused")
            },
            "misses": Misses(connection).total(),
            "sites": {site.name: _states(connection, site.name) for site in place.settings.site},
        }
    if json:
        print_json(facts)
        return
    table = Table("what", "how many", title=f"revision {facts['revision']}")
    for name in ("documents", "mappings"):
        for state, count in facts[name].items():
            table.add_row(f"{name}, {state}", str(count))
    table.add_row("misses", str(facts["misses"]))
    for site, states in facts["sites"].items():
        for state, count in states.items():
            table.add_row(f"{site}: addresses {state}", str(count))
    out.print(table)


def _states(connection: Connection, site: str) -> dict[str, int]:
    return {state.value: count for state, count in account(connection, site).states.items()}


def verify(context: typer.Context, *, json: AsJson = False) -> None:
    """Re-read every record and cross-check ledger, archive, catalogue and index."""
    place: Workplace = context.obj
    with place.database(read_only=True) as database, place.search_engine() as engine:
        findings = [
            f"{one.code} {one.where}: {one.message}"
            for one in verify_catalogue(database, place.archive(), engine)
        ]
    if json:
        print_json({"findings": findings})
    for finding in findings:
        complain(finding)
    if findings:
        raise typer.Exit(1)
    if not json:
        out.print("ledger, archive, catalogue and index agree")
