"""Watching answers go out: some are kept, and what was kept goes out in the place of others."""

from __future__ import annotations

from starlette.types import Message, Scope, Send

from gateway.passthrough.caching import AnswerStore, is_partial
from gateway.passthrough.failures import StoodIn
from gateway.passthrough.freshness import Headers
from gateway.passthrough.kept import Kept

_FAILED = frozenset({500, 502, 503, 504})  # RFC 5861, 4
_UNCHANGED = 304


class Keeping:
    """Watches one answer go out and keeps it.

    `validated` is a kept answer that the upstream was asked about: 304 says that it is still good.
    Where the upstream fails, any kept answer that may stand in for it goes out.
    """

    def __init__(
        self, store: AnswerStore, scope: Scope, send: Send, validated: Kept | None
    ) -> None:
        self._store = store
        self._scope = scope
        self._send = send
        self._validated = validated
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
            if kept := self._instead():
                raise StoodIn(await self._store.give(kept, self._scope, self._send))
            self._begin()
        elif message["type"] == "http.response.body":
            self._hold(message.get("body", b""))
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._end()

    def _instead(self) -> Kept | None:
        """Return what goes out instead of the answer that has begun."""
        if self._status == _UNCHANGED and self._validated is not None:
            return self._store.renew(self._scope, self._validated, self._headers)
        return self._store.stand_in(self._scope) if self._status in _FAILED else None

    def _begin(self) -> None:
        if self._scope["method"] != "GET" or is_partial(self._scope):
            return
        if self._store.would_keep(self._scope, self._status, self._headers):
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
