"""A mapping: one old address, one decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType

CanonicalUrl = NewType("CanonicalUrl", str)
"""The one spelling an address is looked up under: `host/path?query`, no scheme.

Made only by `redirects.canonical`.
"""


QueryHandling = Literal["drop", "pass"]
"""What becomes of the visitor's own query: left behind, or put behind the target's."""


class MappingKind(StrEnum):
    """What becomes of an old address."""

    MOVED = "moved"  # 301, or 308 for a method with a body
    TEMPORARY = "temporary"  # 302 or 307: a move on trial
    SPLIT = "split"  # a page that lists several successors
    GONE = "gone"  # 410 with a reason, and the archived copy where there is one
    ARCHIVED = "archived"  # 200: the copy held by us
    KEEP = "keep"  # passed on to the old server, which still answers it
    UNRESOLVED = "unresolved"  # nobody has decided; counted as a miss


@dataclass(frozen=True, slots=True)
class SplitTarget:
    """One successor of a page that was split: what to call it and where it is."""

    label: str
    target: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """One old address and what becomes of it.

    `raw` is the address as it was found, kept beside its `key`. `target` is a path of the portal
    ("/van-ban"), an absolute http(s) URL, or a reference computed when a snapshot is compiled:
    `doc:ID`, `unit:CODE`, `section:SLUG`; only moved and temporary mappings have one, and only of
    them `query` says anything. `targets` belongs to splits, `reason` to gone addresses. `since` is
    when it was decided, in seconds of the epoch, None where that is not known; it makes no other
    decision of two that are alike.
    """

    key: CanonicalUrl
    raw: str
    kind: MappingKind
    target: str | None = None
    targets: tuple[SplitTarget, ...] = ()
    reason: str | None = None
    since: int | None = field(default=None, compare=False)
    query: QueryHandling = "drop"
