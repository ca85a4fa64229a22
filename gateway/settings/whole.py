"""Settings: one file an operator writes, read at the door and trusted inside.

`hopnhat.toml` first, then environment variables (`HOPNHAT_SERVE__PORT=80`), which win. Every
setting has a name, a type, a default and a sentence; docs/settings.md is generated from here.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    Field,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from catalogue.units.hosts import HostTable
from catalogue.units.offices import Offices
from catalogue.units.register import Register
from gateway.settings.callers import CallerSettings
from gateway.settings.portal import (
    ConsoleSettings,
    PortalSettings,
    SearchSettings,
    ServeSettings,
    SuggestSettings,
    TrafficSettings,
)
from gateway.settings.route_parts import (
    CacheSettings,
    HealthSettings,
    RateSettings,
    RewriteSettings,
    TransitionSettings,
    UpstreamSettings,
)
from gateway.settings.routes import RouteSettings
from gateway.settings.sites import PathSettings, RuleSettings, SiteSettings
from gateway.settings.toml_lines import line_of
from gateway.settings.units import HostSettings, OfficeSettings, UnitCodeSettings
from redirects.route import ApiRoute
from redirects.rule import Rule
from redirects.site import (
    Portal,
    Site,
)

_MAY_BE_KEYS = (
    "route.rewrite.query",
    "route.rewrite.request",
    "route.rewrite.answer",
    "caller.keys",
)
_PASSWORD = re.compile(r"//[^/\s]*@")  # of an address


class SettingsError(Exception):
    """The settings file cannot be used; `findings` has one line per culprit, with file and line."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


