"""The frontier: which addresses are due next. It is the ledger's pending rows, so it survives us.

An address that is being fetched stays pending until its outcome is recorded; whoever dies in
between loses nothing but that one request.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, func, or_, select, update

from catalogue.database import upsert
from catalogue.schema import capture, ledger
from crawler.fetch import Validators
from crawler.ledger import LedgerState
from redirects.mapping import CanonicalUrl

_ROWS = 500  # per INSERT: SQLite allows 32,766 variables a statement
_RESTS = frozenset((LedgerState.PENDING, LedgerState.TRAP))  # not asked again in a new round

PARKED = "template "  # the reason of a parked address, before its template
_JUDGED = frozenset((LedgerState.DUPLICATE, LedgerState.SOFT_ERROR, LedgerState.QUARANTINED))
_READ = _JUDGED | {LedgerState.CAPTURED, LedgerState.UNCHANGED}


@dataclass(frozen=True, slots=True)
class Found:
    """An address that was discovered, by what means, and its state if it is decided already."""

    key: CanonicalUrl
    url: str
    source: str
    referrer: str | None = None
    depth: int = 0
    state: LedgerState = LedgerState.PENDING
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The capture we hold of an address: enough to tell whether the answer changed."""

    capture_id: int
    digest: str
    status: int
    location: str | None
    validators: Validators


@dataclass(frozen=True, slots=True)
class Due:
    """An address to fetch now, and what we hold of it from an earlier round."""

    id: int
    key: CanonicalUrl
    url: str
    source: str
    referrer: str | None
    depth: int
    tries: int
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """What becomes of a due address. `url` replaces the address to ask (http became https).

    A `reason` of None keeps the one that stands; "" takes it away.
    """

    id: int
    state: LedgerState
    reason: str | None = None
    capture_id: int | None = None
    tries: int = 0
    due_at: datetime | None = None
    url: str | None = None


