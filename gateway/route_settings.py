"""Settings of the preserved APIs: `[[route]]` and the tables below it, one idea each."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from gateway.setting_fields import Host, Name, Origin, Table
from gateway.unit_settings import UnitCodeSettings
from redirects.route import (
    ApiRoute,
    Caching,
    Edit,
    Health,
    RateLimit,
    Recording,
    Rewriting,
    Shadow,
    Transition,
    Upstream,
)
from redirects.route_path import SPLAT, RoutePath, names_in

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - of a header field's name (RFC 9110, 5.6.2)
_EDIT = re.compile(rf"(set|add) ({_TOKEN})=(.*)|(remove) ({_TOKEN})")
_PROTOCOL = re.compile(rf"{_TOKEN}(/{_TOKEN})?")
_CARRIES_HTTP = re.compile(r"h2|http|tls", re.IGNORECASE)
_READING = frozenset({"GET", "HEAD"})
# The gateway's own part of a message: changed by hand it would no longer be true.
_NOT_EDITED = frozenset({"host", "connection", "content-length", "transfer-encoding", "upgrade"})


def _whole_path(text: str) -> str:
    RoutePath(text)
    return text


def _new_path(text: str) -> str:
    if not text.startswith("/") or not text.isascii() or re.search(r"[\s?#]", text):
        raise ValueError('must start with "/" and hold neither spaces nor a query')
    return text


def _edit(text: str) -> str:
    found = _EDIT.fullmatch(text)
    if found is None or not text.isascii() or not text.isprintable():
        raise ValueError('must read "set name=value", "add name=value" or "remove name"')
    return text


def _header_edit(text: str) -> str:
    if read_edit(_edit(text)).name.lower() in _NOT_EDITED:
        raise ValueError("is the gateway's own part of every message")
    return text


def _protocol(text: str) -> str:
    if not _PROTOCOL.fullmatch(text) or _CARRIES_HTTP.match(text):
        raise ValueError("must be a protocol that carries no HTTP, such as websocket")
    return text


def read_edit(text: str) -> Edit:
    """Read "set name=value", "add name=value" or "remove name"; it has been checked."""
    act, _, rest = text.partition(" ")
    name, _, value = rest.partition("=")
    match act:
        case "set" | "add":
            return Edit(act, name, value)
        case _:
            return Edit("remove", name)


QueryEdit = Annotated[str, AfterValidator(_edit)]
HeaderEdit = Annotated[str, AfterValidator(_header_edit)]
HeaderName = Annotated[str, Field(pattern=rf"^{_TOKEN}$")]
WebAddress = Annotated[str, Field(pattern=r"^https?://[!#-;=?-~]+$")]
ProtocolName = Annotated[str, AfterValidator(_protocol)]
HostAndPort = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(:\d{1,5})?$")]
CallerKey = Annotated[str, Field(pattern=rf"^(header|query):{_TOKEN}$")]


class UpstreamSettings(Table):
    """One of several servers that answer for a route (`[[route.upstreams]]`, repeated)."""

    origin: Origin = Field(description="Its origin, such as `http://10.0.0.5:8080`.")
    weight: NonNegativeInt = Field(
        1, description="Its share of the calls; 0 makes it a spare, asked where no other can be."
    )

    def as_upstream(self) -> Upstream:
        """The upstream as a route knows it."""
        return Upstream(self.origin, self.weight)


class HealthSettings(Table):
    """When an upstream of the route is taken for dead, and for alive again (`[route.health]`)."""

    failures: PositiveInt = Field(
        5, description="Failures in a row after which no call is sent to it for a while."
    )
    cooling: PositiveFloat = Field(
        5.0, description="Seconds of that while; then one call is let through to find out."
    )
    path: str | None = Field(
        None,
        pattern=r"^/[!-~]*$",
        description="Path asked for with GET to know how it is; any status below 500 is well. "
        "Unset: only calls tell.",
    )
    interval: float = Field(10.0, ge=0.1, description="Seconds between two such questions.")

    def as_health(self) -> Health:
        """The same as a route knows it."""
        return Health(self.failures, self.cooling, self.path, self.interval)


class RewriteSettings(Table):
    """What is changed on the way (`[route.rewrite]`)."""

    path: Annotated[str, AfterValidator(_new_path)] | None = Field(
        None,
        description="Path told to the upstream; may use the captures of the route's path: "
        "`/v2/don-vi/:ma`, and `*` or `:splat` for what its `*` stood for.",
    )
    query: tuple[QueryEdit, ...] = Field(
        (),
        description="Changes to the call's parameters, in order: `set name=value`, "
        "`add name=value`, `remove name`; a value may use the captures.",
    )
    request: tuple[HeaderEdit, ...] = Field(
        (), description="Changes to the call's header fields, written alike."
    )
    answer: tuple[HeaderEdit, ...] = Field(
        (), description="Changes to the answer's header fields, written alike."
    )
    wsdl: bool = Field(
        False,
        description="Put the public host where SOAP descriptions (`?wsdl`, `?disco`, `?xsd=`, "
        "`.wsdl`) name a server. They are held whole for that, up to 4 MB.",
    )

    def as_rewriting(self) -> Rewriting:
        """The same as a route knows it."""
        path = self.path
        if path is not None and path.endswith("*"):
            path = f"{path[:-1]}:{SPLAT}"
        query, request, answer = (
            tuple(read_edit(text) for text in edits)
            for edits in (self.query, self.request, self.answer)
        )
        return Rewriting(path, query, request, answer, self.wsdl)


class CacheSettings(Table):
    """Keeping answers to GET, as RFC 9111 allows (`[route.cache]`; without it none is kept)."""

    silent: NonNegativeFloat = Field(
        0.0, description="Seconds an answer is fresh that says nothing about it."
    )
    stale_if_error: NonNegativeFloat = Field(
        86_400.0,
        description="Seconds after its time in which an answer may stand in for an upstream that "
        "fails; what the answer says itself goes before.",
    )
    memory: PositiveInt = Field(
        16 * 1024 * 1024, description="Bytes of answers held in each process."
    )
    largest: PositiveInt = Field(1024 * 1024, description="Bytes of the largest answer held.")

    def as_caching(self) -> Caching:
        """The same as a route knows it."""
        return Caching(self.silent, self.stale_if_error, self.memory, self.largest)


class RateSettings(Table):
    """How often one caller may call (`[route.rate]`; without it as often as it likes)."""

    calls: PositiveInt = Field(description="Calls in so many seconds, in each process.")
    seconds: PositiveFloat = Field(60.0, description="The seconds.")
    burst: PositiveInt | None = Field(
        None, description="Calls that may come at once; unset: as many as `calls`."
    )
    key: CallerKey | None = Field(
        None,
        description="What tells callers apart: `header:X-Api-Key` or `query:apikey`. Unset, or "
        "where a call has none: the network it comes from (/24, /56 of IPv6).",
    )

    def as_rate_limit(self) -> RateLimit:
        """The same as a route knows it."""
        return RateLimit(self.calls, self.seconds, self.burst or self.calls, self.key)


class TransitionSettings(Table):
    """What callers are told of the API's end, in every answer (`[route.transition]`)."""

    deprecated: date | None = Field(
        None, description="Day from which it should not be used: `Deprecation` (RFC 9745)."
    )
    sunset: date | None = Field(
        None,
        description="First day on which it may be gone: `Sunset` (RFC 8594). Unset: the day after "
        "`valid_until`, if there is one.",
    )
    page: WebAddress | None = Field(
        None, description="Page that explains it: `Link` with `deprecation` and `sunset`."
    )
    notice: str = Field(
        "",
        max_length=500,
        description="Words for people: `Transition-Notice`, a Display String (RFC 9651).",
    )
    notice_from: date | None = Field(None, description="First day of the notice; unset: at once.")

    def as_transition(self) -> Transition:
        """The same as a route knows it."""
        return Transition(self.deprecated, self.sunset, self.page, self.notice, self.notice_from)

    @model_validator(mode="after")
    def _is_in_order(self) -> Self:
        """RFC 9745, 4: nothing ends before it is deprecated."""
        if self.deprecated and self.sunset and self.sunset < self.deprecated:
            raise ValueError("sunset is before deprecated")
        return self


class RouteSettings(Table):
    """One preserved API (`[[route]]`, repeated): calls passed on to servers that answer them."""

    name: Name = Field(description="Short name used in logs and metrics.")
    host: Host = Field(description="The old host name callers use.")
    path: Annotated[str, AfterValidator(_whole_path)] = Field(
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
