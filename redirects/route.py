"""An API route: calls at an old address that go on to servers which still answer them.

A route is data all through: what it matches, who answers, what is changed on the way, what it may
cost, and for how long it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from redirects.route_units import UnitCodes


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server that answers. `origin` is "http://10.0.0.5:8080".

    Calls are shared out by `weight`; one of weight 0 is a spare, asked where no other can be.
    """

    origin: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Health:
    """When an upstream is taken for dead, and for alive again.

    So many `failures` in a row open its breaker for `cooling` seconds; then one call is let through
    to find out. With a `path`, GET of it is asked every `interval` seconds as well.
    """

    failures: int = 5
    cooling: float = 5.0
    path: str | None = None
    interval: float = 10.0


@dataclass(frozen=True, slots=True)
class Edit:
    """One change to a list of parameters or header fields; `value` may use the path's captures."""

    act: Literal["set", "add", "remove"]
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What is changed on the way. `path` is another path, with the captures; None keeps it.

    `query` and `request` change parameters and header fields of the call, `answer` header fields
    of the answer. `wsdl`: SOAP descriptions name the public host where they name a server.
    """

    path: str | None = None
    query: tuple[Edit, ...] = ()
    request: tuple[Edit, ...] = ()
    answer: tuple[Edit, ...] = ()
    wsdl: bool = False


@dataclass(frozen=True, slots=True)
class Caching:
    """How answers to GET are kept (RFC 9111), in memory of each process.

    `silent` is how many seconds an answer is fresh that says nothing about it. `stale_if_error` is
    how long after its time an answer may stand in for an upstream that fails. Sizes are bytes.
    """

    silent: float = 0.0
    stale_if_error: float = 86_400.0
    memory: int = 16 * 1024 * 1024
    largest: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many `calls` a caller may make in so many `seconds`; `burst` of them at once.

    A caller is who has one value of the header field or of the query parameter that `key` names
    ("header:X-Api-Key", "query:apikey"); without one, whoever comes from one network.
    """

    calls: int
    seconds: float = 60.0
    burst: int = 0
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """What callers are told of the API's end, in every answer.

    From `deprecated` on it should not be used, from `sunset` on it may be gone. `page` is an
    address that explains it. `notice` is told from `notice_from` on. Days are days in Vietnam.
    """

    deprecated: date | None = None
    sunset: date | None = None
    page: str | None = None
    notice: str = ""
    notice_from: date | None = None


@dataclass(frozen=True, slots=True)
class Shadow:
    """A server that is to answer one day, asked beside the one that answers, to be compared.

    `share` is how much of the safe calls it gets, from 0 to 1. `ignore` is a file of rules that say
    what may differ.
    """

    origin: str
    share: float
    ignore: str | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Safe calls are written down for a replay, of their fields the common ones and `headers`."""

    headers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApiRoute:
    """Where a preserved API lives and who answers it.

    `path` is matched on raw bytes: exact, with `:name` for one segment, or a prefix that ends in
    `*` ("/api/:nam/*"). `query` is a parameter that must be among a call's, byte for byte
    ("format=feed"), for portals whose pages and APIs share one path. `methods` empty means
    every method. `host_header` is what an upstream is told in Host; None keeps the caller's.
    `server_names` are other hosts by which the upstreams call themselves.

    `credentials` names the header fields with credentials that may cross; None lets all.
    `timeout` is how long an upstream may be silent, `total_timeout` how long a call may last;
    all are seconds. `max_body` and `max_answer` are bytes. A call that may be repeated and had no
    answer goes to at most `tries` upstreams. The days are days in Vietnam, both included; after
    the last one a call is told that the API has ended, and of its `successor`. `caller_key`
    ("header:X-Api-Key", "query:apikey") tells callers apart in the count of who calls.

    `upgrades` names the protocols, lower-case, that a connection may switch to; then it may be
    silent both ways for `upgrade_idle` seconds. `max_upgraded` may be open at once.

    `dossier` names the parameter or the capture that holds the code of a citizen's dossier: such
    calls are answered by who holds that dossier now, and the route needs no upstream. `units` says
    which codes of administrative units are changed on the way.
    """

    name: str
    host: str
    path: str
    upstreams: tuple[Upstream, ...]
    methods: frozenset[str] = frozenset()
    query: str | None = None
    host_header: str | None = None
    server_names: tuple[str, ...] = ()
    contact: str = ""
    owner: str = ""
    health: Health = Health()
    rewriting: Rewriting = Rewriting()
    credentials: frozenset[str] | None = None
    connect_timeout: float = 5.0
    timeout: float = 30.0
    total_timeout: float | None = None
    max_body: int | None = None
    max_answer: int | None = None
    tries: int = 2
    caching: Caching | None = None
    rate_limit: RateLimit | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    successor: str | None = None
    dossier: str | None = None
    units: UnitCodes | None = None
    caller_key: str | None = None
    transition: Transition | None = None
    upgrades: frozenset[str] = frozenset({"websocket"})
    upgrade_idle: float = 300.0
    max_upgraded: int = 500
    shadow: Shadow | None = None
    recording: Recording | None = None

    @property
    def has_dates(self) -> bool:
        """Whether it is for some days only."""
        return self.valid_from is not None or self.valid_until is not None

    def has_begun(self, on: date) -> bool:
        """Whether calls are passed on, or were."""
        return self.valid_from is None or self.valid_from <= on

    def has_ended(self, on: date) -> bool:
        """Whether its last day is over."""
        return self.valid_until is not None and self.valid_until < on
