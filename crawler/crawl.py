"""The crawl itself: the shell around pure parts. READ THIS FIRST.

    frontier -> scope, robots, pace -> fetch -> look -> conclude -> record (archive, catalogue)

The network is asynchronous, the database synchronous in a thread; no function here does both.
Killed at any moment, the next crawl goes on with the addresses that are still pending.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from catalogue.archive import Archive
from catalogue.database import Database
from crawler.addresses import Resolver
from crawler.asking import Asker, RobotsAnswer
from crawler.concluding import PROBE, PROBE_PATH, Concluder, Conclusion
from crawler.fetch import (
    NO_VALIDATORS,
    Fetched,
    Fetcher,
    FetchFailed,
    Outcome,
    resolve_by_system,
)
from crawler.frontier import Due, Found, Settlement
from crawler.ledger import LedgerState
from crawler.looking import EXPANDS_AT_MOST, look
from crawler.plan import CrawlPlan
from crawler.progress import Progress
from crawler.recording import Batch, Recorder, begin
from crawler.rereading import Rereading, RereadReport
from redirects.mapping import CanonicalUrl
from redirects.site import Site
from redirects.sites import Sites
from redirects.url import parse_url

GROUP_SECONDS = 0.2  # answers recorded in one transaction
GROUP_SIZE = 64
WAVE = 8  # addresses taken from the frontier at a time, per connection
GIVE_UP_AFTER = 10  # connections refused in a row: the server is down, the rest waits
_NO_ANSWER = frozenset(("connect", "timeout", "network"))


@dataclass(frozen=True, slots=True)
class CrawlReport:
    """What one crawl did. `stopped` says why it ended with addresses still pending, if it did."""

    site: str
    fetched: int
    captured: int
    unchanged: int
    failed: int
    pending: int
    discovered: int
    stopped: str | None = None


async def crawl(
    plan: CrawlPlan,
    database: Database,
    archive: Archive,
    *,
    limit: int | None = None,
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
    resolve: Resolver = resolve_by_system,
) -> CrawlReport:
    """Fetch everything of a site that is due, at most `limit` addresses.

    Raises CatalogueError (no room on the disk, another crawl at work), AddressError for a plan
    whose address is none; what the portal does wrong is in the ledger instead.
    """
    key_of = keys_of(plan.site)
    start = await to_thread.run_sync(begin, plan, database, key_of, now())
    with archive.writer(plan.site.name) as writer:
        recorder = Recorder(plan, database, writer, start.site_id)
        concluder = Concluder(plan, key_of, start.budget)
        async with Fetcher(plan, now=now, resolve=resolve) as fetcher:
            run = _Crawl(
                plan, recorder, concluder, Asker(plan, fetcher, now), now=now, progress=progress
            )
            return await run.run(math.inf if limit is None else limit)


def reread(
    site: Site,
    database: Database,
    archive: Archive,
    *,
    now: Callable[[], datetime],
    progress: Callable[[Progress], None],
) -> RereadReport:
    """Read a site's captures again: documents and suggested mappings. No network, idempotent.

    Raises CatalogueError for a site the catalogue does not know.
    """
    return Rereading(site, database, archive, keys_of(site), now).run(progress)


def keys_of(site: Site) -> Callable[[str], CanonicalUrl | None]:
    """Return the function that gives an address of the site its key, and others None."""
    sites = Sites([site])

    def key_of(url: str) -> CanonicalUrl | None:
        found = sites.key_of(url)
        return found[1] if found else None

    return key_of


@dataclass(slots=True)
class _Tally:
    fetched: int = 0
    states: dict[LedgerState, int] = field(default_factory=dict)
    silent: int = 0  # requests in a row without any answer
    stopped: str | None = None

    def count(self, state: LedgerState) -> None:
        self.states[state] = self.states.get(state, 0) + 1


class _Crawl:
    """One crawl on its way."""

    def __init__(
        self,
        plan: CrawlPlan,
        recorder: Recorder,
        concluder: Concluder,
        asker: Asker,
        *,
        now: Callable[[], datetime],
        progress: Callable[[Progress], None],
    ) -> None:
        self._plan = plan
        self._recorder = recorder
        self._concluder = concluder
        self._asker = asker
        self._now = now
        self._progress = progress
        self._robots: dict[str, RobotsAnswer] = {}
        self._robots_lock = anyio.Lock()
        self._tally = _Tally()
        self._batch = Batch((), 0, 0, None)

    async def run(self, limit: float) -> CrawlReport:
        """Fetch wave after wave until nothing is due."""
        await self._knock()
        while self._tally.stopped is None and self._tally.fetched < limit:
            size = int(min(WAVE * self._plan.connections, limit - self._tally.fetched))
            self._batch = await self._next_batch(size)
            if self._batch.due:
                await self._fetch_wave(self._batch.due)
            elif self._batch.next_due_at is not None:
                await self._wait_until(self._batch.next_due_at)
            else:
                break
        return await self._report()

    async def _next_batch(self, size: int) -> Batch:
        return await to_thread.run_sync(self._recorder.next_batch, size, self._now())

    async def _wait_until(self, moment: datetime) -> None:
        now = self._now()
        moment = moment if moment.tzinfo else moment.replace(tzinfo=now.tzinfo)
        await anyio.sleep(max(0.01, (moment - now).total_seconds()))

    async def _report(self) -> CrawlReport:
        batch = await self._next_batch(1)
        states = self._tally.states
        return CrawlReport(
            site=self._plan.site.name,
            fetched=self._tally.fetched,
            captured=states.get(LedgerState.CAPTURED, 0) + states.get(LedgerState.REDIRECT, 0),
            unchanged=states.get(LedgerState.UNCHANGED, 0),
            failed=states.get(LedgerState.FAILED, 0) + states.get(LedgerState.TOO_LARGE, 0),
            pending=batch.pending,
            discovered=batch.discovered,
            stopped=self._tally.stopped,
        )

    # One wave: workers fetch, one task records in groups.

    async def _fetch_wave(self, due: tuple[Due, ...]) -> None:
        send, receive = anyio.create_memory_object_stream[tuple[Due, Conclusion]](GROUP_SIZE)
        queue = iter(due)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._record_all, receive)
            async with send, anyio.create_task_group() as workers:
                for _ in range(min(self._plan.connections, len(due))):
                    workers.start_soon(self._work, queue, send)

    async def _work(
        self, queue: Iterator[Due], send: MemoryObjectSendStream[tuple[Due, Conclusion]]
    ) -> None:
        for due in queue:
            if self._tally.stopped is not None:
                return
            conclusion = await self._visit(due)
            if conclusion is not None:
                self._tell(due, conclusion)
                await send.send((due, conclusion))

    async def _record_all(self, receive: MemoryObjectReceiveStream[tuple[Due, Conclusion]]) -> None:
        async with receive:
            async for first in receive:
                group = [first]
                with anyio.move_on_after(GROUP_SECONDS):
                    while len(group) < GROUP_SIZE:
                        try:
                            group.append(await receive.receive())
                        except anyio.EndOfStream:
                            break
                record = partial(self._recorder.record, group, self._now)
                await to_thread.run_sync(record)

    def _tell(self, due: Due, conclusion: Conclusion) -> None:
        self._tally.count(conclusion.settlement.state)
        self._progress(
            Progress(
                site=self._plan.site.name,
                fetched=self._tally.fetched,
                pending=self._batch.pending,
                discovered=self._batch.discovered,
                failed=self._tally.states.get(LedgerState.FAILED, 0),
                current=due.url,
            )
        )

    # One address.

    async def _visit(self, due: Due) -> Conclusion | None:
        """Fetch one address and conclude; None where the server is given up."""
        refused = self._concluder.refuse(due) or await self._refused_by_robots(due)
        if refused is not None:
            return refused
        held = due.held.validators if due.held else NO_VALIDATORS
        self._tally.fetched += 1
        outcome = await self._asker.ask(due.url, held)
        if self._gives_up(outcome):
            return None
        sight = None
        if isinstance(outcome, Fetched):
            sight = look(outcome, EXPANDS_AT_MOST * self._plan.max_bytes)
        return self._concluder.conclude(due, outcome, sight)

    def _gives_up(self, outcome: Outcome) -> bool:
        if isinstance(outcome, FetchFailed) and outcome.kind in _NO_ANSWER:
            self._tally.silent += 1
        else:
            self._tally.silent = 0
        if self._tally.silent < GIVE_UP_AFTER:
            return False
        assert isinstance(outcome, FetchFailed)
        self._tally.stopped = f"{self._plan.site.host} does not answer ({outcome.detail})"
        return True

    # robots.txt of each host, read once a crawl.

    async def _knock(self) -> None:
        """Read robots.txt of every seed's host; a site that cannot be asked is left for later."""
        for host_url in {f"{parse_url(seed).origin}/": None for seed in self._plan.seeds}:
            answer = await self._robots_of(host_url)
            if answer.unreachable and self._plan.obey_robots:
                host = parse_url(host_url).host
                self._tally.stopped = f"{host} cannot be asked ({answer.unreachable})"
                return
            await self._add_sitemaps(host_url, answer)

    async def _add_sitemaps(self, host_url: str, answer: RobotsAnswer) -> None:
        named = [(url, "sitemap") for url in answer.robots.sitemaps]
        named = named or [(f"{host_url}sitemap.xml", "guess")]
        named.append((f"{host_url}{PROBE_PATH}", PROBE))
        keyed = [(self._concluder.key_of(url), url, source) for url, source in named]
        found = [Found(key, url, source) for key, url, source in keyed if key is not None]
        await to_thread.run_sync(self._recorder.add, found, self._now())

    async def _refused_by_robots(self, due: Due) -> Conclusion | None:
        if not self._plan.obey_robots:
            return None
        answer = await self._robots_of(due.url)
        if answer.robots.allows(due.url):
            return None
        reason = answer.unreachable or "robots.txt"
        return Conclusion(Settlement(due.id, LedgerState.ROBOTS, reason))

    async def _robots_of(self, url: str) -> RobotsAnswer:
        host = parse_url(url).host
        async with self._robots_lock:
            if host not in self._robots:
                answer = await self._asker.read_robots(url)
                self._robots[host] = answer
                await self._keep_robots(answer)
            return self._robots[host]

    async def _keep_robots(self, answer: RobotsAnswer) -> None:
        key = self._concluder.key_of(answer.fetched.url) if answer.fetched else None
        if key is not None and answer.fetched is not None:
            keep = self._recorder.keep_robots
            await to_thread.run_sync(keep, key, answer.fetched, self._now())
