"""Settings of the preserved APIs: `[[route]]`, what the tables below it belong to."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Self

from pydantic import (
    Field,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from gateway.settings.fields import Host, Name, Origin, Table
from gateway.settings.route_fields import (
    CallerKey,
    HeaderName,
    HostAndPort,
    ProtocolName,
    WebAddress,
    WholePath,
)
from gateway.settings.route_parts import (
    CacheSettings,
    HealthSettings,
    RateSettings,
    RewriteSettings,
    TransitionSettings,
    UpstreamSettings,
)
from gateway.settings.units import UnitCodeSettings
from redirects.route import (
    ApiRoute,
    Recording,
    Shadow,
    Upstream,
)
from redirects.route_path import RoutePath, names_in

_READING = frozenset({"GET", "HEAD"})


class RouteSettings(Table):
    """One preserved API (`[[route]]`, repeated): calls passed on to servers that answer them."""

    name: Name = Field(description="Short name used in logs and metrics.")
    host: Host = Field(description="The old host name callers use.")
    path: WholePath = Field(
        description="Exact path, with `:name` for one segment, or a prefix that ends in `*`; "
        "matched on raw bytes."
    )
    upstream: Origin | None = Field(
        None, description="Origin of the server that answers; several: `[[route.upstreams]]`."
    )
    upstreams: tuple[UpstreamSettings, ...] = ()
    methods: tuple[str, ...] = Field(
        (), description="Methods passed on, with `GET` its `HEAD`; empty means all."
    )
    query: str | None = Field(
        None,
        description="A parameter a call must have, such as `format=feed`, where pages and an API "
        "share one path.",
    )
    host_header: str | None = Field(
        None, description="Host told to the upstream; empty keeps the caller's."
    )
    server_names: tuple[HostAndPort, ...] = Field(
        (),
        description="Other hosts by which the upstream calls itself, such as its machine's name: "
        "callers read the public host instead.",
    )
    owner: str = Field("", description="Who decides about this route; shown to operators.")
    contact: str = Field("", description="Who answers for this API; told to callers.")
    credentials: tuple[HeaderName, ...] | None = Field(
        None,
        description="Header fields with credentials that may cross, such as `Authorization`. "
        "Unset: all; `[]`: none.",
    )
    connect_timeout: PositiveFloat = Field(
        5.0, description="Seconds a connection to the upstream may take."
    )
    timeout: PositiveFloat = Field(
        30.0, description="Seconds the upstream may be silent, ahead of its answer or within it."
    )
    total_timeout: PositiveFloat | None = Field(
        None, description="Seconds a call may last in all; unset: as long as something comes."
    )
    max_body: PositiveInt | None = Field(
        None, description="Bytes a call's body may have; more is 413. Unset: any number."
    )
    max_answer: PositiveInt | None = Field(
        None,
        description="Bytes an answer's body may have; more is 502, or is cut off. "
        "Unset: any number.",
    )
    tries: PositiveInt = Field(
        2,
        description="Upstreams asked at most for a call that may be repeated and had no answer.",
    )
    valid_from: date | None = Field(
        None, description="First day calls are passed on, in Vietnam; before it nothing matches."
    )
    valid_until: date | None = Field(
        None, description="Last day calls are passed on; after it they are told 410."
    )
    successor: WebAddress | None = Field(
        None,
        description="Address of the API that takes its place: `Link` with `successor-version`.",
    )
    caller_key: CallerKey | None = Field(
        None,
        description="What tells callers apart in `hopnhat api report`: `header:X-Api-Key` or "
        "`query:apikey`, kept as a keyed hash. Unset: what `rate.key` says; without one, network "
        "and program.",
    )
    upgrades: tuple[ProtocolName, ...] = Field(
        ("websocket",),
        description="Protocols a connection may switch to (RFC 9110, 7.8); `[]`: none. Never "
        "HTTP/2: calls in it would be neither routed nor limited.",
    )
    upgrade_idle: PositiveFloat = Field(
        300.0, description="Seconds a connection that has switched may be silent both ways."
    )
    max_upgraded: PositiveInt = Field(
        500, description="Connections open at once that have switched; one more is 503."
    )
    dossier: str | None = Field(
        None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_-]*$",
        description="Parameter, or capture of `path`, that holds the code of a citizen's dossier: "
        "the call is answered by the `[[office]]` that holds the dossier now, else by `upstream` "
        "if there is one, else by a page that says who holds it. Only GET and HEAD are taken.",
    )
    shadow: Origin | None = Field(
        None,
        description="Origin of a server that is to answer one day: gets a share of the safe calls "
        "once their callers have their answers, and is only compared.",
    )
    shadow_share: float = Field(0.05, ge=0, le=1, description="That share.")
    shadow_ignore: Path | None = Field(
        None,
        description="TOML file of what may differ, as for `hopnhat api replay`.",
    )
    record: bool = Field(
        False,
        description="Write safe calls down for `hopnhat api replay`, without credentials and but "
        "for calls that name a citizen's file: at most 32 MB in `recordings/` of `data`.",
    )
    record_headers: tuple[HeaderName, ...] = Field(
        (),
        description="Header fields recorded beyond `Accept`, `Accept-Language`, `Origin`, "
        "`SOAPAction` and `X-Requested-With`; none with credentials.",
    )
    health: HealthSettings = HealthSettings()
    rewrite: RewriteSettings = RewriteSettings()
    units: UnitCodeSettings | None = None
    cache: CacheSettings | None = None
    transition: TransitionSettings | None = None
    rate: RateSettings | None = None

    def as_route(self) -> ApiRoute:
        """The route as the resolver knows it."""
        return ApiRoute(
            name=self.name,
            host=self.host,
            path=self.path,
            upstreams=self._upstreams(),
            methods=_READING if self.dossier else frozenset(map(str.upper, self.methods)),
            query=self.query,
            host_header=self.host_header,
            server_names=self.server_names,
            contact=self.contact,
            owner=self.owner,
            health=self.health.as_health(),
            rewriting=self.rewrite.as_rewriting(),
            credentials=None
            if self.credentials is None
            else frozenset(name.lower() for name in self.credentials),
            connect_timeout=self.connect_timeout,
            timeout=self.timeout,
            total_timeout=self.total_timeout,
            max_body=self.max_body,
            max_answer=self.max_answer,
            tries=self.tries,
            caching=self.cache.as_caching() if self.cache else None,
            rate_limit=self.rate.as_rate_limit() if self.rate else None,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            successor=self.successor,
            shadow=self._shadow(),
            recording=Recording(frozenset(name.lower() for name in self.record_headers))
            if self.record
            else None,
            transition=self.transition.as_transition() if self.transition else None,
            dossier=self.dossier,
            units=self.units.as_unit_codes() if self.units else None,
            caller_key=self.caller_key or (self.rate.key if self.rate else None),
            upgrades=frozenset(map(str.lower, () if self.dossier else self.upgrades)),
            upgrade_idle=self.upgrade_idle,
            max_upgraded=self.max_upgraded,
        )

    def _shadow(self) -> Shadow | None:
        if self.shadow is None:
            return None
        ignore = str(self.shadow_ignore) if self.shadow_ignore else None
        return Shadow(self.shadow, self.shadow_share, ignore)

    def _upstreams(self) -> tuple[Upstream, ...]:
        if self.upstream is not None:
            return (Upstream(self.upstream),)
        return tuple(one.as_upstream() for one in self.upstreams)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        """What no single setting can be blamed for."""
        if self.upstream and self.upstreams:
            raise ValueError("needs upstream, or [[route.upstreams]], and not both")
        if not (self.upstream or self.upstreams or self.dossier):
            raise ValueError("needs upstream, or [[route.upstreams]], and not both")
        origins = [one.origin for one in self.upstreams]
        if len(set(origins)) < len(origins):
            raise ValueError("names one upstream twice")
        if self.upstreams and not any(one.weight for one in self.upstreams):
            raise ValueError("has spare upstreams alone: give one of them a weight")
        unknown = names_in(self.rewrite.as_rewriting().path or "") - set(RoutePath(self.path).names)
        if unknown:
            names = ", ".join(sorted(unknown))
            raise ValueError(f"rewrite.path uses {names}, which path does not capture")
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError("valid_until is before valid_from")
        return self
