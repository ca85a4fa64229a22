"""Overhearing an answer on its way to the caller, without holding it up."""

from __future__ import annotations

from starlette.types import Message, Send

from gateway.passthrough.comparing_apart import Answered, Fields


class Overhearing:
    """A `send` that keeps what passes through it, up to `most` bytes of the body."""

    def __init__(self, send: Send, *, most: int) -> None:
        self.status = 0
        self.headers: Fields = []
        self.size = 0
        self.is_whole = False
        """Whether the answer came to its end and all of it was kept."""
        self._send = send
        self._most = most
        self._pieces: list[bytes] = []

    async def __call__(self, message: Message) -> None:
        """Pass a message on, then keep it."""
        await self._send(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = message["headers"]
        elif message["type"] == "http.response.body":
            self._keep(message.get("body", b""))
            self.is_whole = not message.get("more_body", False) and self.size <= self._most

    @property
    def answer(self) -> Answered:
        """What was kept."""
        return Answered(self.status, self.headers, b"".join(self._pieces))

    def _keep(self, piece: bytes) -> None:
        self.size += len(piece)
        if self.size <= self._most:
            self._pieces.append(piece)
        else:
            self._pieces.clear()
