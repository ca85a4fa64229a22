"""Answers kept in memory for a while: given again while they are fresh, or where nothing else is.

A store is bounded in bytes and forgets what was not asked for longest. What may be kept, and for
how long, is `freshness`; here is only where and under which name.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import Message, Scope, Send

from gateway.answer import http_date
from gateway.passthrough.failures import StoodIn
from gateway.passthrough.freshness import (
    Headers,
    Terms,
    accepts,
    is_unchanged,
    terms_of,
    varying_names,
    wants_fresh,
)
from gateway.passthrough.headers import public_name, target_of
from redirects.route import Caching

_OVERHEAD = 1024  # bytes of an entry beside its header fields and its body
_VARIANTS = 16  # of one address; a caller who varies more gets what the upstream says
_READS = frozenset({"GET", "HEAD"})
_FAILED = frozenset({500, 502, 503, 504})  # RFC 5861, 4
_NOT_IN_304 = frozenset({b"content-length", b"content-encoding", b"content-type", b"content-range"})

_Key = tuple[bytes, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Kept:
    """One answer. `selected` are the request's fields it depends on; moments are of the epoch."""

    status: int
    headers: Headers
    body: bytes
    selected: tuple[tuple[bytes, tuple[bytes, ...]], ...]
    terms: Terms
    came_at: float

    @property
    def size(self) -> int:
        """Return about how many bytes it takes."""
        fields = sum(len(name) + len(value) for name, value in self.headers)
        return _OVERHEAD + fields + len(self.body)

    def age(self, now: float) -> float:
        """Return its age in seconds."""
        return self.terms.age + max(0.0, now - self.came_at)

    def is_fresh(self, now: float) -> bool:
        """Say whether it may be given as if it came from the upstream."""
        return self.age(now) < self.terms.lifetime

    def may_stand_in(self, now: float) -> bool:
        """Say whether it may be given in the place of a failure."""
        return self.age(now) < self.terms.lifetime + self.terms.stale_if_error


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
        """Return an answer to give in the place of a failure."""
        kept = self._find(scope)
        return kept if kept is not None and kept.may_stand_in(self._clock()) else None

    async def give(self, kept: Kept, scope: Scope, send: Send) -> int:
        """Send a kept answer, or 304 to who has it; returns the status."""
        status, headers, body = kept.status, kept.headers, kept.body
        if status == 200 and is_unchanged(scope["headers"], headers):  # noqa: PLR2004 - only what is there can be unchanged
            status, body = 304, b""
            headers = [field for field in headers if field[0].lower() not in _NOT_IN_304]
        age = (b"age", b"%d" % kept.age(self._clock()))
        await send({"type": "http.response.start", "status": status, "headers": [*headers, age]})
        await send({"type": "http.response.body", "body": b"" if _is_head(scope) else body})
        return status

    def keep(self, scope: Scope, status: int, headers: Headers, body: bytes) -> None:
        """Keep a whole answer to GET if it may be kept."""
        now = self._clock()
        names = varying_names(headers)
        terms = terms_of(scope["headers"], status, headers, caching=self.caching, now=now)
        if terms is None or names is None:
            return
        if not any(name.lower() == b"date" for name, _ in headers):
            headers = [*headers, (b"date", http_date(int(now)))]  # its age is counted from here
        kept = Kept(
            status,
            [*(one for one in headers if one[0].lower() not in {b"age", b"content-length"}),
             (b"content-length", b"%d" % len(body))],
            body,
            _selected(scope, names),
            terms,
            now,
        )  # fmt: skip
        key = _key(scope)
        others = [one for one in self._answers.get(key, ()) if one.selected != kept.selected]
        self._replace(key, [kept, *others][:_VARIANTS])
        while self.size > self.caching.memory:
            self._replace(next(iter(self._answers)), [])

    def forget(self, scope: Scope) -> None:
        """Forget what is kept of an address, which a call may have changed (RFC 9111, 4.4)."""
        self._replace(_key(scope), [])

    def _find(self, scope: Scope) -> Kept | None:
        key = _key(scope)
        for kept in self._answers.get(key, ()):
            if kept.selected == _selected(scope, tuple(name for name, _ in kept.selected)):
                self._answers.move_to_end(key)
                return kept
        return None

    def _replace(self, key: _Key, answers: list[Kept]) -> None:
        self.size -= sum(one.size for one in self._answers.pop(key, ()))
        if answers:
            self._answers[key] = answers
            self.size += sum(one.size for one in answers)


class Keeping:
    """Watches one answer go out and keeps it; where it is a failure, a kept one goes instead."""

    def __init__(self, store: AnswerStore, scope: Scope, send: Send) -> None:
        self._store = store
        self._scope = scope
        self._send = send
        self._status = 0
        self._headers: Headers = ()
        self._pieces: list[bytes] | None = None
        self._size = 0

    async def __call__(self, message: Message) -> None:
        """Send a message on, and hold its bytes as well while they may be kept.

        Raises StoodIn once a kept answer has gone out: the upstream's is of no more use.
        """
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], message["headers"]
            if self._status in _FAILED and (kept := self._store.stand_in(self._scope)):
                raise StoodIn(await self._store.give(kept, self._scope, self._send))
            self._begin()
        elif message["type"] == "http.response.body":
            self._hold(message.get("body", b""))
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._end()

    def _begin(self) -> None:
        if self._scope["method"] == "GET" and not _is_partial(self._scope):
            self._pieces = []

    def _hold(self, body: bytes) -> None:
        if self._pieces is None:
            return
        self._size += len(body)
        if self._size > self._store.caching.largest:
            self._pieces = None
        else:
            self._pieces.append(body)

    def _end(self) -> None:
        if self._pieces is not None:
            self._store.keep(self._scope, self._status, self._headers, b"".join(self._pieces))


def may_be_kept(scope: Scope) -> bool:
    """Say whether a call reads, so that a kept answer may answer it."""
    return scope["method"] in _READS and not _is_partial(scope)


def _is_partial(scope: Scope) -> bool:
    return any(name.lower() == b"range" for name, _ in scope["headers"])


def _is_head(scope: Scope) -> bool:
    return bool(scope["method"] == "HEAD")


def _key(scope: Scope) -> _Key:
    public = public_name(scope)  # which answers may name
    return public.scheme, public.host.lower(), target_of(scope)


def _selected(
    scope: Scope, names: tuple[bytes, ...]
) -> tuple[tuple[bytes, tuple[bytes, ...]], ...]:
    return tuple(
        (name, tuple(value for field, value in scope["headers"] if field.lower() == name))
        for name in names
    )
