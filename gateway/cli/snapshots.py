"""Verbs of snapshots: list them, say what one changes, and what caches must drop."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer
from sqlalchemy import Connection

from catalogue.audit import Audit
from catalogue.mappings import Mappings
from catalogue.tally import Tally
from catalogue.visits import Visits
from gateway.cli.output import out, print_json
from gateway.cli.traffic import secret_of
from gateway.cli.workplace import Workplace
from gateway.publishing import snapshots_on_disk
from gateway.resolving import request_of
from redirects.mapping import CanonicalUrl
from redirects.resolution import Moved, Resolution
from redirects.resolver import describe
from redirects.site import Site
from redirects.snapshot import Snapshot, SnapshotError, open_snapshot
from redirects.traffic.reading import LogReading

_PAGE = 2_000
_AS_WRITTEN = "%/:?#[]@!$&'()*+,;=~-._"

snapshot = typer.Typer(help="Compiled revisions: list, diff, purge.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this module's verbs."""
    app.add_typer(snapshot, name="snapshot")


@dataclass(frozen=True, slots=True)
class Changed:
    """An address that two snapshots answer differently."""

    address: str
    visits: int
    before: str
    after: str
    kind: str


@dataclass(slots=True)
class Difference:
    """How many addresses two snapshots answer differently, and the most visited `most` of them."""

    most: int
    addresses: int = 0
    visits: int = 0
    changed: int = 0
    changed_visits: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    changes: list[Changed] = field(default_factory=list)

    def count(self, times: int, change: Changed | None) -> None:
        """Count the next address; they come most visited first."""
        self.addresses += 1
        self.visits += times
        if change is None:
            return
        self.changed += 1
        self.changed_visits += times
        self.kinds[change.kind] = self.kinds.get(change.kind, 0) + 1
        if len(self.changes) < self.most:
            self.changes.append(change)


