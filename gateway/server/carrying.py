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

import httptools
from starlette.types import ASGIApp, Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from gateway.answer import Answer
from gateway.logs import log

TARGET = "hopnhat.target"
"""In a scope's extensions: the target as it stood in the request line, "/a?" unlike "/a"."""
CHOSEN = "hopnhat.chosen"
"""In a scope's extensions: what `choose` chose already, or None."""

MOST_POSTED_BYTES = 256 * 1024
MAX_HEAD_BYTES = 64 * 1024

MASKED_UPGRADE = b"^pgrade"
"""How the parser is shown the field Upgrade (upgrading.py); here it is itself again."""

_ORDINARY_BYTES, _ORDINARY_FIELDS = 4_096, 64
"""Of a head: the door lets in whatever is no larger."""

_HASH = ord("#")
_METHODS = {b"GET": "GET", b"HEAD": "HEAD"}
# Whoever sends one of these wants more than an answer to a head.
_WANTS_MORE = frozenset({b"content-length", b"transfer-encoding", MASKED_UPGRADE, b"expect"})


@runtime_checkable
class Chooser(Protocol):
    """An application that can say what answers a request before the request is set up."""

    def choose(self, scope: Scope) -> ASGIApp:
        """Choose by method, raw_path, query_string and headers; an `Answer` is ready."""
        ...

    def redirect(self, host: bytes, target: bytes) -> bytes | None:
        """Write a whole answer to a GET by its one Host and its target, if no more need be known.

        The connection stays open behind it.
        """
        ...


def _nothing(*_asked: object) -> None:
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
        self.turned_at = 0.0
        """When the first letter of this turn was posted, by the loop's clock."""

    def post(
        self, loop: asyncio.AbstractEventLoop, transport: asyncio.Transport, letter: bytes
    ) -> None:
        """Write `letter` when this turn of the loop ends, or as soon as too much is waiting."""
        if not self._letters:
            self.turned_at = loop.time()
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


