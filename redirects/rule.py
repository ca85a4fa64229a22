"""A rule: pattern to target, data never code."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from redirects.mapping import MappingKind


class RulePlace(StrEnum):
    """When in the ladder a rule is tried."""

    BEFORE = "before"  # ahead of the site's mappings
    PATTERN = "pattern"  # after exact mappings found nothing
    AFTER = "after"  # the last word before live pages and the archive


@dataclass(frozen=True, slots=True)
class Rule:
    r"""A pattern over canonical paths of one site and where they lead.

    `pattern` speaks the small language `*` (anything, captured as `:splat`) and `:name` (one
    segment), matched against the canonical path with its query; or RE2 when it starts with `^`.
    `target` may use the captures (`:splat`, `:name`, or `\1` for RE2) and otherwise follows the
    grammar of `Mapping.target`; or is `same:/path`, when the address is only another spelling of
    that path of the same site and is answered as that one is. Rules of one place
    are tried by `order`, then by name.
    """

    name: str
    site: str
    pattern: str
    kind: MappingKind = MappingKind.MOVED
    target: str | None = None
    place: RulePlace = RulePlace.PATTERN
    reason: str | None = None
    order: int = 100
