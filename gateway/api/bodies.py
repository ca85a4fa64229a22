"""Bodies that are read whole: bounded, and given up when their sender goes."""

from __future__ import annotations

from starlette.types import Receive


async def whole_body(receive: Receive, *, most: int) -> bytes | None:
    """Return the body; None where it is longer than `most` bytes or its sender has gone."""
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > most:
            return None
        if not message.get("more_body", False):
            return b"".join(pieces)
