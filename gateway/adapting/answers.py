"""An answer on its way to the caller: held whole, its codes made those that the caller speaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from starlette.types import Message, Scope, Send

from gateway.adapting.bodies import (
    Fields,
    Kind,
    has_places,
    kind_of,
    value_of,
    with_length,
    without_delay,
)
from gateway.adapting.calls import Adapted
from gateway.adapting.changing import Change
from gateway.adapting.choosing import Chooser
from gateway.adapting.notes import READABLE
from gateway.adapting.places import Place
from gateway.coding import decoded, encoded, takes_gzip

_WITHOUT_BODY = frozenset({204, 304})
_PARTIAL = 206


def asking(scope: Scope) -> Scope:
    """Return a call whose answer comes whole, in a coding that is read here."""
    headers: Fields = []
    for name, value in scope["headers"]:
        match name.lower():
            case b"range" | b"if-range":
                pass
            case b"accept-encoding":
                headers.append((name, b"gzip" if takes_gzip(value) else b"identity"))
            case _:
                headers.append((name, value))
    return {**scope, "headers": headers}


class AnswerAdapter:
    """Sends one answer on, changed."""

    def __init__(
        self,
        send: Send,
        adapted: Adapted,
        places: Sequence[Place],
        chooser: Chooser,
        *,
        most: int,
        left: Callable[[str], None],
    ) -> None:
        """Bodies of more than `most` bytes cross as they came; `left` is told why one did."""
        self._send = send
        self._adapted = adapted
        self._places = places
        self._chooser = chooser
        self._most = most
        self._left = left
        self._start: Message | None = None
        self._kind: Kind | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def is_held(self) -> bool:
        """Say whether an answer has begun of which nothing went out."""
        return self._start is not None

    async def __call__(self, message: Message) -> None:
        """Take a message of the answer."""
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif self._start is None:
            await self._send(message)
        else:
            await self._hold(self._start, message)

    async def _begin(self, start: Message) -> None:
        kind = kind_of(start["headers"])
        is_whole = start["status"] not in _WITHOUT_BODY and start["status"] != _PARTIAL
        if kind is not None and is_whole and has_places(kind, self._places):
            self._start, self._kind = start, kind
        else:
            await self._send(self._told(start))

    async def _hold(self, start: Message, message: Message) -> None:
        self._pieces.append(message.get("body", b""))
        self._size += len(self._pieces[-1])
        more = message.get("more_body", False)
        if more and self._size <= self._most:
            return
        body = b"".join(self._pieces)
        self._start, self._pieces = None, []
        if more or self._size > self._most:
            self._leave("too long")
        else:
            start, body = await self._changed(start, body)
        await self._send(self._told(start))
        await self._send({**message, "body": body})

    async def _changed(self, start: Message, body: bytes) -> tuple[Message, bytes]:
        if self._adapted.scope["method"] == "HEAD":
            # The length would be that of an answer whose codes are not changed.
            fields = [one for one in start["headers"] if one[0].lower() != b"content-length"]
            return {**start, "headers": fields}, body
        coding = value_of(start["headers"], b"content-encoding")
        try:
            text = decoded(body, coding, self._most)
            changed = await without_delay(partial(self._change, text), len(text))
        except ValueError:
            self._leave("unreadable")
            return start, body
        if changed == text:
            return start, body
        sent, coding = encoded(changed, coding)
        return {**start, "headers": with_length(start["headers"], sent, coding)}, sent

    def _change(self, text: bytes) -> bytes:
        adapted = self._adapted
        change = Change(
            self._chooser, adapted.days.turned(), adapted.notes, preferred=adapted.named
        )
        return change.in_body(text, self._kind or Kind.JSON, self._places) if text else text

    def _leave(self, why: str) -> None:
        self._left(why)
        self._adapted.notes.untouched = True

    def _told(self, start: Message) -> Message:
        told = self._adapted.notes.fields()
        if not told:
            return start
        if value_of(start["headers"], b"access-control-allow-origin"):
            told.append(READABLE)  # a script of another origin may read the answer, so this too
        return {**start, "headers": [*start["headers"], *told]}