class HeadReader:
    """Reads requests that are all head, with as little ado as the parser allows.

    The parser judges them as strictly as any other. What it refuses, or takes for more or less than
    one request of HTTP/1.1, is left to the protocol's own. One of it serves all connections of a
    loop: nothing of a request is left in it behind the next one.
    """

    __slots__ = ("_ends", "_parser", "headers", "host", "hosts", "stays", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[bytes, bytes]] = []
        self.hosts = 0
        self.host = b""
        """The last of so many Host fields."""
        self.stays = True
        """Whether the connection stays open behind the request."""
        self._ends = 0
        self._parser = httptools.HttpRequestParser(self)

    def read(self, data: bytes) -> bool:
        """Say whether `data` was one whole request; its target and header fields are at hand."""
        if data.find(b"\r\n\r\n") != len(data) - 4 or len(data) > MAX_HEAD_BYTES:
            return False
        self.target = b""
        self.headers = []
        self.hosts = 0
        self._ends = 0
        parser = self._parser
        try:
            parser.feed_data(data)
            is_one = self._ends == 1 and parser.get_http_version() == "1.1"
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            is_one = False
        if not (is_one and self.stays):  # this parser reads no more
            self._parser = httptools.HttpRequestParser(self)
        return is_one

    def on_url(self, url: bytes) -> None:
        """Keep the target."""
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header field."""
        name = name.lower()
        self.headers.append((name, value))
        if name == b"host":
            self.hosts += 1
            self.host = value

    def on_message_complete(self) -> None:
        """Count what ends, and learn what the parser forgets then."""
        self._ends += 1
        self.stays = self._parser.should_keep_alive()


class CarryingProtocol(HttpToolsProtocol):
    """uvicorn's protocol that writes ready answers itself, and winds its timers seldom."""

    def __init__(
        self,
        *arguments: Any,
        outbox: Outbox | None = None,
        reader: HeadReader | None = None,
        **named: Any,
    ) -> None:
        super().__init__(*arguments, **named)
        self._outbox = outbox or Outbox()
        self._reader = reader or HeadReader()
        self._ahead: list[ASGIApp | None] = []  # what was chosen for the request that is read next
        is_chooser = isinstance(self.app, Chooser)
        self._ask: Callable[[Scope], ASGIApp | None] = self.app.choose if is_chooser else _nothing
        self._redirect: Callable[[bytes, bytes], bytes | None] = (
            self.app.redirect if is_chooser else _nothing
        )
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
        if self._ahead:
            chosen = self._ahead.pop()
        else:
            chosen = self._choose(method, self.url, self.headers) if method else None
        if method and isinstance(chosen, Answer):
            self._is_answered = True
            # HTTP/1.0 stays only where it says so, in a field of its own.
            stays = self.parser.should_keep_alive() and not (
                self._names_connection and self.parser.get_http_version() == "1.0"
            )
            self._write(chosen, with_body=method == "GET", stays=stays)
        else:
            self._set_up(chosen)
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Tell the application that the body has ended."""
        if not self._is_answered:
            super().on_message_complete()

    # --- answering ---

    def _answers_at_once(self, data: bytes) -> bool:
        """Answer what is one whole request, if its answer is ready; say whether that is done."""
        is_get = data.startswith(b"GET /")
        if not is_get and not data.startswith(b"HEAD /"):
            return False
        reader = self._reader
        if not self._is_free() or not reader.read(data) or _HASH in reader.target:
            return False
        if (
            is_get
            and reader.stays
            and reader.hosts == 1
            and len(data) <= _ORDINARY_BYTES
            and len(reader.headers) <= _ORDINARY_FIELDS
        ):
            try:
                redirect = self._redirect(reader.host, reader.target)
            except Exception:  # noqa: BLE001 - whoever is asked next has the last word
                log.exception("redirecting.failed")
                redirect = None
            if redirect is not None:
                self._post(redirect)
                return True
        chosen = self._choose("GET" if is_get else "HEAD", reader.target, reader.headers)
        if isinstance(chosen, Answer):
            self._write(chosen, with_body=is_get, stays=reader.stays)
            return True
        self._ahead = [chosen]
        return False

    def _is_free(self) -> bool:
        """Say whether an answer may go out now: nobody waits in line, and the client reads."""
        cycle: RequestResponseCycle | None = self.cycle
        return (cycle is None or cycle.response_complete) and not self.flow.write_paused

    def _may_choose(self) -> bool:
        """Say whether the request may be answered now, for what is known before its method is."""
        return (
            self._is_head_all
            and self._is_free()
            and self.url.startswith(b"/")
            and _HASH not in self.url
        )

    def _choose(
        self, method: str, target: bytes, headers: list[tuple[bytes, bytes]]
    ) -> ASGIApp | None:
        """Return what answers this request; None where the application has to find out."""
        path, _, query = target.partition(b"?")
        scope = {
            "type": "http",
            "method": method,
            "raw_path": path,
            "query_string": query,
            "headers": headers,
            "client": self.client,
        }
        try:
            return self._ask(scope)
        except Exception:  # noqa: BLE001 - asked again it fails again, where 500 is answered
            log.exception("choosing.failed")
            return None

    def _write(self, answer: Answer, *, with_body: bool, stays: bool) -> None:
        letter = answer.whole(with_body=with_body, last=not stays)
        self._post(letter)
        if not stays:
            self._outbox.send()
            self.transport.close()

    def _post(self, letter: bytes) -> None:
        """Write a whole answer, and wait for the next request."""
        outbox = self._outbox
        outbox.post(self.loop, self.transport, letter)
        self.server_state.total_requests += 1
        self._idle_since = outbox.turned_at
        if self.timeout_keep_alive_task is None:
            self._wind(self.timeout_keep_alive)

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

    def _wind(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            seconds, self.timeout_keep_alive_handler
        )

    def _unset_keepalive_if_required(self) -> None:
        """Be busy; uvicorn says so whenever something comes in."""
        self._idle_since = None
