"""Upkeep: what the console does between requests, so that a decision is found a second later.

Every round folds the misses that the public site spooled and brings the search index up to date.
The public site only reads; the console is the one that writes, so this is its place. A round that
fails is logged, shown on the inbox and tried again; the console goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from catalogue.database import CatalogueError
from catalogue.search.engine import SearchError

log = structlog.get_logger()

KNOWN_FAILURES = (CatalogueError, SearchError, SQLAlchemyError, OSError)


@dataclass(frozen=True, slots=True)
class Chore:
    """One thing done every round: what the inbox calls it, and how it is done."""

    name: str
    label: str
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Trouble:
    """A chore that fails, since when, and what it says."""

    label: str
    since: datetime
    text: str


class Upkeep:
    """Runs its chores every `interval` seconds for as long as the console is up."""

    def __init__(
        self, chores: tuple[Chore, ...], *, clock: Callable[[], datetime], interval: float = 0.5
    ) -> None:
        self._chores = chores
        self._clock = clock
        self._interval = interval
        self._troubles: dict[str, Trouble] = {}

    @property
    def trouble(self) -> list[Trouble]:
        """The chores that failed in the last round."""
        return list(self._troubles.values())

    def round(self) -> None:
        """Do every chore once; one that fails does not keep the next from its turn."""
        for chore in self._chores:
            try:
                chore.run()
            except KNOWN_FAILURES as error:
                self._note(chore, error)
            else:
                if self._troubles.pop(chore.name, None):
                    log.info("console.upkeep_recovered", chore=chore.name)

    @asynccontextmanager
    async def running(self, _app: object = None) -> AsyncIterator[None]:
        """Run rounds in the background; on leaving, the round under way is finished."""
        stop = asyncio.Event()
        task = asyncio.create_task(self._run(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def _run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await run_in_threadpool(self.round)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._interval)

    def _note(self, chore: Chore, error: Exception) -> None:
        known = self._troubles.get(chore.name)
        if known is None or known.text != str(error):
            log.error("console.upkeep_failed", chore=chore.name, error=str(error))
        since = known.since if known else self._clock()
        self._troubles[chore.name] = Trouble(chore.label, since, str(error))