class Settings(BaseSettings):
    """Everything an operator may set."""

    model_config = SettingsConfigDict(
        env_prefix="HOPNHAT_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Field(Path("data"), description="Directory of archive, index and snapshots.")
    database: str = Field(
        "", description="SQLAlchemy URL; empty means SQLite in the data directory."
    )
    portal: PortalSettings = PortalSettings()
    serve: ServeSettings = ServeSettings()
    console: ConsoleSettings = ConsoleSettings()
    search: SearchSettings = SearchSettings()
    suggest: SuggestSettings = SuggestSettings()
    traffic: TrafficSettings = TrafficSettings()
    site: tuple[SiteSettings, ...] = ()
    route: tuple[RouteSettings, ...] = ()
    rule: tuple[RuleSettings, ...] = ()
    host: tuple[HostSettings, ...] = ()
    office: tuple[OfficeSettings, ...] = ()
    caller: tuple[CallerSettings, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic passes it by name
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment wins over the file; nothing else is read."""
        return (env_settings, init_settings, TomlConfigSettingsSource(settings_cls))

    @property
    def database_url(self) -> str:
        """Where the catalogue lives."""
        return self.database or f"sqlite:///{self.data / 'catalogue.db'}"

    @property
    def archive_directory(self) -> Path:
        """Where captures are kept."""
        return self.data / "archive"

    @property
    def index_directory(self) -> Path:
        """Where the search index lives."""
        return self.data / "index"

    @property
    def snapshot_directory(self) -> Path:
        """Where compiled snapshots lie."""
        return self.data / "snapshots"

    @property
    def miss_directory(self) -> Path:
        """Where the public site spools its misses for the console to fold in."""
        return self.data / "misses"

    @property
    def usage_directory(self) -> Path:
        """Where the public site spools who calls which API."""
        return self.data / "usage"

    @property
    def shadow_directory(self) -> Path:
        """Where the public site spools what shadow mode finds."""
        return self.data / "shadow"

    @property
    def recording_directory(self) -> Path:
        """Where calls are recorded."""
        return self.data / "recordings"

    @property
    def caller_secret(self) -> Path:
        """The file with the secret that hides API keys."""
        return self.data / "callers.key"

    def sites(self) -> list[Site]:
        """The old portals."""
        return [one.as_site() for one in self.site]

    def routes(self) -> list[ApiRoute]:
        """The preserved APIs."""
        return [one.as_route() for one in self.route]

    def rules(self) -> list[Rule]:
        """The rules written in the settings file."""
        return [one.as_rule() for one in self.rule]

    @property
    def dossier_secret(self) -> Path:
        """The file with the secret that hides codes of citizens' files."""
        return self.data / "traffic.key"

    def host_table(self, register: Register) -> HostTable:
        """Which unit each old host spoke for."""
        return HostTable(register, self.sites(), {one.name: one.unit for one in self.host})

    def offices(self) -> Offices:
        """The offices that serve citizens today."""
        return Offices(one.as_office() for one in self.office)

    def as_portal(self, live: tuple[str, ...]) -> Portal:
        """The new portal, with the path patterns its application serves."""
        return Portal(
            url=self.portal.url,
            hosts=self.portal.hosts,
            allowed_targets=frozenset(self.portal.allowed_targets),
            live=live,
        )


def load_settings(path: Path) -> Settings:
    """Read `path` and the environment.

    Raises SettingsError with one finding per culprit ("hopnhat.toml:12: …") for a missing file,
    broken TOML, an unknown key (with the nearest known one) or a value of the wrong type.
    Relative paths are taken from the file's own directory.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except FileNotFoundError:
        raise SettingsError([f"{path}: no such file; `hopnhat init` writes one"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{path}: cannot be read: {error}"]) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError([f"{path}: not TOML: {error}"]) from error
    try:
        settings = Settings(**values)
    except ValidationError as error:
        findings = [_finding(path, text, one) for one in error.errors(include_url=False)]
        raise SettingsError(findings) from error
    return _beside(path.parent, settings)


def _beside(directory: Path, settings: Settings) -> Settings:
    """Take every relative path from the settings file's own directory."""

    def placed(paths: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(directory / each for each in paths)

    sites = tuple(
        site.model_copy(update={"logs": placed(site.logs), "inventory": placed(site.inventory)})
        for site in settings.site
    )
    routes = tuple(
        route.model_copy(update={"shadow_ignore": directory / route.shadow_ignore})
        if route.shadow_ignore
        else route
        for route in settings.route
    )
    return settings.model_copy(
        update={"data": directory / settings.data, "site": sites, "route": routes}
    )


def _finding(path: Path, text: str, error: Any) -> str:
    place = tuple(error["loc"])
    line = line_of(text, place)
    name = ".".join(str(part) for part in place)
    where = f"{path}:{line}" if line else f"{path}"
    if error["type"] == "extra_forbidden":
        known = _known_names(place[:-1])
        near = difflib.get_close_matches(str(place[-1]), known, n=1)
        hint = f'; did you mean "{near[0]}"?' if near else f"; known here: {', '.join(known)}"
        return f"{where}: unknown setting {name}{hint}"
    if error["type"] == "missing":
        return f"{where}: {name} is missing"
    told = error["msg"].removeprefix("Value error, ")
    if isinstance(error["input"], dict):
        return f"{where}: {name}: {told}"  # no single setting of the table is to blame
    return f"{where}: {name} = {_shown(place, error['input'])}: {told}"


def _shown(place: tuple[str | int, ...], value: object) -> str:
    """Return a value as logs and `/healthz/ready` may show it: a slip may stand in a key."""
    if _dotted(place).startswith(_MAY_BE_KEYS):
        return "…"
    return _PASSWORD.sub("//…@", repr(value))


def _dotted(place: tuple[str | int, ...]) -> str:
    return ".".join(str(part) for part in place if not isinstance(part, int))


def _known_names(place: tuple[str | int, ...]) -> list[str]:
    name = _dotted(place)
    model = TABLES[name] if name else Settings
    return list(model.model_fields)


TABLES: dict[str, type[BaseModel]] = {
    "portal": PortalSettings,
    "serve": ServeSettings,
    "console": ConsoleSettings,
    "search": SearchSettings,
    "suggest": SuggestSettings,
    "traffic": TrafficSettings,
    "site": SiteSettings,
    "site.below": PathSettings,
    "route": RouteSettings,
    "route.upstreams": UpstreamSettings,
    "route.health": HealthSettings,
    "route.rewrite": RewriteSettings,
    "route.cache": CacheSettings,
    "route.rate": RateSettings,
    "route.transition": TransitionSettings,
    "route.units": UnitCodeSettings,
    "rule": RuleSettings,
    "host": HostSettings,
    "office": OfficeSettings,
    "caller": CallerSettings,
}
"""The tables of the settings file, in the order the manual shows them."""
