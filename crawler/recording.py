"""Recording: what was fetched goes to the archive, is synced, and only then enters the catalogue.

Everything here is synchronous and runs in a worker thread. A death between the two steps leaves
records nobody points at, never a pointer to nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from catalogue.archive import ArchiveWriter, Placed
from catalogue.capture import Capture
from catalogue.captures import Captures
from catalogue.database import Database
from catalogue.rekeying import keep_site
from catalogue.sites import Sites as KeptSites
from catalogue.warc import Exchange, digest_of
from crawler.concluding import Conclusion, KeyOf, parked_reason, retry_at
from crawler.fetch import Fetched
from crawler.frontier import Due, Found, Frontier, Settlement
from crawler.inventory import urls_in_inventory, urls_in_log
from crawler.ledger import LedgerState
from crawler.plan import CrawlPlan
from crawler.traps import TrapBudget, family_of, template_of
from redirects.mapping import CanonicalUrl


@dataclass(frozen=True, slots=True)
class Start:
    """What a crawl begins with: the site's row, and what was learnt about its traps."""

    site_id: int
    budget: TrapBudget
    again: int  # addresses made due again by a new round


@dataclass(frozen=True, slots=True)
class Batch:
    """Addresses to fetch next, and how the ledger stands."""

    due: tuple[Due, ...]
    pending: int
    discovered: int
    next_due_at: datetime | None


def begin(plan: CrawlPlan, database: Database, key_of: KeyOf, now: datetime) -> Start:
    """Keep the site, begin a round if the last one is complete, and add what the plan names."""
    with database.writing() as connection:
        keep_site(connection, plan.site, now=now)
        site_id = KeptSites(connection).id_of(plan.site.name)
        frontier = Frontier(connection, site_id)
        again = frontier.begin_round(now)
        frontier.add(_planned(plan, key_of), now)
        parked = frontier.parked_templates()
    return Start(site_id, TrapBudget(parked), again)


def _planned(plan: CrawlPlan, key_of: KeyOf) -> list[Found]:
    named: list[tuple[str, str, int]] = [(url, "seed", 0) for url in plan.seeds]
    named += [(url, "sitemap", 0) for url in plan.sitemaps]
    named += [(url, "log", 1) for path in plan.logs for url in urls_in_log(path, plan.site)]
    named += [
        (url, "inventory", 1)
        for path in plan.inventory
        for url in urls_in_inventory(path, plan.site)
    ]
    keyed = ((key_of(url), url, source, depth) for url, source, depth in named)
    return [Found(key, url, source, depth=depth) for key, url, source, depth in keyed if key]


class Recorder:
    """Writes groups of conclusions for one site."""

    def __init__(
        self, plan: CrawlPlan, database: Database, writer: ArchiveWriter, site_id: int
    ) -> None:
        """Write captures through `writer`, which only this recorder uses."""
        self._plan = plan
        self._database = database
        self._writer = writer
        self._site_id = site_id

    def next_batch(self, limit: int, now: datetime) -> Batch:
        """Return what is due now."""
        with self._database.reading() as connection:
            frontier = Frontier(connection, self._site_id)
            return Batch(
                due=tuple(frontier.next_batch(limit, now)),
                pending=frontier.count(LedgerState.PENDING),
                discovered=frontier.count(),
                next_due_at=frontier.next_due_at(),
            )

    def add(self, found: Sequence[Found], now: datetime) -> None:
        """Add addresses found outside a page."""
        with self._database.writing() as connection:
            Frontier(connection, self._site_id).add(found, now)

    def record(self, group: Sequence[tuple[Due, Conclusion]], now: Callable[[], datetime]) -> None:
        """Store a group of answers: archive, sync, then one transaction."""
        placed = [
            self._writer.add(_exchange(conclusion.stored)) if conclusion.stored else None
            for _, conclusion in group
        ]
        if any(placed):
            self._writer.sync()
        moment = now()
        with self._database.writing() as connection:
            frontier = Frontier(connection, self._site_id)
            captures = Captures(connection)
            for (due, conclusion), place in zip(group, placed, strict=True):
                settlement = self._timed(conclusion, moment)
                if place is not None and conclusion.stored is not None:
                    capture = self._capture(due.key, conclusion.stored, place, conclusion.location)
                    settlement = replace(settlement, capture_id=captures.add(capture))
                frontier.settle([settlement], moment)
                frontier.add(conclusion.found, moment)
                if conclusion.used_up:
                    self._park(frontier, conclusion.used_up, moment)

    def keep_robots(self, key: CanonicalUrl, fetched: Fetched, now: datetime) -> None:
        """Store a robots.txt as a capture of its own, if it differs from the one we hold."""
        with self._database.reading() as connection:
            latest = Captures(connection).latest(key)
        if latest is not None and latest.digest == digest_of(fetched.payload):
            return
        placed = self._writer.add(_exchange(fetched))
        self._writer.sync()
        with self._database.writing() as connection:
            frontier = Frontier(connection, self._site_id)
            capture_id = Captures(connection).add(self._capture(key, fetched, placed, None))
            frontier.add([Found(key, fetched.url, "robots", state=LedgerState.CAPTURED)], now)
            frontier.hold(key, capture_id)

    def _timed(self, conclusion: Conclusion, now: datetime) -> Settlement:
        settlement = conclusion.settlement
        if settlement.state is LedgerState.PENDING and settlement.url is None:
            due_at = retry_at(now, settlement.tries, self._plan.retry_delay)
            return replace(settlement, due_at=due_at)
        return settlement

    def _park(self, frontier: Frontier, template: str, now: datetime) -> None:
        keys = [
            key
            for key, url in frontier.pending_urls()
            if template in (template_of(url), family_of(template_of(url)))
        ]
        frontier.park(keys, parked_reason(template), now)

    def _capture(
        self, key: CanonicalUrl, fetched: Fetched, place: Placed, location: str | None
    ) -> Capture:
        return Capture(
            site=self._plan.site.name,
            key=key,
            url=fetched.url,
            captured_at=fetched.fetched_at,
            status=fetched.status,
            content_type=fetched.header("content-type") or "",
            digest=place.digest,
            length=place.length,
            warc_file=place.file,
            warc_offset=place.offset,
            location=location,
            etag=fetched.header("etag"),
            last_modified=fetched.header("last-modified"),
        )


def _exchange(fetched: Fetched) -> Exchange:
    return Exchange(
        url=fetched.url,
        captured_at=fetched.fetched_at,
        request_head=fetched.request_head,
        status=fetched.status,
        reason=fetched.reason,
        headers=fetched.headers,
        payload=fetched.payload,
        address=fetched.server.ip,
    )
