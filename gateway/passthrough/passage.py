"""What one route keeps between its calls: turns of its upstreams, kept answers, callers' rates.

Routes come anew with every snapshot; what is known of a route outlives them as long as the route
says the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Receive, Scope, Send

from gateway.passthrough.caching import AnswerStore, may_be_kept
from gateway.passthrough.callers import caller_of
from gateway.passthrough.descriptions import renaming_of
from gateway.passthrough.failures import TooManyCalls
from gateway.passthrough.keeping import Keeping
from gateway.passthrough.kept import Kept
from gateway.passthrough.limits import no_more_of_answer, no_more_of_call, refuse_long_call
from gateway.passthrough.rates import Rates
from gateway.passthrough.rewriting import rewriter_of
from gateway.passthrough.upstreams import Servers
from redirects.route import ApiRoute

_SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_FIRST_ERROR = 400


@dataclass(frozen=True, slots=True)
class Clocks:
    """`steady` gives seconds that never go back, `wall` seconds of the epoch."""

    steady: Callable[[], float]
    wall: Callable[[], float]


class Passage:
    """One route at work."""

    def __init__(self, route: ApiRoute, servers: Servers, clocks: Clocks) -> None:
        self.route = route
        self.turns = servers.of(route)
        self._rewriter = rewriter_of(route)
        self._renaming = renaming_of(route)
        self._store = AnswerStore(route.caching, clocks.wall) if route.caching else None
        self.keeps = self._store is not None
        self._rates = Rates(route.rate_limit, clocks.steady) if route.rate_limit else None

    def admit(self, scope: Scope) -> None:
        """Let a call in. Raises TooManyCalls or CallTooLong."""
        route = self.route
        if self._rates is not None and route.rate_limit is not None:
            wait = self._rates.take(caller_of(scope, route.rate_limit.key))
            if wait:
                raise TooManyCalls(route.name, retry_after=math.ceil(wait))
        if route.max_body is not None:
            refuse_long_call(scope, route.max_body)

    def prepare(self, scope: Scope, receive: Receive, send: Send) -> tuple[Scope, Receive, Send]:
        """Return a call as it goes to an upstream, and how it is heard and answered."""
        scope = self._crossing(scope)
        if self._store is not None and may_be_kept(scope):
            validated, asking = self._store.to_validate(scope)
            send = Keeping(self._store, scope, send, validated)
            scope = {**scope, "headers": [*scope["headers"], *asking]} if asking else scope
        if self.route.max_answer is not None:
            send = no_more_of_answer(send, self.route.max_answer)
        if self.route.max_body is not None:
            receive = no_more_of_call(receive, self.route.max_body)
        if self._rewriter is not None:
            scope, send = self._rewriter.rewrite(scope, send)
        if self._renaming is not None:
            scope, send = self._renaming.prepare(scope, send)
        return scope, receive, send

    async def answer_from_store(
        self, scope: Scope, send: Send, *, instead_of_failure: bool = False
    ) -> int:
        """Give a kept answer where there is one; return its status, or 0."""
        if self._store is None or not may_be_kept(scope):
            return 0
        scope = self._crossing(scope)
        kept: Kept | None
        kept = self._store.stand_in(scope) if instead_of_failure else self._store.fresh(scope)
        return await self._store.give(kept, scope, send) if kept is not None else 0

    def _crossing(self, scope: Scope) -> Scope:
        """Leave out what does not cross: an answer does not depend on it, and may be kept."""
        return scope if self._rewriter is None else self._rewriter.hold_back(scope)

    def answered(self, scope: Scope, status: int) -> None:
        """Forget what a call may have changed."""
        if self._store is not None and status < _FIRST_ERROR and scope["method"] not in _SAFE:
            self._store.forget(scope)


class Passages:
    """The routes at work in this process, by name."""

    def __init__(self, servers: Servers, clocks: Clocks) -> None:
        self._servers = servers
        self._clocks = clocks
        self._by_name: dict[str, Passage] = {}

    def of(self, route: ApiRoute) -> Passage:
        """Return what is known of a route; nothing is of one that has changed."""
        passage = self._by_name.get(route.name)
        if passage is not None and passage.route is route:
            return passage
        if passage is not None and passage.route == route:
            passage.route = route
            return passage
        passage = self._by_name[route.name] = Passage(route, self._servers, self._clocks)
        return passage
