"""A site: one old portal, moved as a unit, and what its addresses mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

QueryMode = Literal["significant", "ignored", "none"]


@dataclass(frozen=True, slots=True)
class QueryPolicy:
    """Which parts of a query string change what is seen.

    mode "significant" keeps only the parameters named in `names`; "ignored" keeps all but those
    named (and the noise every site ignores: utm_*, fbclid, session ids…); "none" drops the query.
    Names are compared without regard to case.
    """

    mode: QueryMode = "ignored"
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Site:
    """One old portal: its main host, the other hosts it answers to, and its query policy.

    `host` and `aliases` are lower-case IDNA host names without a port; an address on an alias has
    the same key as one on the main host. `unit` is the code of the administrative unit the portal
    spoke for on the last day of that unit (a unit is a code and a date).
    """

    name: str
    title: str
    host: str
    aliases: tuple[str, ...] = ()
    query: QueryPolicy = field(default_factory=QueryPolicy)
    unit: str | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name the site answers to, the main one first."""
        return (self.host, *self.aliases)


@dataclass(frozen=True, slots=True)
class Portal:
    """The new portal: where it lives, and which foreign hosts it may send visitors to.

    `url` is an origin without a trailing slash ("https://haiphong.gov.vn"). `hosts` are the names
    the public site answers to; one of them may also be the host of an old site. `live` are
    patterns (`*`, `:name`) of paths that the new portal itself serves: on a shared host new content
    wins over a mapping.
    """

    url: str
    hosts: tuple[str, ...]
    allowed_targets: frozenset[str] = frozenset()
    live: tuple[str, ...] = ()
