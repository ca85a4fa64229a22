"""Answers kept in memory for a while: given again while they are fresh, or where nothing else is.

A store is bounded in bytes and forgets what was not asked for longest. What may be kept, and for
how long, is `freshness`; here is only where and under which name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace

from starlette.types import Scope, Send

from gateway.passthrough.freshness import (
    Headers,
    Terms,
    accepts,
    conditions,
    freshened,
    is_unchanged,
    wants_fresh,
)
from gateway.passthrough.headers import public_name, target_of
from gateway.passthrough.kept import Kept, kept_of
from gateway.server.wire import wire_of
from redirects.route import Caching

_VARIANTS = 16  # of one address; a caller who varies more gets what the upstream says
_READS = frozenset({"GET", "HEAD"})
_OK = 200
_NOT_IN_304 = frozenset({b"content-length", b"content-encoding", b"content-type", b"content-range"})

_Key = tuple[bytes, bytes, bytes]


class AnswerStore:
    """The kept answers of one route. `clock` gives seconds of the epoch."""

    def __init__(self, caching: Caching, clock: Callable[[], float]) -> None:
        self.caching = caching
        self.size = 0
        self._clock = clock
        self._answers: OrderedDict[_Key, list[Kept]] = OrderedDict()

    def fresh(self, scope: Scope) -> Kept | None:
        """Return a fresh answer to a call, unless its caller wants one from the upstream."""
        headers: Headers = scope["headers"]
        kept = self._find(scope)
        now = self._clock()
        if kept is None or not kept.is_fresh(now) or wants_fresh(headers):
            return None
        is_accepted = accepts(headers, age=kept.age(now), lifetime=kept.terms.lifetime)
        return kept if is_accepted else None

    def stand_in(self, scope: Scope) -> Kept | None:
        """Return an answer to give in the place of a failure, unless its caller takes none."""
        kept = None if wants_fresh(scope["headers"]) else self._find(scope)
        return kept if kept is not None and kept.may_stand_in(self._clock()) else None

    async def give(self, kept: Kept, scope: Scope, send: Send) -> int:
        """Send a kept answer, or 304 to who has it; returns the status."""
        status, headers, body = kept.status, kept.headers, kept.body
        if status == _OK and is_unchanged(scope["headers"], headers):
            status, body = 304, b""
            headers = [field for field in headers if field[0].lower() not in _NOT_IN_304]
        age = (b"age", b"%d" % kept.age(self._clock()))
        wire = wire_of(scope)
        if wire is not None and kept.spelling is not None:
            wire.answer_as(kept.spelling, is_body_here=True)
        await send({"type": "http.response.start", "status": status, "headers": [*headers, age]})
        await send({"type": "http.response.body", "body": b"" if _is_head(scope) else body})
        return status

    def would_keep(self, scope: Scope, status: int, headers: Headers) -> bool:
        """Say whether an answer may be kept that is not too long, as far as its head says."""
        kept = kept_of(scope, status, headers, b"", caching=self.caching, now=self._clock())
        return kept is not None

    def keep(self, scope: Scope, status: int, headers: Headers, body: bytes) -> None:
        """Keep a whole answer to GET if it may be kept."""
        kept = kept_of(scope, status, headers, body, caching=self.caching, now=self._clock())
        if kept is not None:
            self._add(scope, kept)

    def to_validate(self, scope: Scope) -> tuple[Kept | None, Headers]:
        """Return an answer that the upstream may say is still good, and what asks it."""
        kept = self._find(scope) if scope["method"] == "GET" else None
        if kept is None or kept.status != _OK:
            return None, ()
        asking = conditions(scope["headers"], kept.headers)
        return (kept, asking) if asking else (None, ())

    def renew(self, scope: Scope, kept: Kept, told: Headers) -> Kept:
        """Return a kept answer as fresh as a 304 says it is, and keep it as such if it may be."""
        now = self._clock()
        headers = freshened(kept.headers, told)
        fresh = kept_of(scope, kept.status, headers, kept.body, caching=self.caching, now=now)
        if fresh is None:
            self.forget(scope)
            return replace(kept, headers=headers, terms=Terms(0, 0, 0), came_at=now)
        fresh = replace(fresh, spelling=kept.spelling)
        self._add(scope, fresh)
        return fresh

    def forget(self, scope: Scope) -> None:
        """Forget what is kept of an address, which a call may have changed (RFC 9111, 4.4)."""
        self._replace(_key(scope), [])

    def _find(self, scope: Scope) -> Kept | None:
        key = _key(scope)
        for kept in self._answers.get(key, ()):
            if kept.is_for(scope):
                self._answers.move_to_end(key)
                return kept
        return None

    def _add(self, scope: Scope, kept: Kept) -> None:
        key = _key(scope)
        others = [one for one in self._answers.get(key, ()) if one.selected != kept.selected]
        self._replace(key, [kept, *others][:_VARIANTS])
        while self.size > self.caching.memory:
            self._replace(next(iter(self._answers)), [])

    def _replace(self, key: _Key, answers: list[Kept]) -> None:
        self.size -= sum(one.size for one in self._answers.pop(key, ()))
        if answers:
            self._answers[key] = answers
            self.size += sum(one.size for one in answers)


def may_be_kept(scope: Scope) -> bool:
    """Say whether a call reads, so that a kept answer may answer it."""
    return scope["method"] in _READS and not is_partial(scope)


def is_partial(scope: Scope) -> bool:
    """Say whether a call asks for a part of what is there."""
    return any(name.lower() == b"range" for name, _ in scope["headers"])


def _is_head(scope: Scope) -> bool:
    return bool(scope["method"] == "HEAD")


def _key(scope: Scope) -> _Key:
    public = public_name(scope)  # which answers may name
    return public.scheme, public.host.lower(), target_of(scope)
