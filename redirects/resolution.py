"""Resolutions: the outcomes of asking where an old address leads. `match` over all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from redirects.mapping import CanonicalUrl
from redirects.route import ApiRoute


class Request(NamedTuple):  # made once a request: a tuple takes half of a frozen dataclass's time
    """What a visitor asked for, byte for byte: never route on a decoded path (CVE-2026-48710)."""

    host: str
    raw_path: bytes
    raw_query: bytes = b""
    method: str = "GET"


@dataclass(frozen=True, slots=True)
class Successor:
    """One successor of a split page, ready to print."""

    label: str
    location: str


@dataclass(frozen=True, slots=True)
class Proxied:
    """A call of a preserved API: passed on, never redirected."""

    route: ApiRoute


@dataclass(frozen=True, slots=True)
class Retired:
    """A call of a preserved API whose last day is over: 410, and where its successor is."""

    route: ApiRoute


@dataclass(frozen=True, slots=True)
class Live:
    """The new portal itself answers this path on this host."""

    host: str


class Moved(NamedTuple):  # as Request is
    """A redirect: `status` is 301/302 for GET and HEAD, 308/307 for methods with a body.

    `since` is when it was decided, in seconds of the epoch: 0 is long ago, None is not known.
    """

    site: str
    key: CanonicalUrl
    location: str
    status: int
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """A page that lists several successors."""

    site: str
    key: CanonicalUrl
    successors: tuple[Successor, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """Withdrawn for a reason; `archived` says whether a copy is held."""

    site: str
    key: CanonicalUrl
    reason: str | None
    archived: bool


@dataclass(frozen=True, slots=True)
class Archived:
    """Answered with the copy held by us."""

    site: str
    key: CanonicalUrl


class Unresolved(NamedTuple):  # as Request is
    """Nobody has decided yet: 404, and a miss is counted.

    `verbatim` says that what was asked for says no more than its key: it is that key, escaped.
    """

    site: str
    key: CanonicalUrl
    verbatim: bool = False


@dataclass(frozen=True, slots=True)
class UnknownHost:
    """No site answers to this host: 421."""

    host: str


Unmoved = Proxied | Retired | Live | Split | Gone | Archived | Unresolved | UnknownHost
Resolution = Moved | Unmoved


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder: what was tried, with what result."""

    rung: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an address resolves as it does: every rung tried, in order, and the answer."""

    steps: tuple[Step, ...]
    resolution: Resolution
