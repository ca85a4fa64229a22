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
from catalogue.units.register import load_register
from gateway.route_checking import is_answered_here, route_faults
from gateway.settings.toml_lines import line_of
from gateway.settings.whole import Settings
from gateway.site.paths import LIVE_PATHS
from redirects.calendar import today_in_vietnam
from redirects.dossier import agency_key
from redirects.finding import Level
from redirects.lint import lint
from redirects.mapping import Mapping
from redirects.site import Site

_UPSTREAM_PATIENCE = 2.0  # seconds to wait for an upstream to accept a connection


def check(settings: Settings, path: Path) -> list[str]:
    """Return findings, each with file and line where one can be named; empty means fine."""
    at = _Places(path)
    findings = [f"{at('site', where)}: {what}" for where, what in _sites(settings)]
    if findings:
        return findings  # rules and mappings mean nothing while it is not known whose a host is
    findings = [f"{at('rule', where)}: {what}" for where, _level, what in _rules(settings)]
    findings += [f"{at('route', *one.place)}: {one.told}" for one in route_faults(settings)]
    findings += [f"{at('route', *place)}: {what}" for place, what in _upstreams(settings)]
    findings += [f"{at(table, where)}: {what}" for table, where, what in _units(settings)]
    findings += [f"{at('office', where)}: {what}" for where, what in _offices(settings)]
    findings += [f"{at('caller', *place)}: {what}" for place, what in _callers(settings)]
    findings += [f"{at('database')}: {what}" for what in _catalogue(settings)]
    return findings


def faults(settings: Settings, path: Path) -> list[str]:
    """Return why rules and routes must not be used as they are; nobody is asked for it."""
    at = _Places(path)
    findings = [f"{at('site', where)}: {what}" for where, what in _sites(settings)]
    if findings:
        return findings
    findings = [f"{at('route', *one.place)}: {one.told}" for one in route_faults(settings)]
    findings += [
        f"{at('rule', where)}: {what}"
        for where, level, what in _rules(settings)
        if level == "error"
    ]
    return findings


class _Places:
    """Names lines of the settings file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = path.read_text(encoding="utf-8")

    def __call__(self, *place: str | int) -> str:
        line = line_of(self._text, place)
        return f"{self._path}:{line}" if line else str(self._path)


def _sites(settings: Settings) -> Iterator[tuple[int, str]]:
    names = Counter(site.name for site in settings.site)
    owners: dict[str, str] = {}
    for where, site in enumerate(settings.site):
        if names[site.name] > 1:
            yield where, f"two sites are called {site.name}"
        for host in (site.host, *site.aliases):
            if owners.setdefault(host, site.name) != site.name:
                yield where, f"host {host} belongs to {owners[host]} and to {site.name}"


def _rules(settings: Settings) -> Iterator[tuple[int, Level, str]]:
    known = {site.name for site in settings.site}
    places = {(rule.site, rule.name): where for where, rule in enumerate(settings.rule)}
    for where, rule in enumerate(settings.rule):
        if rule.site not in known:
            yield where, "error", f"rule {rule.name}: no site is called {rule.site}"
    findings = lint(
        mappings=(),
        rules=[rule for rule in settings.rules() if rule.site in known],
        portal=settings.as_portal(LIVE_PATHS),
        sites=settings.sites(),
    )
    for finding in findings:
        for (_, name), where in places.items():
            if name in finding.where:
                yield where, finding.level, finding.message


def _upstreams(settings: Settings) -> Iterator[tuple[tuple[int | str, ...], str]]:
    for where, route in enumerate(settings.route):
        if route.upstream is not None and (trouble := _unreachable(route.upstream)):
            yield (where, "upstream"), f"route {route.name}: {trouble}"
        for which, one in enumerate(route.upstreams):
            if trouble := _unreachable(one.origin):
                yield (where, "upstreams", which, "origin"), f"route {route.name}: {trouble}"


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
        if office.upstream and is_answered_here(settings, office.upstream):
            yield (
                where,
                f"office {office.name}: {office.upstream} is answered by this gateway itself",
            )
        elif office.upstream and (trouble := _unreachable(office.upstream)):
            yield where, f"office {office.name}: {trouble}"


def _units(settings: Settings) -> Iterator[tuple[str, int, str]]:
    """A site or a host that spoke for a unit nobody knows would get an empty page."""
    register = load_register()
    spoken = [("site", where, site.name, site.unit) for where, site in enumerate(settings.site)]
    spoken += [("host", where, host.name, host.unit) for where, host in enumerate(settings.host)]
    for table, where, name, unit in spoken:
        if unit and not register.bearers(unit):
            yield table, where, f"{table} {name}: no unit ever bore the code {unit}"


def _decided(settings: Settings) -> tuple[list[Mapping], dict[str, Site]]:
    """Read what has been decided, and the sites it was decided under. Raises CatalogueError."""
    database = open_database(settings.database_url, read_only=True)
    try:
        if not schema_is_current(database):
            raise CatalogueError("the catalogue's schema is not today's")
        with database.reading() as connection:
            sites = {site.name: site for site in KeptSites(connection).all()}
            return list(Mappings(connection).active()), sites
    finally:
        database.close()


def _callers(settings: Settings) -> Iterator[tuple[tuple[int, str], str]]:
    """A name, a key or a network is one caller's: whose would its calls be else?"""
    owners: dict[tuple[str, str], int] = {}
    for where, caller in enumerate(settings.caller):
        claims = [("name", caller.name)]
        claims += [("keys", key) for key in caller.keys]
        claims += [("networks", network) for network in caller.networks]
        for setting, value in claims:
            first = owners.setdefault((setting, value), where)
            if first != where:
                owner = settings.caller[first].name
                yield (where, setting), f"caller {caller.name}: {value} is of caller {owner} too"


def _catalogue(settings: Settings) -> Iterator[str]:
    try:
        mappings, kept = _decided(settings)
    except CatalogueError as error:
        yield f"{error}; run `hopnhat migrate`"
        return
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
