"""Settings: one file an operator writes, read at the door and trusted inside.

`hopnhat.toml` first, then environment variables (`HOPNHAT_SERVE__PORT=80`), which win. Every
setting has a name, a type, a default and a sentence; docs/settings.md is generated from here.
"""

from __future__ import annotations

import difflib
import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from catalogue.search.engines import EngineName
from gateway.toml_lines import line_of
from redirects.mapping import MappingKind
from redirects.presets import PRESETS, Preset
from redirects.route import ApiRoute
from redirects.rule import QueryHandling, Rule, RulePlace
from redirects.site import (
    CaseMode,
    KeyPolicy,
    PathPolicy,
    Portal,
    QueryMode,
    QueryPolicy,
    Site,
)
from redirects.suggest import AUTO_ACCEPT
from redirects.traffic.sifting import NoiseRule, Sieve, shipped_rules
from redirects.trying import normal_addition, read_example


class SettingsError(Exception):
    """The settings file cannot be used; `findings` has one line per culprit, with file and line."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = findings


def _without_slash(url: str) -> str:
    if not url.startswith(("http://", "https://")) or url.count("/") > 2 + url.endswith("/"):
        raise ValueError("must be an origin such as https://haiphong.gov.vn, without a path")
    return url.rstrip("/")


Origin = Annotated[str, AfterValidator(_without_slash)]
Port = Annotated[int, Field(ge=0, le=65535)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Host = Annotated[str, AfterValidator(str.lower), Field(pattern=r"^[A-Za-z0-9.-]+$")]

HostOrPattern = Annotated[str, AfterValidator(str.lower), Field(pattern=r"^(\*\.)?[A-Za-z0-9.-]+$")]
CmsName = Literal[
    "liferay", "sharepoint", "dnn", "joomla", "nukeviet", "drupal", "websphere", "webcenter",
    "typo3",
]  # fmt: skip


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PortalSettings(_Table):
    """The new portal."""

    title: str = Field("Cổng Thông tin điện tử", description="Name shown in every page's header.")
    url: Origin = Field("http://127.0.0.1:8080", description="Public origin; redirects lead to it.")
    hosts: tuple[Host, ...] = Field(
        ("127.0.0.1", "localhost"), description="Host names the new portal answers to."
    )
    unit: str | None = Field(None, description="Code of the new administrative unit.")
    allowed_targets: tuple[str, ...] = Field(
        (), description="Foreign hosts a redirect may lead to; `*.gov.vn` covers subdomains."
    )
    hotline: str = Field("", description="Telephone number on every notice and error page.")
    email: str = Field("", description="Support address on every notice and error page.")


class ServeSettings(_Table):
    """The public site (`hopnhat serve`)."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Port = Field(8080, description="Port to listen on; 0 takes a free one.")
    poll: PositiveFloat = Field(
        0.25, description="Seconds between looks at the catalogue's revision."
    )
    stall_timeout: PositiveFloat = Field(
        30.0,
        description="Seconds in each of which a caller must send at least 1 kB of its body, or "
        "read as much of its answer, or be cut off.",
    )
    max_body: PositiveInt = Field(
        8 * 1024 * 1024,
        description="Bytes a request's body may have where no route takes it; "
        "more is answered with 413.",
    )
    redirect_max_age: NonNegativeInt = Field(
        3600,
        description="Seconds a redirect may be kept by browsers and caches; "
        "on a decision's first day never more than 300.",
    )
    missing_max_age: int = Field(
        60,
        ge=0,
        le=60,
        description="Seconds the 404 of an undecided address may be kept; 60 at most, so that a "
        "decision is seen within a minute.",
    )


class ConsoleSettings(_Table):
    """The editors' console (`hopnhat console`)."""

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Port = Field(8081, description="Port to listen on; 0 takes a free one.")
    hosts: tuple[Host, ...] = Field(
        ("127.0.0.1", "localhost"), description="Host names the console answers to."
    )
    secure_cookie: bool = Field(
        False,
        description="Mark the session cookie Secure; set it wherever the console has TLS.",
    )


