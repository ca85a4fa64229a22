"""A rule: pattern to target, data never code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from redirects.mapping import MappingKind, QueryHandling


class RulePlace(StrEnum):
    """When in the ladder a rule is tried."""

    BEFORE = "before"  # ahead of the site's mappings
    PATTERN = "pattern"  # after exact mappings found nothing
    AFTER = "after"  # the last word before live pages and the archive


@dataclass(frozen=True, slots=True)
class Example:
    """What a rule is to do with one address; a rule that does not is refused.

    `address` is a path of the site, with a query where it has one. `expected` is where it leads,
    written as a target is, or "410", "archived", "keep", or "-" where the rule must not match.
    """

    address: str
    expected: str


@dataclass(frozen=True, slots=True)
class Rule:
    r"""A pattern over canonical paths of one site and where they lead.

    `pattern` speaks the small language `*` (anything, captured as `:splat`) and `:name` (one
    segment), matched against the canonical path with its query; or RE2 when it starts with `^`.
    `target` may use the captures (`:splat`, `:name`, or `\1` for RE2) and otherwise follows the
    grammar of `Mapping.target`; or is `same:/path`, when the address is only another spelling of
    that path of the same site and is answered as that one is. Rules of one place
    are tried by `order`, then by name.

    `query` says what becomes of the visitor's own query: dropped, or passed on behind the target's;
    `add` is a query that is added last ("nguon=cu"). The days of validity are days in Vietnam, both
    included; `review_on` is when somebody should look whether the rule is still needed.
    """

    name: str
    site: str
    pattern: str
    kind: MappingKind = MappingKind.MOVED
    target: str | None = None
    place: RulePlace = RulePlace.PATTERN
    reason: str | None = None
    order: int = 100
    owner: str | None = None
    query: QueryHandling = "drop"
    add: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    review_on: date | None = None
    is_enabled: bool = True
    examples: tuple[Example, ...] = ()

    @property
    def has_dates(self) -> bool:
        """Whether it is for some days only."""
        return self.valid_from is not None or self.valid_until is not None

    def is_valid(self, on: date) -> bool:
        """Whether it holds on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_until is None or on <= self.valid_until
        )
