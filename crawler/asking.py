"""Asking politely: every request waits its turn at the server, and robots.txt is read first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

import anyio

from crawler.concluding import location_text
from crawler.fetch import (
    NO_VALIDATORS,
    Fetched,
    Fetcher,
    FetchFailed,
    Outcome,
    TooLarge,
    Validators,
)
from crawler.links import absolute
from crawler.plan import CrawlPlan
from crawler.politeness import Pace
from crawler.robots import ALLOW_ALL, DISALLOW_ALL, Robots, robots_of
from redirects.url import parse_url

MAX_CRAWL_DELAY = 30.0  # seconds a robots.txt may ask for
ROBOTS_HOPS = 5  # RFC 9309, 2.3.1.2: at least five redirects


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What a host's robots.txt says. `unreachable` says why nobody could read it, if so."""

    robots: Robots
    fetched: Fetched | None = None
    unreachable: str | None = None


class Asker:
    """Asks one site's servers in turn, as fast as they and the plan allow."""

    def __init__(self, plan: CrawlPlan, fetcher: Fetcher, now: Callable[[], datetime]) -> None:
        """Use `fetcher`; paces are counted per server address."""
        self._plan = plan
        self._fetcher = fetcher
        self._now = now
        self._paces: dict[str, Pace] = {}

    async def ask(self, url: str, validators: Validators = NO_VALIDATORS) -> Outcome:
        """Wait for the server's turn, then fetch."""
        pace = await self._pace_of(url)
        wait = pace.reserve(anyio.current_time())
        if wait > 0:
            await anyio.sleep(wait)
        outcome = await self._fetcher.fetch(url, validators)
        if isinstance(outcome, Fetched):
            pace.heed(
                outcome.status,
                outcome.header("retry-after"),
                now=anyio.current_time(),
                today=self._now(),
            )
        return outcome

    async def read_robots(self, url: str) -> RobotsAnswer:
        """Read the robots.txt that speaks for a URL, trying again what may pass."""
        target = f"{parse_url(url).origin}/robots.txt"
        answer = await self._read_robots(target)
        for tries in range(1, self._plan.tries):
            if answer.unreachable is None:
                break
            await anyio.sleep(self._plan.retry_delay * 2 ** (tries - 1))
            answer = await self._read_robots(target)
        delay = answer.robots.crawl_delay
        if delay is not None and self._plan.obey_robots:
            pace = await self._pace_of(url)
            pace.delay = max(pace.delay, min(delay, MAX_CRAWL_DELAY))
        return answer

    async def _read_robots(self, url: str) -> RobotsAnswer:
        for _ in range(ROBOTS_HOPS + 1):
            outcome = await self.ask(url)
            match outcome:
                case FetchFailed(kind=kind, detail=detail):
                    return RobotsAnswer(DISALLOW_ALL, None, f"{kind}: {detail}")
                case TooLarge():
                    return RobotsAnswer(ALLOW_ALL)
                case Fetched() if (target := self._target(outcome)) is not None:
                    url = target
                case Fetched():
                    return _robots_answer(outcome)
        return RobotsAnswer(ALLOW_ALL)

    def _target(self, fetched: Fetched) -> str | None:
        """Return where a redirect leads, if that is on the site itself."""
        location = fetched.header("location")
        if (
            not HTTPStatus.MULTIPLE_CHOICES <= fetched.status < HTTPStatus.BAD_REQUEST
            or not location
        ):
            return None
        target = absolute(location_text(location), fetched.url)
        if target is None or not self._plan.site.answers_to(parse_url(target).host):
            return None
        return target if target != fetched.url else None

    async def _pace_of(self, url: str) -> Pace:
        server = await self._fetcher.server_of(url)
        return self._paces.setdefault(server, Pace(self._plan.delay))


def _robots_answer(fetched: Fetched) -> RobotsAnswer:
    content_type = fetched.header("content-type") or ""
    robots = robots_of(fetched.status, fetched.payload, content_type)
    if fetched.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RobotsAnswer(robots, None, f"robots.txt answers {fetched.status}")
    return RobotsAnswer(robots, fetched if fetched.status == HTTPStatus.OK else None)
