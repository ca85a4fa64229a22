"""Verbs of traffic: import access logs, and report how ready each old portal is."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from catalogue.database import Database
from catalogue.misses import MissCount, Misses
from catalogue.tally import Tally
from catalogue.visits import LogMark, Visits
from gateway.cli.output import complain, out, print_json
from gateway.cli.redirecting import present_resolver
from gateway.cli.workplace import Workplace, now
from gateway.readiness import Readiness, weigh
from gateway.resolving import request_of
from gateway.secret import kept_secret
from gateway.settings.portal import TrafficSettings
from redirects.canonical import split_key
from redirects.mapping import CanonicalUrl
from redirects.resolution import Unresolved
from redirects.resolver import Resolver
from redirects.site import Site
from redirects.traffic.reading import LogReading, LogReport

_CHUNK = 2_000

traffic = typer.Typer(help="Access logs of old servers, and readiness.", no_args_is_help=True)


class ReportFormat(StrEnum):
    """How readiness is printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.add_typer(traffic, name="traffic")


@traffic.command("import")
def import_logs(
    context: typer.Context,
    site: str,
    logs: Annotated[list[Path], typer.Argument(help="Access logs, packed or not.")],
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count and keep nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Count the visits that access logs of one site tell of; a log counts once."""
    place: Workplace = context.obj
    chosen = place.sites([site])[0].as_site()
    secret = secret_of(place.settings.data, keep=not dry_run)
    reports = []
    with place.database(read_only=dry_run) as database, present_resolver(place) as resolver:
        for path in logs:
            report, missed = _import(
                database, path, chosen, secret, resolver, place.settings.traffic, keep=not dry_run
            )
            reports.append((report, missed))
    if json:
        print_json([asdict(report) | {"undecided": missed} for report, missed in reports])
        return
    for report, missed in reports:
        tell(report)
        out.print(f"  undecided addresses: {missed}", highlight=False)


def _import(  # noqa: PLR0917 - what one log is read with, named at its only call
    database: Database,
    path: Path,
    site: Site,
    secret: bytes,
    resolver: Resolver,
    settings: TrafficSettings,
    *,
    keep: bool,
) -> tuple[LogReport, int]:
    """Add one log in one transaction; return its report and the undecided addresses it named."""
    with database.reading() as connection:
        known = [(mark.length, mark.digest) for mark in Visits(connection).marks(site.name)]
    with Tally() as tally:
        reading = LogReading(path, settings.sieve(), known=known, on_known=tally.clear)
        newest = date.min
        for key, asked in reading.visits(site, secret):
            tally.add(key, asked.on)
            newest = max(newest, asked.on)
        report = reading.report
        undecided = (
            (key, visits) for key, visits in tally.addresses() if _is_undecided(key, resolver)
        )
        if not keep:
            return report, sum(1 for _ in undecided)
        missed = 0
        with database.writing() as connection:
            Visits(connection).add(site.name, tally.months())
            for chunk in _chunks(undecided):
                missed += len(chunk)
                Misses(connection).add(
                    MissCount(site.name, key, f"http://{key}", visits, newest)
                    for key, visits in chunk
                )
            mark = LogMark(report.length, report.digest)
            Visits(connection).mark(site.name, mark, visits=report.visits, now=now())
    return report, missed


def _is_undecided(key: CanonicalUrl, resolver: Resolver) -> bool:
    """The bare host is nobody's decision: it gets a page of its own."""
    if split_key(key)[1] == "/":
        return False
    return isinstance(resolver.resolve(request_of(f"http://{key}")), Unresolved)


def _chunks(
    pairs: Iterable[tuple[CanonicalUrl, int]],
) -> Iterable[list[tuple[CanonicalUrl, int]]]:
    chunk = []
    for pair in pairs:
        chunk.append(pair)
        if len(chunk) >= _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def secret_of(data: Path, *, keep: bool) -> bytes:
    """Return the key that hides codes of citizens' files."""
    return kept_secret(data / "traffic.key", keep=keep)


def tell(report: LogReport) -> None:
    """Print what became of the lines of a log."""
    form = report.form.value if report.form else "empty"
    out.print(
        f"{report.name}: {form}, {report.lines} lines, {report.visits} visits",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    for rule, count in report.dropped.most_common():
        out.print(f"  dropped: {rule} {count}", markup=False, highlight=False)
    if report.unreadable:
        complain(f"{report.name}: {report.unreadable} lines could not be read")
        for line, why in report.shown:
            complain(f"{report.name}:{line}: {why}")
    if report.torn:
        complain(f"{report.name}: the last line is torn; it is read once the log has grown")


@traffic.command("report")
def report_readiness(
    context: typer.Context,
    site: Annotated[str | None, typer.Argument(help="One site; all if none.")] = None,
    *,
    form: Annotated[ReportFormat, typer.Option("--format")] = ReportFormat.TABLE,
    limit: Annotated[int, typer.Option(help="Undecided addresses shown.", min=0)] = 20,
) -> None:
    """Say how much of the traffic has a decision, and which undecided addresses to decide first."""
    place: Workplace = context.obj
    limits = place.settings.traffic
    names = [one.name for one in place.sites([site] if site else [])]
    with (
        place.database(read_only=True) as database,
        present_resolver(place) as resolver,
        database.reading() as connection,
    ):
        visits = Visits(connection)
        found = [weigh(name, visits.addresses(name), resolver, shown=limit) for name in names]
    match form:
        case ReportFormat.JSON:
            print_json([_as_record(one, limits) for one in found])
        case ReportFormat.CSV:
            rows = csv.writer(sys.stdout)
            rows.writerow(("site", "address", "visits"))
            rows.writerows((one.site, *pair) for one in found for pair in one.undecided)
        case ReportFormat.TABLE:
            for one in found:
                _print(one, limits)


def _as_record(one: Readiness, limits: TrafficSettings) -> dict[str, object]:
    return asdict(one) | {
        "visit_share": one.visit_share,
        "top_share": one.top_share,
        "go": one.is_go(limits),
    }


def _print(one: Readiness, limits: TrafficSettings) -> None:
    verdict = "GO" if one.is_go(limits) else "NO GO"
    lines = [
        f"{one.site}: {verdict}",
        f"  visits decided     {one.decided_visits} of {one.visits} ({one.visit_share:.1%})",
        f"  top {one.top} decided  {one.decided_top} ({one.top_share:.1%})",
        f"  addresses decided  {one.decided_addresses} of {one.addresses}",
        *(f"  {visits:>10}  {key}" for key, visits in one.undecided),
    ]
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)
