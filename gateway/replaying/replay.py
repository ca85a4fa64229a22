"""A replay: recorded calls sent to two servers at a bounded pace, and what came of each."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.comparing.compare import compare
from gateway.comparing.reply import Difference, Reply
from gateway.comparing.rules import Ignored
from gateway.replaying.asking import Server, Unanswered
from gateway.replaying.call import SAFE, RecordedCall


class Replayed(NamedTuple):
    """What came of one call: differences, or which server did not answer, and why."""

    call: RecordedCall
    differences: tuple[Difference, ...] = ()
    unanswered: dict[str, str] = {}  # noqa: RUF012 - a tuple's default, never changed

    @property
    def is_same(self) -> bool:
        """Say whether both answered, and the same."""
        return not self.differences and not self.unanswered


@dataclass(slots=True)
class Replay:
    """What came of all calls; `different` has them in the recording's order."""

    sent: int = 0
    same: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    different: list[Replayed] = field(default_factory=list)

    def add(self, one: Replayed) -> None:
        """Count one call."""
        self.sent += 1
        if one.is_same:
            self.same += 1
        else:
            self.different.append(one)

    def by_place(self) -> Counter[tuple[str, str]]:
        """Count the calls that differ, by the part and place where they do."""
        places: Counter[tuple[str, str]] = Counter()
        for one in self.different:
            places.update({(each.part.value, each.place) for each in one.differences})
            places.update(("unanswered", server) for server in one.unanswered)
        return places


@dataclass(frozen=True, slots=True)
class Choice:
    """Which calls are replayed: `path` is what their path begins with, `limit` is how many."""

    limit: int
    path: str = "/"
    unsafe: bool = False

    def chosen(self, calls: Iterable[RecordedCall], skipped: Counter[str]) -> list[RecordedCall]:
        """Choose calls, each question once; count in `skipped` why the others are not."""
        chosen: dict[bytes, RecordedCall] = {}
        start = self.path.encode()
        for call in calls:
            if not call.target.startswith(start):
                skipped["another path"] += 1
            elif call.method not in SAFE and not self.unsafe:
                skipped["not safe to repeat"] += 1
            elif call.digest in chosen:
                skipped["asked before"] += 1
            else:
                chosen[call.digest] = call
                if len(chosen) >= self.limit:
                    break
        return list(chosen.values())


class Pace:
    """Lets calls start one after another, so many a second."""

    def __init__(
        self,
        rate: float,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._step = 1 / rate
        self._clock = clock
        self._sleep = sleep
        self._next = clock()

    async def wait(self) -> None:
        """Wait until the next call may start."""
        now = self._clock()
        due = max(self._next, now)
        self._next = due + self._step
        if due > now:
            await self._sleep(due - now)


class Replaying:
    """Sends calls to both servers at the same moment and compares."""

    def __init__(
        self, old: Server, new: Server, *, ignored: Ignored, host: str | None, at_once: int
    ) -> None:
        """`host` is asked for instead of the recorded one; `at_once` calls are under way."""
        self._old = old
        self._new = new
        self._ignored = ignored
        self._host = host
        self._at_once = at_once

    async def run(self, calls: Iterable[RecordedCall], pace: Pace, replay: Replay) -> None:
        """Send every call and add what came of it to `replay`, in their order."""
        under_way: list[asyncio.Task[Replayed]] = []
        for call in calls:
            if len(under_way) >= self._at_once:
                replay.add(await under_way.pop(0))
            await pace.wait()
            under_way.append(asyncio.create_task(self._one(call)))
        for task in under_way:
            replay.add(await task)

    async def _one(self, call: RecordedCall) -> Replayed:
        host = self._host or call.host
        old, new = await asyncio.gather(
            self._ask(self._old, call, host), self._ask(self._new, call, host)
        )
        if isinstance(old, Reply) and isinstance(new, Reply):
            differences = await asyncio.to_thread(
                compare, old, new, self._ignored, method=call.method
            )
            return Replayed(call, differences)
        outcomes = {"old": old, "new": new}
        return Replayed(
            call, unanswered={name: why for name, why in outcomes.items() if isinstance(why, str)}
        )

    @staticmethod
    async def _ask(server: Server, call: RecordedCall, host: str | None) -> Reply | str:
        try:
            return await server.ask(call, host)
        except Unanswered as error:
            return str(error)
