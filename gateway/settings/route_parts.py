"""Settings of the preserved APIs: the tables below a `[[route]]`, one idea each."""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from gateway.settings.fields import Origin, Table
from gateway.settings.route_fields import (
    CallerKey,
    HeaderEdit,
    NewPath,
    QueryEdit,
    WebAddress,
    read_edit,
)
from redirects.route import (
    Caching,
    Health,
    RateLimit,
    Rewriting,
    Transition,
    Upstream,
)
from redirects.route_path import SPLAT


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

    path: NewPath | None = Field(
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
