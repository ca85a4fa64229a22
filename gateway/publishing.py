"""From the catalogue to a snapshot: everything the old addresses need, read in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path

from sqlalchemy import Connection, select

from catalogue.database import Database, current_revision
from catalogue.documents import Documents
from catalogue.mappings import Mappings
from catalogue.rekeying import makes_other_keys
from catalogue.rules import Rules
from catalogue.schema import capture, ledger
from catalogue.sites import Sites
from gateway.settings.whole import Settings
from gateway.site.paths import LIVE_PATHS
from redirects.keys import keeps_case
from redirects.manifest import plain
from redirects.mapping import CanonicalUrl, Mapping
from redirects.route import ApiRoute
from redirects.rule import Rule
from redirects.site import KeyPolicy, Portal, Site
from redirects.sites import Sites as SiteList
from redirects.snapshot import SnapshotReport, compile_snapshot

SUFFIX = ".snapshot"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the operator's settings say about old addresses; the rest is the editors'."""

    portal: Portal
    sites: Sequence[Site]
    routes: Sequence[ApiRoute]
    rules: Sequence[Rule]

    @property
    def fingerprint(self) -> str:
        """Return a short name of these settings: a snapshot of other settings is another file."""
        words = [repr(self.portal.url), repr(sorted(self.portal.allowed_targets))]
        words += [repr(self.portal.hosts), repr(self.portal.live)]
        words += [_stable(site) for site in self.sites]
        words += [plain(route) for route in self.routes]
        words += map(repr, self.rules)
        return blake2b("\n".join(words).encode(), digest_size=4).hexdigest()


def ground_of(settings: Settings) -> Ground:
    """Return what the settings say about old addresses."""
    return Ground(
        settings.as_portal(LIVE_PATHS), settings.sites(), settings.routes(), settings.rules()
    )


def publish(database: Database, ground: Ground, *, directory: Path) -> SnapshotReport:
    """Compile the catalogue's present revision into a file of `directory`.

    Raises CatalogueError when the database cannot be read, SiteError or PatternError when what is
    in it cannot be published, OSError when the file cannot be written. A file is there whole or
    not at all.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with database.reading() as connection:
        revision = current_revision(connection)
        return compile_snapshot(
            snapshot_path(directory, revision, ground),
            portal=ground.portal,
            sites=list(sites_in(connection, ground)),
            mappings=_under_todays_keys(connection, ground),
            rules=[*ground.rules, *Rules(connection).all()],
            routes=ground.routes,
            archived=_archived_keys(connection),
            locate=Locations(connection).locate,
            revision=revision,
        )


def snapshot_path(directory: Path, revision: int, ground: Ground) -> Path:
    """Return where the snapshot of one revision under one set of settings lies."""
    return directory / f"{revision:010d}-{ground.fingerprint}{SUFFIX}"


def snapshots_on_disk(directory: Path) -> list[Path]:
    """Return every snapshot file, the newest first."""
    found = list(directory.glob(f"*{SUFFIX}"))
    return sorted(found, key=lambda path: path.stat().st_mtime_ns, reverse=True)


class Locations:
    """Where references lead: documents, sections and units by what they are, not where they were.

    A page that moves again thereby makes no chain of redirects.
    """

    def __init__(self, connection: Connection) -> None:
        self._documents = dict(Documents(connection).locations())

    def locate(self, reference: str) -> str | None:
        """Return the portal's path of "doc:7", "section:tin-tuc" or "unit:11008"; None if none."""
        kind, _, name = reference.partition(":")
        match kind:
            case "doc" if name.isdecimal():
                return self._documents.get(int(name))
            case "section":
                return f"/{name}"
            case "unit":
                return f"/don-vi/{name}"
            case _:
                return None


def sites_in(connection: Connection, ground: Ground) -> Iterator[Site]:
    """Give the settings' sites, then those that only the catalogue still knows."""
    yield from ground.sites
    names = {site.name for site in ground.sites}
    hosts = {host for site in ground.sites for host in site.hosts}
    for site in Sites(connection).all():
        if site.name not in names and hosts.isdisjoint(site.hosts):
            yield site


def _under_todays_keys(connection: Connection, ground: Ground) -> Iterator[Mapping]:
    """Give the active mappings; those of a site whose policy has changed get today's keys.

    The rows themselves are re-keyed by the next command that writes (`hopnhat redirects rekey`);
    visitors need not wait for it.
    """
    kept = {site.name: site for site in Sites(connection).all()}
    changed = [
        site
        for site in ground.sites
        if (known := kept.get(site.name)) is not None and makes_other_keys(known, site)
    ]
    sites = SiteList(changed)
    for mapping in Mappings(connection).active():
        found = sites.key_of(mapping.raw) if changed and not keeps_case(mapping.key) else None
        yield replace(mapping, key=found[1]) if found else mapping


def _archived_keys(connection: Connection) -> Iterable[CanonicalUrl]:
    """Give the addresses whose copy may stand in for them.

    Not the bare host, which gets a page of its own that says where the portal went; nor what only
    ever said "not found", nor what is held for an editor.
    """
    withheld = Documents(connection).withheld_keys()
    hollow = select(ledger.c.key).where(ledger.c.state == "soft_error")
    statement = (
        select(capture.c.key)
        .where(capture.c.status == 200, capture.c.key.not_in(hollow))  # noqa: PLR2004 - a page that was there
        .distinct()
    )
    for key in connection.execute(statement).scalars():
        if key not in withheld and not key.endswith("/"):
            yield CanonicalUrl(key)


def _stable(site: Site) -> str:
    names = [_policy(site.policy), *((one.prefix, _policy(one.policy)) for one in site.below)]
    return repr((site.name, site.title, site.hosts, site.unit, site.cms, site.old_server, names))


def _policy(policy: KeyPolicy) -> tuple[object, ...]:
    query = policy.query
    return query.mode, sorted(query.names), policy.case, sorted(policy.index_files)
