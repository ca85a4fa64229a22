"""Concluding: from one answer to what the ledger says about its address. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus

from catalogue.warc import digest_of
from crawler.fetch import Fetched, FetchFailed, Outcome, TooLarge
from crawler.frontier import PARKED, Due, Found, Settlement
from crawler.ledger import LedgerState
from crawler.links import Link, LinkKind, absolute
from crawler.looking import Sight
from crawler.plan import CrawlPlan
from crawler.scope import Excluded, Foreign, InScope, Trapped, judge, plain_spelling
from crawler.traps import TrapBudget
from redirects.mapping import CanonicalUrl

KeyOf = Callable[[str], CanonicalUrl | None]
IMAGE_DEPTH = 1000  # pictures wait until every page is fetched: their depth counts from here
MAX_SELF_REDIRECTS = 3
PROBE_PATH = "hopnhat-trang-khong-co-that-7d3f"  # no portal has such a page
PROBE = "probe"  # an address made up by us, to see how the portal says "not found"
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524))


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What becomes of an address, what to store, what was found, which template is used up."""

    settlement: Settlement
    stored: Fetched | None = None
    location: str | None = None
    found: tuple[Found, ...] = ()
    used_up: str | None = None


@dataclass(frozen=True, slots=True)
class Concluder:
    """Draws conclusions for one plan; the budget is counted as answers come in."""

    plan: CrawlPlan
    key_of: KeyOf
    budget: TrapBudget
    known: set[int] = field(default_factory=set)  # hashes of addresses judged in this crawl

    def refuse(self, due: Due) -> Conclusion | None:
        """Say why an address is not fetched at all, or None."""
        if due.held is None and due.source != "seed":
            template = self.budget.is_parked(due.url)
            if template:
                return _settled(due, LedgerState.TRAP, parked_reason(template))
        if due.source == "seed":
            return None
        match judge(self._asked(due.url, due.key), self.plan, _page_depth(due.depth)):
            case InScope():
                return None
            case Excluded(rule):
                return _settled(due, LedgerState.EXCLUDED, rule)
            case Trapped(rule):
                return _settled(due, LedgerState.TRAP, rule)
            case Foreign():
                return _settled(due, LedgerState.EXCLUDED, "foreign host")

    def conclude(self, due: Due, outcome: Outcome, sight: Sight | None) -> Conclusion:
        """Say what becomes of an address; `sight` is there for 2xx answers."""
        match outcome:
            case TooLarge(size=size):
                reason = f"{size} bytes, allowed {self.plan.max_bytes}"
                return _settled(due, LedgerState.TOO_LARGE, reason)
            case FetchFailed(kind=kind, detail=detail, passing=passing):
                return self._failed(due, f"{kind}: {detail}", passing=passing, now=None)
            case Fetched():
                return self._answered(due, outcome, sight)

    def _answered(self, due: Due, fetched: Fetched, sight: Sight | None) -> Conclusion:
        status = fetched.status
        location = fetched.header("location")
        if status == HTTPStatus.NOT_MODIFIED:
            return Conclusion(Settlement(due.id, LedgerState.UNCHANGED))
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST and location:
            return self._redirected(due, fetched, location)
        if sight is not None and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return self._captured(due, fetched, sight)
        return self._failed(due, str(status), passing=status in _PASSING, now=fetched.fetched_at)

    def _captured(self, due: Due, fetched: Fetched, sight: Sight) -> Conclusion:
        if due.source == "guess" and sight.listing is None:
            return _settled(due, LedgerState.EXCLUDED, "guessed, not there")
        if due.source == PROBE:
            settlement = Settlement(due.id, LedgerState.SOFT_ERROR, "probe")
            return Conclusion(settlement, stored=fetched)
        found = tuple(self._found(due, sight))
        if _is_same(due, fetched, None):
            return Conclusion(Settlement(due.id, LedgerState.UNCHANGED), found=found)
        if sight.broken:
            settlement = Settlement(due.id, LedgerState.FAILED, sight.broken)
            return Conclusion(settlement, stored=fetched)
        return Conclusion(
            Settlement(due.id, LedgerState.CAPTURED, ""),
            stored=fetched,
            found=found,
            used_up=self._count(due, sight),
        )

    def _count(self, due: Due, sight: Sight) -> str | None:
        if sight.lines is None or due.held is not None:
            return None
        return self.budget.count(due.url, sight.lines, due.referrer)

    def _redirected(self, due: Due, fetched: Fetched, location: str) -> Conclusion:
        target = absolute(location_text(location), fetched.url)
        if target is None:
            return _stored(due, fetched, location, f"no address: {location[:200]}")
        key = self.key_of(target)
        if key == due.key:
            return self._to_itself(due, fetched, target)
        if _is_same(due, fetched, location):
            return Conclusion(Settlement(due.id, LedgerState.UNCHANGED))
        link = Link(target, LinkKind.REDIRECT)
        found = tuple(self._judged(due, [link], "redirect", due.depth))
        return Conclusion(
            Settlement(due.id, LedgerState.REDIRECT, f"{fetched.status}: {target[:500]}"),
            stored=fetched,
            location=location,
            found=found,
        )

    def _to_itself(self, due: Due, fetched: Fetched, target: str) -> Conclusion:
        """The same address in another spelling (https, a slash, a session): ask that one."""
        if target == due.url or due.tries >= MAX_SELF_REDIRECTS:
            return _settled(due, LedgerState.FAILED, f"redirect loop: {target[:200]}")
        settlement = Settlement(
            due.id,
            LedgerState.PENDING,
            f"{fetched.status} to {target[:200]}",
            tries=due.tries + 1,
            url=target,
        )
        return Conclusion(settlement)

    def _failed(self, due: Due, reason: str, *, passing: bool, now: datetime | None) -> Conclusion:
        tries = due.tries + 1
        if due.source in ("guess", PROBE) and not passing:
            return _settled(due, LedgerState.EXCLUDED, "guessed, not there")
        if not passing or tries >= self.plan.tries:
            settlement = Settlement(due.id, LedgerState.FAILED, reason, tries=tries)
            return Conclusion(settlement, used_up=self._count_missing(due, reason))
        return Conclusion(Settlement(due.id, LedgerState.PENDING, reason, tries=tries, due_at=now))

    def _count_missing(self, due: Due, reason: str) -> str | None:
        """Links that lead to nothing use their template up too; lists may well be out of date."""
        if due.source != "link" or due.held is not None or reason not in ("404", "410"):
            return None
        return self.budget.count(due.url, frozenset(), due.referrer)

    def _found(self, due: Due, sight: Sight) -> Iterator[Found]:
        pages = [link for link in sight.links if link.kind is not LinkKind.IMAGE]
        images = [link for link in sight.links if link.kind is LinkKind.IMAGE]
        depth = _page_depth(due.depth)
        yield from self._judged(due, pages, "link", depth + 1)
        yield from self._judged(due, images, "image", IMAGE_DEPTH + depth)
        if sight.listing is not None:
            source = "feed" if sight.listing.is_feed else "sitemap"
            listed = (*sight.listing.indexes, *sight.listing.pages)
            links = [Link(url, LinkKind.PAGE) for raw in listed if (url := absolute(raw, due.url))]
            yield from self._judged(due, links, source, 1)

    def _judged(self, due: Due, links: Iterable[Link], source: str, depth: int) -> Iterator[Found]:
        for link in links:
            mark = hash(link.url)
            if mark in self.known:
                continue
            self.known.add(mark)
            key = self.key_of(link.url)
            if key is None or key == due.key:
                continue
            url = self._asked(link.url, key)
            state, reason = self._verdict(url, _page_depth(depth))
            yield Found(key, url, source, due.url, depth, state, reason)

    def _asked(self, url: str, key: CanonicalUrl) -> str:
        """Return the spelling to judge and ask: without what was hung on it, if that is the key's.

        A portal that hangs a return address on every link to a page hides the page behind what
        looks like a trap; where the site's query policy ignores the parameter, it is no trap.
        """
        plain = plain_spelling(url)
        return plain if plain != url and self.key_of(plain) == key else url

    def _verdict(self, url: str, depth: int) -> tuple[LedgerState, str | None]:
        match judge(url, self.plan, depth):
            case Excluded(rule):
                return LedgerState.EXCLUDED, rule
            case Trapped(rule):
                return LedgerState.TRAP, rule
            case InScope() | Foreign():
                template = self.budget.is_parked(url)
                if template:
                    return LedgerState.TRAP, parked_reason(template)
                return LedgerState.PENDING, None


