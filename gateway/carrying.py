"""Carrying answers that are ready straight from the parser to the connection.

A redirect is chosen and written in less time than an ASGI request takes to be set up, so a request
without a body is chosen for as soon as its head is parsed. What is not ready goes on to the ASGI
application together with what was chosen: one choice a request, whoever carries the answer
(docs/decisions/0009).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.answer import Answer
from gateway.logs import log

TARGET = "hopnhat.target"
"""In a scope's extensions: the target as it stood in the request line, "/a?" unlike "/a"."""
CHOSEN = "hopnhat.chosen"
"""In a scope's extensions: what `choose` chose already, or None."""

MOST_POSTED_BYTES = 256 * 1024

MASKED_UPGRADE = b"^pgrade"
"""How the parser is shown the field Upgrade (gateway/upgrading.py); here it is itself again."""

_METHODS = {b"GET": "GET", b"HEAD": "HEAD"}
# Whoever sends one of these wants more than an answer to a head.
_WANTS_MORE = frozenset({b"content-length", b"transfer-encoding", MASKED_UPGRADE, b"expect"})


@runtime_checkable
class Chooser(Protocol):
    """An application that can say what answers a request before the request is set up."""

    def choose(self, scope: Scope) -> ASGIApp:
        """Choose by method, raw_path, query_string and headers; an `Answer` is ready."""
        ...


def _nothing(_scope: Scope) -> None:
    """Choose nothing: an application that does not choose ahead."""


class Outbox:
    """Answers written together, once all requests at hand are answered.

    A write wakes its reader, who takes the processor with everything it keeps warm: on a busy
    machine ten answers in a row and then ten writes cost half of ten times an answer and a write.
    One of it serves all connections of a loop.
    """

    def __init__(self) -> None:
        self._letters: list[tuple[asyncio.Transport, bytes]] = []
        self._size = 0

    def post(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, letter: bytes
    ) -> None:
        """Write `letter` when this turn of the loop ends, or as soon as too much is waiting."""
        if not self._letters:
            loop.call_soon(self.send)
        self._letters.append((transport, letter))
        self._size += len(letter)
        if self._size > MOST_POSTED_BYTES:
            self.send()

    def send(self) -> None:
        """Write everything that waits, in its order."""
        letters, self._letters, self._size = self._letters, [], 0
        for transport, letter in letters:
            if not transport.is_closing():
                transport.write(letter)


class CarryingProtocol(HttpToolsProtocol):
    """uvicorn's protocol that writes ready answers itself, and winds its timers seldom."""

    def __init__(self, *arguments: Any, outbox: Outbox | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._outbox = outbox or Outbox()
        is_chooser = isinstance(self.app, Chooser)
        self._ask: Callable[[Scope], ASGIApp | None] = self.app.choose if is_chooser else _nothing
        self._is_head_all = True
        self._names_connection = False
        self._is_answered = False
        self._asks_to_switch = False
        self._idle_since: float | None = None

    # --- what the parser says ---

    def on_message_begin(self) -> None:
        """Forget the last request. The scope waits until somebody needs it."""
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._is_head_all = True
        self._names_connection = False
        self._is_answered = False
        self._asks_to_switch = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field."""
        name = name.lower()
        if name in _WANTS_MORE:
            self._is_head_all = False
            if name == b"expect" and value.lower() == b"100-continue":
                self.expect_100_continue = True
            elif name == MASKED_UPGRADE:
                name = b"upgrade"
                self._asks_to_switch = True
        elif name == b"connection":
            self._names_connection = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Answer at once if that can be, else set the request up for the application."""
        method = _METHODS.get(self.parser.get_method()) if self._may_choose() else None
        chosen = self._choose(method) if method else None
        if method and isinstance(chosen, Answer):
            self._is_answered = True
            self._write(chosen, method)
        else:
            self._set_up(chosen)
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Tell the application that the body has ended."""
        if not self._is_answered:
            super().on_message_complete()

    # --- answering ---

    def _may_choose(self) -> bool:
        """Say whether an answer could go out now, for what is known before the method is."""
        cycle: RequestResponseCycle | None = self.cycle
        return (
            self._is_head_all
            and (cycle is None or cycle.response_complete)  # else others wait in line
            and not self.flow.write_paused  # the client does not read: ASGI waits for it
            and self.url.startswith(b"/")
            and b"#" not in self.url
        )

    def _choose(self, method: str) -> ASGIApp | None:
        """Return what answers this request; None where the application has to find out."""
        path, _, query = self.url.partition(b"?")
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path,
            "query_string": query,
            "headers": self.headers,
            "client": self.client,
        }
        try:
            return self._ask(scope)
        except Exception:  # noqa: BLE001 - asked again it fails again, where 500 is answered
            log.exception("choosing.failed")
            return None

    def _write(self, answer: Answer, method: str) -> None:
        # HTTP/1.0 stays only where it says so, in a field of its own.
        stays = self.parser.should_keep_alive() and not (
            self._names_connection and self.parser.get_http_version() == "1.0"
        )
        letter = answer.whole(with_body=method == "GET", last=not stays)
        self._outbox.post(self.loop, self.transport, letter)
        self.server_state.total_requests += 1
        if stays:
            self._rest()
        else:
            self._outbox.send()
            self.transport.close()

    def _set_up(self, chosen: ASGIApp | None) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()  # makes the scope, and forgets what is already known
        self.url = url
        self.headers.extend(headers)
        self.expect_100_continue = expects and self.parser.get_http_version() != "1.0"
        self.scope["extensions"] = {TARGET: url, CHOSEN: chosen}  # type: ignore[dict-item]  # the values are ours to choose

    # --- ends of a connection: what was answered goes out first ---

    def eof_received(self) -> None:
        """Answer whoever has said everything."""
        self._outbox.send()

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser does not understand."""
        self._outbox.send()
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """Finish, as the server is told to stop."""
        self._outbox.send()
        super().shutdown()

    # --- keep-alive: a timer that is found out of date when it rings is cheaper than a new one ---

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        super()._unset_keepalive_if_required()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wind the clock anew behind an answer of the application."""
        super()._unset_keepalive_if_required()
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self._idle_since = self.loop.time()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection that has been idle for long; it may have been busy since."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._wind(left)
        else:
            super().timeout_keep_alive_handler()

    def _rest(self) -> None:
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._wind(self.timeout_keep_alive)

    def _wind(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _unset_keepalive_if_required(self) -> None:
        """Be busy; uvicorn says so whenever something comes in."""
        self._idle_since = None