class Frontier:
    """The ledger of one site, inside one transaction."""

    def __init__(self, connection: Connection, site_id: int) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._site_id = site_id
        self._mine = ledger.c.site_id == site_id

    def add(self, found: Iterable[Found], now: datetime) -> int:
        """Record addresses that are new; returns how many were. Known ones stay as they are."""
        added = 0
        rows = iter({each.key: each for each in reversed(list(found))}.values())
        while chunk := list(islice(rows, _ROWS)):
            statement = (
                upsert(self._connection, ledger)
                .values([self._row(each, now) for each in chunk])
                .on_conflict_do_nothing(index_elements=["site_id", "key"])
            )
            added += self._connection.execute(statement).rowcount
        return added

    def _row(self, found: Found, now: datetime) -> dict[str, object]:
        return {
            "site_id": self._site_id,
            "key": found.key,
            "url": found.url,
            "source": found.source,
            "referrer": found.referrer,
            "depth": found.depth,
            "state": found.state.value,
            "reason": found.reason,
            "tries": 0,
            "discovered_at": now,
            "changed_at": now,
        }

    def next_batch(self, limit: int, now: datetime) -> list[Due]:
        """Return pending addresses that are due, the shallowest first."""
        statement = (
            self._due()
            .where(or_(ledger.c.due_at.is_(None), ledger.c.due_at <= now))
            .order_by(ledger.c.depth, ledger.c.id)
            .limit(limit)
        )
        return [
            Due(
                id=row.id,
                key=CanonicalUrl(row.key),
                url=row.url,
                source=row.source,
                referrer=row.referrer,
                depth=row.depth,
                tries=row.tries,
                held=_held(row),
            )
            for row in self._connection.execute(statement)
        ]

    def _due(self) -> Select[Any]:
        return (
            select(
                ledger,
                capture.c.digest,
                capture.c.status,
                capture.c.location,
                capture.c.etag,
                capture.c.last_modified,
            )
            .join(capture, capture.c.id == ledger.c.capture_id, isouter=True)
            .where(self._mine, ledger.c.state == LedgerState.PENDING.value)
        )

    def next_due_at(self) -> datetime | None:
        """Return when the earliest waiting address may be tried again, if one waits."""
        statement = select(func.min(ledger.c.due_at)).where(
            self._mine, ledger.c.state == LedgerState.PENDING.value
        )
        earliest: datetime | None = self._connection.execute(statement).scalar_one()
        return earliest

    def settle(self, settlements: Sequence[Settlement], now: datetime) -> None:
        """Write what became of addresses; a capture already held is kept where none is given."""
        for each in settlements:
            values: dict[str, object] = {
                "state": each.state.value,
                "tries": each.tries,
                "due_at": each.due_at,
                "changed_at": now,
            }
            if each.reason is not None:
                values["reason"] = each.reason or None
            if each.capture_id is not None:
                values["capture_id"] = each.capture_id
            if each.url is not None:
                values["url"] = each.url
            self._connection.execute(update(ledger).where(ledger.c.id == each.id).values(values))

    def hold(self, key: CanonicalUrl, capture_id: int) -> None:
        """Point an address at a capture, which makes it captured."""
        self._connection.execute(
            update(ledger)
            .where(self._mine, ledger.c.key == key)
            .values(capture_id=capture_id, state=LedgerState.CAPTURED.value)
        )

    def park(self, keys: Iterable[CanonicalUrl], reason: str, now: datetime) -> None:
        """Park pending addresses of a used-up template."""
        rows = iter(keys)
        while chunk := list(islice(rows, _ROWS)):
            self._connection.execute(
                update(ledger)
                .where(
                    self._mine,
                    ledger.c.key.in_(chunk),
                    ledger.c.state == LedgerState.PENDING.value,
                )
                .values(state=LedgerState.TRAP.value, reason=reason, changed_at=now)
            )

    def release(self, reason: str, now: datetime) -> int:
        """Make the addresses parked for a reason due again; returns how many."""
        statement = (
            update(ledger)
            .where(self._mine, ledger.c.state == LedgerState.TRAP.value, ledger.c.reason == reason)
            .values(state=LedgerState.PENDING.value, reason=None, due_at=None, changed_at=now)
        )
        return self._connection.execute(statement).rowcount

    def restate(
        self, states: Mapping[CanonicalUrl, tuple[LedgerState, str]], now: datetime
    ) -> None:
        """Say what reading the captures showed; an address said nothing about is captured again."""
        statement = select(ledger.c.id, ledger.c.key, ledger.c.state, ledger.c.reason).where(
            self._mine, ledger.c.state.in_([state.value for state in _READ])
        )
        for row in self._connection.execute(statement).all():
            default = (LedgerState(row.state), row.reason or "")
            if row.state in _JUDGED:
                default = (LedgerState.CAPTURED, "")
            state, reason = states.get(CanonicalUrl(row.key), default)
            if (state.value, reason) != (row.state, row.reason or "") and row.reason != "probe":
                self.settle([Settlement(row.id, state, reason)], now)

    def begin_round(self, now: datetime) -> int:
        """Make all but parked addresses due again if nothing is pending; returns how many."""
        if self.count(LedgerState.PENDING):
            return 0
        statement = (
            update(ledger)
            .where(
                self._mine,
                ledger.c.state.not_in([state.value for state in _RESTS]),
                ledger.c.source != "robots",
            )
            .values(state=LedgerState.PENDING.value, tries=0, due_at=None, changed_at=now)
        )
        return self._connection.execute(statement).rowcount

    def count(self, state: LedgerState | None = None) -> int:
        """Count the site's addresses, all or of one state."""
        statement = select(func.count()).select_from(ledger).where(self._mine)
        if state is not None:
            statement = statement.where(ledger.c.state == state.value)
        return int(self._connection.execute(statement).scalar_one())

    def pending_urls(self) -> list[tuple[CanonicalUrl, str]]:
        """Return key and URL of every pending address that was never captured."""
        statement = select(ledger.c.key, ledger.c.url).where(
            self._mine,
            and_(ledger.c.state == LedgerState.PENDING.value, ledger.c.capture_id.is_(None)),
        )
        return [(CanonicalUrl(row.key), row.url) for row in self._connection.execute(statement)]

    def parked_templates(self) -> list[str]:
        """Return the templates whose addresses are parked."""
        reasons = self._reasons(LedgerState.TRAP)
        return [each.removeprefix(PARKED) for each in reasons if each.startswith(PARKED)]

    def _reasons(self, state: LedgerState) -> list[str]:
        statement = (
            select(ledger.c.reason)
            .where(self._mine, ledger.c.state == state.value, ledger.c.reason.is_not(None))
            .distinct()
        )
        return list(self._connection.execute(statement).scalars())


def _held(row: Row[Any]) -> Held | None:
    if row.capture_id is None:
        return None
    return Held(
        capture_id=row.capture_id,
        digest=row.digest,
        status=row.status,
        location=row.location,
        validators=Validators(row.etag, row.last_modified),
    )