def parked_reason(template: str) -> str:
    """Return the ledger's words for an address whose template is used up."""
    return f"{PARKED}{template}"


def location_text(raw: str) -> str:
    """Read a raw Location (bytes as Latin-1): UTF-8 where valid, else windows-1258."""
    data = raw.encode("latin-1", "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1258", "replace")


def retry_at(now: datetime, tries: int, first: float) -> datetime:
    """Return when to try again: the wait doubles with each try, plus up to a tenth by chance.

    The chance is drawn from the moment itself, so that a test can hold it.
    """
    wait = first * 2 ** max(tries - 1, 0)
    draw = int.from_bytes(hashlib.sha256(now.isoformat().encode()).digest()[:2], "big") / 65_536
    return now + timedelta(seconds=wait * (1 + draw / 10))


def _page_depth(depth: int) -> int:
    return depth - IMAGE_DEPTH if depth >= IMAGE_DEPTH else depth


def _is_same(due: Due, fetched: Fetched, location: str | None) -> bool:
    held = due.held
    return (
        held is not None
        and held.status == fetched.status
        and held.location == location
        and held.digest == digest_of(fetched.payload)
    )


def _settled(due: Due, state: LedgerState, reason: str, tries: int = 0) -> Conclusion:
    return Conclusion(Settlement(due.id, state, reason, tries=tries))


def _stored(due: Due, fetched: Fetched, location: str, reason: str) -> Conclusion:
    settlement = Settlement(due.id, LedgerState.REDIRECT, reason)
    return Conclusion(settlement, stored=fetched, location=location)
