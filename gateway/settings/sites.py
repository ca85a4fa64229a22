"""Settings of the old portals: sites, how their keys are made, and rules."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    Field,
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from catalogue.units.hosts import province_code
from gateway.settings.fields import CmsName, HostOrPattern, Name, Origin, Table
from redirects.mapping import MappingKind, QueryHandling
from redirects.presets import PRESETS, Preset
from redirects.rule import Rule, RulePlace
from redirects.site import (
    CaseMode,
    KeyPolicy,
    PathPolicy,
    QueryMode,
    QueryPolicy,
    Site,
)
from redirects.trying import normal_addition, read_example


class PathSettings(Table):
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


class SiteSettings(Table):
    """One old portal (`[[site]]`, repeated)."""

    name: Name = Field(description="Short name used in commands and files.")
    title: str = Field(description="The old portal's name, as visitors knew it.")
    host: HostOrPattern = Field(
        description="Its main host name; `*.haiduong.gov.vn` stands for all names below, each "
        "with its own pages."
    )
    scheme: Literal["http", "https"] | None = Field(
        None,
        description="How its addresses begin in its sitemaps. Unset: as they are asked for, which "
        "a front server on this machine says in `X-Forwarded-Proto`.",
    )
    aliases: tuple[HostOrPattern, ...] = Field(
        (), description="Other host names it answered to; a pattern is more names of the main host."
    )
    unit: str | None = Field(
        None,
        description="Code of the unit it spoke for, on the unit's last day. Unset: that of the "
        "province whose portal had the name `host` (docs/units.md).",
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
            unit=self.unit or province_code(self.host),
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


class RuleSettings(Table):
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
