"""`hopnhat check`: everything that can be known wrong before the portal is started."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from catalogue.database import CatalogueError, open_database
from catalogue.mappings import Mappings
from catalogue.migrating import schema_is_current
from catalogue.rekeying import makes_other_keys
from catalogue.sites import Sites as KeptSites
from catalogue.units.hosts import HostTable
from catalogue.units.register import load_register
from gateway.settings import Settings
from gateway.site.paths import LIVE_PATHS
from gateway.toml_lines import line_of
from redirects.calendar import today_in_vietnam
from redirects.dossier import agency_key
from redirects.lint import lint

_OWN_API = "/api/v1/"
_UPSTREAM_PATIENCE = 2.0  # seconds to wait for an upstream to accept a connection


def check(settings: Settings, path: Path) -> list[str]:
    """Return findings, each with file and line where one can be named; empty means fine."""
    text = path.read_text(encoding="utf-8")

    def at(*place: str | int) -> str:
        line = line_of(text, place)
        return f"{path}:{line}" if line else str(path)

    findings = [f"{at('site', where)}: {what}" for where, what in _sites(settings)]
    if findings:
        return findings  # rules and mappings mean nothing while it is not known whose a host is
    findings = [f"{at('rule', where)}: {what}" for where, what in _rules(settings)]
    findings += [f"{at('route', where)}: {what}" for where, what in _upstreams(settings)]
    findings += [f"{at('route', where)}: {what}" for where, what in _shadows(settings)]
    findings += [f"{at('host', where)}: {what}" for where, what in _hosts(settings)]
    findings += [f"{at('office', where)}: {what}" for where, what in _offices(settings)]
    findings += [f"{at('database')}: {what}" for what in _catalogue(settings)]
    return findings


def _sites(settings: Settings) -> Iterator[tuple[int, str]]:
    names = Counter(site.name for site in settings.site)
    owners: dict[str, str] = {}
    for where, site in enumerate(settings.site):
        if names[site.name] > 1:
            yield where, f"two sites are called {site.name}"
        for host in (site.host, *site.aliases):
            if owners.setdefault(host, site.name) != site.name:
                yield where, f"host {host} belongs to {owners[host]} and to {site.name}"


def _rules(settings: Settings) -> Iterator[tuple[int, str]]:
    known = {site.name for site in settings.site}
    places = {(rule.site, rule.name): where for where, rule in enumerate(settings.rule)}
    for where, rule in enumerate(settings.rule):
        if rule.site not in known:
            yield where, f"rule {rule.name}: no site is called {rule.site}"
    findings = lint(
        mappings=(),
        rules=[rule for rule in settings.rules() if rule.site in known],
        portal=settings.as_portal(LIVE_PATHS),
        sites=settings.sites(),
    )
    for finding in findings:
        for (_, name), where in places.items():
            if name in finding.where:
                yield where, finding.message


def _upstreams(settings: Settings) -> Iterator[tuple[int, str]]:
    for where, route in enumerate(settings.route):
        for upstream in route.as_route().upstreams:
            if trouble := _unreachable(upstream.origin):
                yield where, f"route {route.name}: {trouble}"


def _unreachable(origin: str) -> str:
    """Say why no connection can be made; nothing where one can."""
    parts = urlsplit(origin)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), _UPSTREAM_PATIENCE).close()
    except OSError as error:
        return f"{origin} cannot be reached: {error}"
    return ""


def _offices(settings: Settings) -> Iterator[tuple[int, str]]:
    """Offices belong to units of today, and each agency's dossiers lie at one of them."""
    register = load_register()
    holders: dict[str, str] = {}
    for where, office in enumerate(settings.office):
        if register.find(office.unit, today_in_vietnam()) is None:
            yield where, f"office {office.name}: no unit bears the code {office.unit} today"
        for agency in map(agency_key, office.agencies):
            if holders.setdefault(agency, office.name) != office.name:
                yield where, f"office {office.name}: {holders[agency]} holds {agency} already"
        if office.upstream and (trouble := _unreachable(office.upstream)):
            yield where, f"office {office.name}: {trouble}"


def _hosts(settings: Settings) -> Iterator[tuple[int, str]]:
    """A host that speaks for a unit nobody knows would get an empty page."""
    table = HostTable(load_register(), ())
    for where, host in enumerate(settings.host):
        if table.last_bearer(host.unit) is None:
            yield where, f"host {host.name}: no unit ever bore the code {host.unit}"


def _shadows(settings: Settings) -> Iterator[tuple[int, str]]:
    """Routes come first, so one that is too wide takes the portal's own API from its callers."""
    for where, route in enumerate(settings.route):
        is_prefix = route.path.endswith("*") and _OWN_API.startswith(route.path[:-1])
        if is_prefix and not route.query and route.host in settings.portal.hosts:
            yield where, f"route {route.name}: {route.path} takes the portal's own {_OWN_API} too"


def _catalogue(settings: Settings) -> Iterator[str]:
    try:
        database = open_database(settings.database_url, read_only=True)
    except CatalogueError as error:
        yield f"{error}; run `hopnhat migrate`"
        return
    try:
        if not schema_is_current(database):
            yield "the catalogue's schema is not today's: run `hopnhat migrate`"
            return
        with database.reading() as connection:
            mappings = list(Mappings(connection).active())
            kept = {site.name: site for site in KeptSites(connection).all()}
    finally:
        database.close()
    for site in settings.sites():
        if site.name in kept and makes_other_keys(kept[site.name], site):
            yield f"site {site.name} makes other keys now: run `hopnhat redirects rekey`"
    for finding in lint(
        mappings=mappings,
        rules=settings.rules(),
        portal=settings.as_portal(LIVE_PATHS),
        sites=settings.sites(),
        today=today_in_vietnam(),
    ):
        yield f"{finding.where}: {finding.message}"
