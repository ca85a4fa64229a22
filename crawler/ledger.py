"""The ledger: every address of a site that we know of, and its one state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, func, select

from catalogue.schema import ledger
from catalogue.sites import Sites


class LedgerState(StrEnum):
    """What became of an address."""

    PENDING = "pending"  # to be fetched, or to be tried again
    CAPTURED = "captured"  # stored
    UNCHANGED = "unchanged"  # asked again and the same as the capture we hold
    REDIRECT = "redirect"  # leads elsewhere; the answer is stored
    DUPLICATE = "duplicate"  # stored; says what another address says
    SOFT_ERROR = "soft_error"  # stored; answers 200 and says "not found"
    QUARANTINED = "quarantined"  # stored; spam or personal data suspected
    EXCLUDED = "excluded"  # not fetched: the plan, or what the address is
    ROBOTS = "robots"  # not fetched: the server asks so
    TRAP = "trap"  # parked: one of endlessly many addresses
    FAILED = "failed"  # no whole answer, or an error
    TOO_LARGE = "too_large"  # longer than the plan allows


_NEVER_THERE = ("404", "410")  # the portal's own broken links


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """How many addresses of a site were discovered, and in what state they are."""

    site: str
    discovered: int
    states: Mapping[LedgerState, int]
    reasons: Mapping[tuple[LedgerState, str], int]

    @property
    def pending(self) -> int:
        """Addresses still to be fetched."""
        return self.states.get(LedgerState.PENDING, 0)


def account(connection: Connection, site: str) -> LedgerAccount:
    """Count a site's addresses by state and reason.

    Raises CatalogueError for an unknown site; AssertionError if the sum is not what was discovered.
    """
    mine = ledger.c.site_id == Sites(connection).id_of(site)
    discovered = connection.execute(
        select(func.count()).select_from(ledger).where(mine)
    ).scalar_one()
    rows = connection.execute(
        select(ledger.c.state, ledger.c.reason, func.count())
        .where(mine)
        .group_by(ledger.c.state, ledger.c.reason)
    )
    states: dict[LedgerState, int] = {}
    reasons: dict[tuple[LedgerState, str], int] = {}
    for name, reason, count in rows:
        state = LedgerState(name)
        states[state] = states.get(state, 0) + count
        cause = (state, _cause(reason))
        reasons[cause] = reasons.get(cause, 0) + count
    assert sum(states.values()) == discovered, f"{site}: the ledger does not add up"
    return LedgerAccount(site, int(discovered), states, reasons)


@dataclass(frozen=True, slots=True)
class Loss:
    """An address whose content is not held, and why."""

    url: str
    state: LedgerState
    reason: str
    referrer: str | None


def losses(connection: Connection, site: str, limit: int) -> list[Loss]:
    """Return addresses that failed or were too large; broken links of the portal itself last."""
    statement = (
        select(ledger.c.url, ledger.c.state, ledger.c.reason, ledger.c.referrer)
        .where(
            ledger.c.site_id == Sites(connection).id_of(site),
            ledger.c.state.in_([LedgerState.FAILED.value, LedgerState.TOO_LARGE.value]),
        )
        .order_by(ledger.c.reason.in_(_NEVER_THERE), ledger.c.id)
        .limit(limit)
    )
    return [
        Loss(row.url, LedgerState(row.state), row.reason or "", row.referrer)
        for row in connection.execute(statement)
    ]


def _cause(reason: str | None) -> str:
    """The words of a reason before its particulars: "exclude /x*" and "404" stay, texts go."""
    return (reason or "").partition(": ")[0]