class SearchSettings(_Table):
    """The search of the new portal."""

    engine: EngineName = Field(
        "tantivy",
        description="`tantivy` is fast at any size; `whoosh` is pure Python, for small portals. "
        "After a change run `hopnhat index --rebuild`.",
    )


class SuggestSettings(_Table):
    """Suggestions for old addresses that nobody has decided."""

    accept_above: float = Field(
        AUTO_ACCEPT,
        gt=0,
        le=1,
        description="Score from which suggestions may be accepted in bulk, when somebody asks "
        "for it; none is accepted by itself.",
    )


class TrafficSettings(_Table):
    """Reading access logs, and when an old portal is ready to be switched over."""

    ignore_paths: tuple[str, ...] = Field(
        (), description="Pieces of a path that only scanners ask for, beyond those known."
    )
    ignore_ends: tuple[str, ...] = Field(
        (), description="Endings of what a page fetches for itself, beyond those known."
    )
    keep_ends: tuple[str, ...] = Field(
        (), description="Known endings that count as visits here all the same, such as `.jpg`."
    )
    ignore_agents: tuple[str, ...] = Field(
        (), description="Pieces of a robot's name, beyond those known."
    )
    ready_visits: float = Field(
        0.95, ge=0, le=1, description="Share of visits that must have a decision before the switch."
    )
    ready_top: float = Field(
        0.99,
        ge=0,
        le=1,
        description="Share of the 1,000 most visited addresses that must have a decision.",
    )

    def sieve(self) -> Sieve:
        """What drops requests that are nobody's visit."""
        mine = (
            NoiseRule("own path", "path", self.ignore_paths),
            NoiseRule("own ending", "path-end", self.ignore_ends),
            NoiseRule("own robot", "agent", self.ignore_agents),
        )
        return Sieve((*shipped_rules(), *mine), self.keep_ends)


class PathSettings(_Table):
    """How addresses below one path of a site become keys (`[[site.below]]`, repeated)."""

    prefix: str = Field(pattern=r"^/", description="The path they begin with.")
    query: QueryMode = Field("ignored", description="As of the site.")
    parameters: tuple[str, ...] = Field((), description="Query parameters `query` speaks of.")
    case: CaseMode = Field("fold", description="As of the site.")
    index_files: tuple[str, ...] = Field((), description="As of the site.")

    def as_policy(self) -> PathPolicy:
        """Return it as keys are made by it."""
        query = QueryPolicy(self.query, frozenset(self.parameters))
        files = frozenset(name.lower() for name in self.index_files)
        return PathPolicy(self.prefix, KeyPolicy(query, self.case, files))


