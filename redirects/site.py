"""A site: one old portal, moved as a unit, and what its addresses mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

QueryMode = Literal["significant", "ignored", "none"]
CaseMode = Literal["fold", "exact"]

_PROVINCE_DIGITS = 2  # Decisions 124/2004/QĐ-TTg and 19/2025/QĐ-TTg


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
class KeyPolicy:
    """How addresses become keys: what of the query counts, whether case does, and index files.

    `case` "fold" makes one key of all cases, "exact" keeps them apart. `index_files` are last
    parts of a path that mean the folder they stand in ("default.aspx", "pages/default.aspx").
    """

    query: QueryPolicy = field(default_factory=QueryPolicy)
    case: CaseMode = "fold"
    index_files: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PathPolicy:
    """Another policy for the addresses at and below one path ("/van-ban"), in any case."""

    prefix: str
    policy: KeyPolicy


@dataclass(frozen=True, slots=True)
class Site:
    """One old portal: its main host, the other hosts it answers to, and how its keys are made.

    `host` and `aliases` are lower-case IDNA host names without a port; an address on an alias has
    the same key as one on the main host. A `host` that begins with `*.` stands for all names below
    it, each with its own pages and keys; an alias of that form is more names of the main host.
    `cms` names the preset (`redirects.presets`) whose spellings of one page are one key. Of
    policies `below` a path the longest prefix counts. `old_server` is the origin that still
    answers what is decided to be kept. `unit` is the code of the administrative
    unit the portal spoke for on the last day of that unit (a unit is a code and a date).
    """

    name: str
    title: str
    host: str
    aliases: tuple[str, ...] = ()
    query: QueryPolicy = field(default_factory=QueryPolicy)
    unit: str | None = None
    cms: str | None = None
    case: CaseMode = "fold"
    index_files: frozenset[str] = frozenset()
    below: tuple[PathPolicy, ...] = ()
    old_server: str | None = None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name the site answers to, the main one first; some may be patterns."""
        return (self.host, *self.aliases)

    def answers_to(self, host: str) -> bool:
        """Say whether a lower-case host name is one of the site's, by itself or by a pattern."""
        return any(
            host == name or (name.startswith("*.") and host.endswith(name[1:]))
            for name in self.hosts
        )

    @property
    def spoke_for_a_province(self) -> bool:
        """Whether it was a province's own portal: codes of provinces have two digits, by law."""
        return self.unit is not None and len(self.unit) == _PROVINCE_DIGITS

    @property
    def policy(self) -> KeyPolicy:
        """The policy of every address that no policy `below` a path speaks of."""
        return KeyPolicy(self.query, self.case, self.index_files)

    @property
    def has_many_hosts(self) -> bool:
        """Whether the main host is a pattern, so that each name below it has its own keys."""
        return self.host.startswith("*.")


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