@snapshot.command("list")
def list_snapshots(
    context: typer.Context,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """List the snapshots at hand, the newest first."""
    place: Workplace = context.obj
    rows = []
    for path in snapshots_on_disk(place.settings.snapshot_directory):
        with suppress(SnapshotError), _opened(place, str(path)) as one:
            entries = one.manifest.entries
            rows.append(
                {"file": path.name, "revision": one.revision, "id": one.id, "entries": entries}
            )
    if json:
        print_json(rows)
        return
    for row in rows:
        _print("  ".join(str(value) for value in row.values()))


@snapshot.command("diff")
def diff(
    context: typer.Context,
    before: str,
    after: str,
    *,
    traffic: Annotated[
        list[Path] | None,
        typer.Option("--traffic", help="Access logs; the imported visits where none is named."),
    ] = None,
    site: Annotated[str | None, typer.Option(help="Whose logs, where they name no host.")] = None,
    limit: Annotated[
        int, typer.Option(help="Changes told, most visited first; all are counted.", min=0)
    ] = 50,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON value.")] = False,
) -> None:
    """Say how many answers of real visitors' addresses change between two snapshots, and which."""
    place: Workplace = context.obj
    found = Difference(limit)
    with _opened(place, before) as old, _opened(place, after) as new, Tally() as tally:
        _count(place, tally, traffic or [], site)
        for key, times in tally.addresses():
            found.count(times, _change(key, times, old, new))
    if json:
        print_json(asdict(found))
        return
    _print(
        f"{found.changed} of {found.addresses} addresses change, "
        f"{found.changed_visits} of {found.visits} visits"
    )
    for kind, count in sorted(found.kinds.items(), key=lambda pair: -pair[1]):
        _print(f"  {count:>8}  {kind}")
    for change in found.changes:
        _print(f"{change.visits:>8}  {change.address}\n          {change.before} → {change.after}")
    if found.changed > len(found.changes):
        _print(f"          … {found.changed - len(found.changes)} more; --limit shows them")


@snapshot.command("purge")
def purge(context: typer.Context, before: str, after: str) -> None:
    """Print each address whose answer changed, one a line, for a cache to drop.

    Asked are the addresses of all mappings, those there are and those there were, and of all
    imported visits, on each host of their site that has a name; those that only a pattern stands
    for are for the cache to know.
    """
    place: Workplace = context.obj
    with (
        _opened(place, before) as old,
        _opened(place, after) as new,
        Tally() as tally,
        Tally() as changed,
        place.database(read_only=True) as database,
        database.reading() as connection,
    ):
        hosts = _names_of((*old.manifest.sites, *new.manifest.sites))
        _count_visits(place, connection, tally)
        for key, raw in _decided(connection):
            tally.add(key, date.min, 0)
            if _change(key, 0, old, new):
                changed.add(CanonicalUrl(quote(raw, safe=_AS_WRITTEN)), date.min, 0)
        for key, _ in tally.addresses():
            if _change(key, 0, old, new):
                host, slash, rest = key.partition("/")
                for name in hosts.get(host, (host,)):
                    address = quote(f"http://{name}{slash}{rest}", safe=_AS_WRITTEN)
                    changed.add(CanonicalUrl(address), date.min, 0)
        for address, _ in changed.addresses():
            _print(address)


def _names_of(sites: Iterable[Site]) -> dict[str, list[str]]:
    """Give the host names of each site by its main host, without the patterns among them."""
    return {site.host: [name for name in site.hosts if not name.startswith("*.")] for site in sites}


def _decided(connection: Connection) -> Iterator[tuple[CanonicalUrl, str]]:
    """Give every address that has a mapping, and every one that an undo took it from."""
    last = 0
    while page := Mappings(connection).listing(after=last, limit=_PAGE):
        last = page[-1].id
        yield from ((one.mapping.key, one.mapping.raw) for one in page)
    for state in Audit(connection).states("mapping"):
        yield CanonicalUrl(state["key"]), state["raw"]


@contextmanager
def _opened(place: Workplace, name: str) -> Iterator[Snapshot]:
    """Open a snapshot by its file, its revision or the beginning of its id."""
    path = Path(name)
    if not path.is_file():
        path = next(iter(_found(place, name)), path)
    one = open_snapshot(path)
    try:
        yield one
    finally:
        one.close()


def _found(place: Workplace, name: str) -> Iterator[Path]:
    for path in snapshots_on_disk(place.settings.snapshot_directory):
        with suppress(SnapshotError), closing(open_snapshot(path)) as one:
            if name in {str(one.revision), path.name} or one.id.startswith(name):
                yield path


def _count(place: Workplace, tally: Tally, logs: list[Path], site: str | None) -> None:
    """Count the visits of logs, or else those that were imported."""
    if not logs:
        with place.database(read_only=True) as database, database.reading() as connection:
            _count_visits(place, connection, tally)
        return
    chosen = place.sites([site] if site else [])
    if len(chosen) > 1:
        raise typer.BadParameter("say with --site whose logs they are")
    secret = secret_of(place.settings.data, keep=False)
    for path in logs:
        reading = LogReading(path, place.settings.traffic.sieve())
        for key, asked in reading.visits(chosen[0].as_site(), secret):
            tally.add(key, asked.on)


def _count_visits(place: Workplace, connection: Connection, tally: Tally) -> None:
    for one in place.sites([]):
        for key, times in Visits(connection).addresses(one.name):
            tally.add(key, date.min, times)


def _change(key: CanonicalUrl, times: int, old: Snapshot, new: Snapshot) -> Changed | None:
    request = request_of(f"http://{key}")
    before, after = old.resolver().resolve(request), new.resolver().resolve(request)
    if _without_age(before) == _without_age(after):
        return None
    kind = f"{_kind(before)} → {_kind(after)}"
    return Changed(key, times, describe(before), describe(after), kind)


def _without_age(resolution: Resolution) -> object:
    """The day of a decision is not the visitor's answer."""
    if isinstance(resolution, Moved):
        return resolution.status, resolution.location
    return resolution


def _kind(resolution: Resolution) -> str:
    return type(resolution).__name__.lower()


def _print(line: str) -> None:
    out.print(line, markup=False, highlight=False, soft_wrap=True)