class SiteSettings(_Table):
    """One old portal (`[[site]]`, repeated)."""

    name: Name = Field(description="Short name used in commands and files.")
    title: str = Field(description="The old portal's name, as visitors knew it.")
    host: HostOrPattern = Field(
        description="Its main host name; `*.haiduong.gov.vn` stands for all names below, each "
        "with its own pages."
    )
    scheme: Literal["http", "https"] = Field(
        "http",
        description="How its addresses begin in its sitemaps: `https` once its front server has "
        "a certificate for it.",
    )
    aliases: tuple[HostOrPattern, ...] = Field(
        (), description="Other host names it answered to; a pattern is more names of the main host."
    )
    unit: str | None = Field(
        None, description="Code of the unit it spoke for, on the unit's last day."
    )
    old_server: Origin | None = Field(
        None, description="Origin of the old server, which answers what is decided to be kept."
    )
    cms: CmsName | None = Field(
        None,
        description="The system the portal ran on: which spellings of its pages are one page "
        "(docs/redirects.md). What is set below goes before it.",
    )
    query: QueryMode | None = Field(
        None,
        description="`significant`: only `parameters` matter; `ignored`: all but `parameters` "
        "matter; `none`: the query never matters. Unset: what `cms` says, else `ignored`.",
    )
    parameters: tuple[str, ...] = Field(
        (),
        description="Query parameters `query` speaks of; without `query`, more that are ignored.",
    )
    case: CaseMode = Field(
        "fold", description="`fold`: upper and lower case are one address; `exact`: they are two."
    )
    index_files: tuple[str, ...] | None = Field(
        None,
        description="Ends of a path that mean the folder itself, such as `default.aspx`. Unset: "
        "what `cms` says.",
    )
    below: tuple[PathSettings, ...] = Field(
        (), description="Other rules of keys for addresses below a path (`[[site.below]]`)."
    )
    seeds: tuple[str, ...] = Field(
        (), description="Addresses to begin at; empty means the home page."
    )
    sitemaps: tuple[str, ...] = Field(
        (), description="Sitemaps beyond those robots.txt and /sitemap.xml name."
    )
    address: str | None = Field(
        None,
        description="`host:port` to connect to instead of asking DNS: the old server once its "
        "name points here. A private address is allowed only because it is named here.",
    )
    include: tuple[str, ...] = Field((), description="Path patterns to keep to; empty means all.")
    exclude: tuple[str, ...] = Field((), description="Path patterns never to fetch.")
    obey_robots: bool = Field(
        True,
        description="Obey robots.txt; an authority may switch it off for its own portal.",
    )
    delay: NonNegativeFloat = Field(1.0, description="Seconds between two requests to its server.")
    connections: PositiveInt = Field(1, description="Connections to its server at once.")
    timeout: PositiveFloat = Field(30.0, description="Seconds one fetch may take.")
    max_bytes: PositiveInt = Field(
        20_000_000, description="Largest response kept, in bytes; larger ones are listed."
    )
    max_depth: PositiveInt = Field(50, description="Most links away from a seed.")
    tries: PositiveInt = Field(4, description="Times a passing failure is tried.")
    retry_delay: NonNegativeFloat = Field(
        1.0, description="Seconds before the second try; doubled before each further one."
    )
    logs: tuple[Path, ...] = Field(
        (), description="Access logs of the old server: addresses visitors know but no page links."
    )
    inventory: tuple[Path, ...] = Field(
        (), description="The owner's own lists of addresses, CSV or text."
    )

    def as_site(self) -> Site:
        """The site as the redirect room knows it."""
        preset = PRESETS[self.cms] if self.cms else Preset()
        files = preset.index_files
        if self.index_files is not None:
            files = frozenset(name.lower().strip("/") for name in self.index_files)
        return Site(
            name=self.name,
            title=self.title,
            host=self.host,
            aliases=self.aliases,
            query=self._query_policy(preset),
            unit=self.unit,
            cms=self.cms,
            case=self.case,
            index_files=files,
            below=(*(one.as_policy() for one in self.below), *preset.below),
            old_server=self.old_server,
        )

    def _query_policy(self, preset: Preset) -> QueryPolicy:
        names = frozenset(name.lower() for name in self.parameters)
        if self.query is not None:
            return QueryPolicy(self.query, names)
        return QueryPolicy(preset.query.mode, preset.query.names | names)

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        """A pattern of hosts names no page to begin at."""
        if self.host.startswith("*.") and not self.seeds:
            raise ValueError(f"host {self.host} is a pattern, so seeds must name pages to begin at")
        return self


