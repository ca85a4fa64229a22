"""Limits of size: a body that grows past what its route allows ends where it does."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.types import Message, Receive, Scope, Send

from gateway.passthrough.failures import AnswerTooLong, CallTooLong


def refuse_long_call(scope: Scope, most: int) -> None:
    """Raise CallTooLong for a body that is announced as too long: not a byte of it is read."""
    if _length(scope["headers"]) > most:
        raise CallTooLong(f"more than {most} bytes")


def no_more_of_call(receive: Receive, most: int) -> Receive:
    """Receive a body of unknown length; raises CallTooLong where it grows too long."""
    heard = 0

    async def receive_bounded() -> Message:
        nonlocal heard
        message = await receive()
        heard += len(message.get("body", b""))
        if heard > most:
            raise CallTooLong(f"more than {most} bytes")
        return message

    return receive_bounded


def no_more_of_answer(send: Send, most: int) -> Send:
    """Send an answer; raises AnswerTooLong, before its head where its length is known."""
    sent = 0

    async def send_bounded(message: Message) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if max(sent, _length(message.get("headers", ()))) > most:
            raise AnswerTooLong(f"more than {most} bytes")
        await send(message)

    return send_bounded


def _length(headers: Iterable[tuple[bytes, bytes]]) -> int:
    """Return the length that is announced; 0 where none is."""
    for name, value in headers:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0
