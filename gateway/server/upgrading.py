"""Requests for another protocol on the same connection (RFC 9110, 7.8), WebSocket above all.

The parser believes that whatever stands behind such a request is that other protocol already, a
body too, though a server may decline and nearly always does: Java's client asks for HTTP/2 with
its first request, body or not. So the parser is not told. The request is framed like any other,
what comes behind it waits until it is answered, and only an answer of 101 ends HTTP here.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

from gateway.server.carrying import MASKED_UPGRADE, CarryingProtocol
from gateway.server.wire import WIRE, Successor, Wire

MOST_HELD_BYTES = 64 * 1024
"""Sent behind a request for another protocol before it is answered; more is not read yet."""

_UPGRADE = re.compile(rb"\nupgrade:", re.IGNORECASE)


def mask_upgrade(head: bytes) -> bytes:
    """Spell Upgrade so that the parser takes it for any other field."""
    if b"\nupgrade:" not in head.lower():
        return head
    return _UPGRADE.sub(b"\n" + MASKED_UPGRADE + b":", head)


class UpgradingProtocol(CarryingProtocol):
    """Gives each request its wire, and the connection to a successor when HTTP ends on it."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._pending = b""
        self._head = b""  # of the last request, as it came, where it is known

    def on_headers_complete(self) -> None:
        """Tell what comes behind a body from the head."""
        super().on_headers_complete()
        if not self._is_answered:
            self.headers = []
            wire = Wire(self.cycle, self._head, self.headers, self._switch)
            self.scope["extensions"][WIRE] = wire  # type: ignore[assignment]  # set up with a dictionary by CarryingProtocol

    def on_response_complete(self) -> None:
        """Go on with what waited for this answer."""
        super().on_response_complete()
        if self._asks_to_switch and self._pending:
            self.loop.call_soon(self.data_received, b"")

    def _hold(self) -> None:
        if len(self._pending) > MOST_HELD_BYTES:
            self.flow.pause_reading()

    def _switch(self, head: bytes, successor: Successor) -> None:
        """Write the head of a 101 and let `successor` have the connection."""
        self.cycle.disconnected = True  # for ASGI this connection has ended
        self._let_go()
        self.connections.discard(self)
        self.connections.add(successor)  # type: ignore[arg-type]  # the server only shuts it down
        self.flow.resume_reading()
        self.transport.write(head)
        behind, self._pending = self._pending, b""
        ended = partial(self.connections.discard, successor)
        successor.take_over(self.transport, behind, ended)

    def _let_go(self) -> None:
        """Stop every clock of HTTP."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None