class RouteSettings(_Table):
    """One preserved API (`[[route]]`, repeated): calls passed on to a server that answers them."""

    name: Name = Field(description="Short name used in logs and metrics.")
    host: Host = Field(description="The old host name callers use.")
    path: str = Field(
        pattern=r"^/", description="Exact path, or a prefix that ends in `*`; matched on raw bytes."
    )
    upstream: Origin = Field(description="Origin of the server that answers.")
    methods: tuple[str, ...] = Field((), description="Methods passed on; empty means all.")
    query: str | None = Field(
        None,
        description="A parameter a call must have, such as `format=feed`, where pages and an API "
        "share one path.",
    )
    host_header: str | None = Field(
        None, description="Host told to the upstream; empty keeps the caller's."
    )
    contact: str = Field("", description="Who answers for this API.")
    timeout: PositiveFloat = Field(30.0, description="Seconds the upstream may take to answer.")

    def as_route(self) -> ApiRoute:
        """The route as the resolver knows it."""
        return ApiRoute(
            name=self.name,
            host=self.host,
            path=self.path,
            upstream=self.upstream,
            methods=frozenset(method.upper() for method in self.methods),
            query=self.query,
            host_header=self.host_header,
            contact=self.contact,
            timeout=self.timeout,
        )


class RuleSettings(_Table):
    """One rule of a site (`[[rule]]`, repeated): a pattern and where it leads."""

    name: Name = Field(description="Short name shown by `hopnhat resolve`.")
    site: Name = Field(description="The site it belongs to.")
    pattern: str = Field(description="`*`, `:name`, or RE2 when it starts with `^`.")
    kind: Literal["moved", "temporary", "gone", "archived", "keep"] = Field(
        "moved", description="What becomes of a matching address."
    )
    target: str | None = Field(
        None,
        description="Where it leads; may use the captures. `same:/path` says that it is only "
        "another spelling of that path of its site.",
    )
    place: Literal["before", "pattern", "after"] = Field(
        "pattern", description="Ahead of the mappings, after them, or last."
    )
    reason: str | None = Field(None, description="Shown to visitors of a withdrawn address.")
    order: int = Field(100, description="Lower is tried first.")
    owner: str | None = Field(None, description="Who answers for the rule.")
    query: QueryHandling = Field(
        "drop", description="What becomes of the visitor's query: dropped, or passed on."
    )
    add: str = Field("", description="Parameters added to the target, such as `nguon=cu`.")
    valid_from: date | None = Field(None, description="First day it holds, in Vietnam.")
    valid_until: date | None = Field(None, description="Last day it holds.")
    review_on: date | None = Field(None, description="Day from which lint asks to review it.")
    enabled: bool = Field(True, description="Whether it is used at all.")
    examples: tuple[str, ...] = Field(
        (),
        description="`/address -> outcome` each: a target, `410`, `archived`, `keep`, or `-` where "
        "it must not match. A rule that does otherwise is refused.",
    )

    def as_rule(self) -> Rule:
        """The rule as the resolver knows it."""
        return Rule(
            name=self.name,
            site=self.site,
            pattern=self.pattern,
            kind=MappingKind(self.kind),
            target=self.target,
            place=RulePlace(self.place),
            reason=self.reason,
            order=self.order,
            owner=self.owner,
            query=self.query,
            add=normal_addition(self.add),
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            review_on=self.review_on,
            is_enabled=self.enabled,
            examples=tuple(read_example(text) for text in self.examples),
        )


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

    def sites(self) -> list[Site]:
        """The old portals."""
        return [one.as_site() for one in self.site]

    def routes(self) -> list[ApiRoute]:
        """The preserved APIs."""
        return [one.as_route() for one in self.route]

    def rules(self) -> list[Rule]:
        """The rules written in the settings file."""
        return [one.as_rule() for one in self.rule]

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
    return settings.model_copy(update={"data": directory / settings.data, "site": sites})


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
    return f"{where}: {name} = {error['input']!r}: {error['msg']}"


def _known_names(place: tuple[str | int, ...]) -> list[str]:
    name = ".".join(str(part) for part in place if not isinstance(part, int))
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
    "rule": RuleSettings,
}
"""The tables of the settings file, in the order the manual shows them."""
