"""A tap on the wire: it passes bytes on as they are and keeps them, to be compared at both ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

Fields = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Message:
    """One request or answer as it went over the wire; `body` without its framing."""

    first_line: bytes
    fields: Fields
    body: bytes
    whole: bool = True

    @property
    def status(self) -> int:
        """The status of an answer."""
        return int(self.first_line.split(b" ")[1])

    def without(self, names: frozenset[bytes]) -> Fields:
        """Return the header fields in their order and letters, but not these, in lower case."""
        return [(name, value) for name, value in self.fields if name.lower() not in names]

    def value(self, wanted: bytes) -> bytes | None:
        """Return the first value of a field."""
        return next((value for name, value in self.fields if name.lower() == wanted), None)


@dataclass(slots=True)
class Talk:
    """What was said on one connection, in both directions."""

    asked: bytearray = field(default_factory=bytearray)
    answered: bytearray = field(default_factory=bytearray)


class Tap:
    """Passes connections on to one port; gives its own origin and what went through."""

    def __init__(self, listening: socket.socket, port: int) -> None:
        self.origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.port: int = listening.getsockname()[1]
        self._to = port
        self._talks: list[Talk] = []

    def exchanges(self) -> list[tuple[Message, Message]]:
        """Return every request with its answer, by request, whichever connection it took."""
        found = [pair for talk in self._talks for pair in _pairs(talk)]
        return sorted(found, key=lambda pair: (pair[0].first_line, pair[0].body))

    def accept(self, caller: socket.socket) -> None:
        """Carry one connection."""
        talk = Talk()
        self._talks.append(talk)
        server = socket.create_connection(("127.0.0.1", self._to))
        for pair in ((caller, server, talk.asked), (server, caller, talk.answered)):
            threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket, kept: bytearray) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            kept += data
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def tapping() -> Iterator[Callable[[str], Tap]]:
    """Give what puts a tap in front of an origin."""
    with ExitStack() as stack:

        def put(origin: str) -> Tap:
            listening = socket.create_server(("127.0.0.1", 0))
            stack.callback(listening.close)
            stack.callback(suppressed_shutdown, listening)
            tap = Tap(listening, int(origin.rpartition(":")[2]))
            threading.Thread(target=_accept_all, args=(listening, tap), daemon=True).start()
            return tap

        yield put


def suppressed_shutdown(listening: socket.socket) -> None:
    """Wake whoever waits in accept."""
    with suppress(OSError):
        listening.shutdown(socket.SHUT_RDWR)


def _accept_all(listening: socket.socket, tap: Tap) -> None:
    with suppress(OSError):
        while True:
            caller, _address = listening.accept()
            tap.accept(caller)


def _pairs(talk: Talk) -> Iterator[tuple[Message, Message]]:
    asked, answered = bytes(talk.asked), bytes(talk.answered)
    while asked:
        request, asked = _parse(asked, bodiless=True)
        answer, answered = _final(answered, is_head=request.first_line.startswith(b"HEAD "))
        yield request, answer


def _final(raw: bytes, *, is_head: bool) -> tuple[Message, bytes]:
    while raw[9:10] == b"1":
        raw = raw.partition(b"\r\n\r\n")[2]
    bodiless = is_head or raw[9:12] in {b"204", b"304"}
    if bodiless:
        head, _, rest = raw.partition(b"\r\n\r\n")
        return _parse(head + b"\r\n\r\n", bodiless=True, is_framed=False)[0], rest
    return _parse(raw, bodiless=False)


def _parse(raw: bytes, *, bodiless: bool, is_framed: bool = True) -> tuple[Message, bytes]:
    head, end, rest = raw.partition(b"\r\n\r\n")
    first_line, *lines = head.split(b"\r\n")
    pairs = [line.partition(b":")[::2] for line in lines]
    fields = [(name, value.strip()) for name, value in pairs]
    named = {name.lower(): value for name, value in fields}
    whole = bool(end)
    if not is_framed:
        body = b""
    elif b"chunked" in named.get(b"transfer-encoding", b""):
        body, rest, whole = _dechunk(rest)
    elif b"content-length" in named:
        size = int(named[b"content-length"])
        body, rest, whole = rest[:size], rest[size:], len(rest) >= size
    elif bodiless:
        body = b""
    else:
        body, rest = rest, b""  # it ends with the connection
    return Message(first_line, fields, body, whole), rest


def _dechunk(raw: bytes) -> tuple[bytes, bytes, bool]:
    body = b""
    while True:
        line, end, raw = raw.partition(b"\r\n")
        if not end:
            return body, b"", False
        size = int(line.partition(b";")[0], 16)
        if size == 0:
            return body, raw.partition(b"\r\n")[2], True  # no trailers are sent here
        body, raw = body + raw[:size], raw[size + 2 :]
