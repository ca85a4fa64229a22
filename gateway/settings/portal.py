"""Settings of the new portal and of what serves it: site, console, search, suggestions, traffic."""

from __future__ import annotations

from pydantic import (
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from catalogue.search.engines import EngineName
from gateway.settings.fields import Host, Origin, Port, Table
from redirects.suggest import AUTO_ACCEPT
from redirects.traffic.sifting import NoiseRule, Sieve, shipped_rules


class PortalSettings(Table):
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


class ServeSettings(Table):
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
    upstream_connections: PositiveInt = Field(
        128, description="Connections to one upstream of preserved APIs, in each process."
    )
    upstream_waiting: NonNegativeInt = Field(
        256, description="Calls that may wait for one of them, at most 5 s; more are told 503."
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


class ConsoleSettings(Table):
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


class SearchSettings(Table):
    """The search of the new portal."""

    engine: EngineName = Field(
        "tantivy",
        description="`tantivy` is fast at any size; `whoosh` is pure Python, for small portals. "
        "After a change run `hopnhat index --rebuild`.",
    )


class SuggestSettings(Table):
    """Suggestions for old addresses that nobody has decided."""

    accept_above: float = Field(
        AUTO_ACCEPT,
        gt=0,
        le=1,
        description="Score from which suggestions may be accepted in bulk, when somebody asks "
        "for it; none is accepted by itself.",
    )


class TrafficSettings(Table):
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
