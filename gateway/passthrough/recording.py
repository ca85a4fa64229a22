"""Recording calls of a preserved API, to be replayed against its next server.

Safe calls alone, as lines of JSON in files that stay small. Nothing that says who called: of the
header fields those on a short list, no value of the parameter that holds a key, and no call that
names a citizen's file.
"""

from __future__ import annotations

import fcntl
import os
import threading
from hashlib import blake2b
from pathlib import Path

from starlette.types import Scope

from gateway.passthrough.headers import target_of
from gateway.replaying.call import SAFE, RecordedCall
from gateway.replaying.recordings import write_own
from redirects.route import ApiRoute
from redirects.traffic.personal import names_a_file, without_codes

MOST_WAITING = 2_000
"""Calls held in memory between two writings; more are not recorded."""

MOST_KNOWN = 50_000
"""Calls that are known not to be new; then the memory begins anew."""

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes; a full file takes the place of the one before it, and a new one begins."""

_LONGEST_TARGET = 8_192
_TOO_WRONG = 500
_PLAIN = frozenset({"accept", "accept-language", "origin", "soapaction", "x-requested-with"})


class Recordings:
    """Writes calls down in `directory`, a file a route; safe to share between threads."""

    def __init__(self, directory: Path) -> None:
        self.dropped = 0
        """Calls that were not recorded, because too many came at once."""
        self._directory = directory
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, bytes]] = []
        self._known: set[bytes] = set()

    def add(self, route: ApiRoute, scope: Scope, status: int) -> None:
        """Record a call of a route that asks for it; costs no I/O."""
        if route.recording is None or scope["method"] not in SAFE or status >= _TOO_WRONG:
            return
        call = recorded(route, scope)
        if call is None:
            return
        line = write_own(call)
        digest = blake2b(line, digest_size=16, key=route.name.encode()).digest()
        with self._lock:
            if digest in self._known:
                return  # a replay asks each question once
            if len(self._waiting) >= MOST_WAITING:
                self.dropped += 1
                return
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            self._known.add(digest)
            self._waiting.append((route.name, line))

    def flush(self) -> None:
        """Write what waits. Raises OSError; what could not be written is lost."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        lines: dict[str, list[bytes]] = {}
        for route, line in waiting:
            lines.setdefault(route, []).append(line)
        for route, of_route in lines.items():
            self._append(route, b"".join(of_route))

    def _append(self, route: str, data: bytes) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        path = self._directory / f"{route}.jsonl"
        with (self._directory / ".lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another process may write, or begin a new file
            if path.exists() and path.stat().st_size + len(data) > LARGEST_FILE:
                path.replace(self._directory / f"{route}.1.jsonl")
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "ab") as file:
                file.write(data)


def recorded(route: ApiRoute, scope: Scope) -> RecordedCall | None:
    """Return what may be written down of a call; None where nothing may be."""
    if route.dossier is not None:
        return None  # each of its calls names a citizen's file
    target = _without_key(target_of(scope), route.caller_key)
    text = target.decode("latin-1")
    if len(target) > _LONGEST_TARGET or without_codes(text) != text or _names_a_file(text):
        return None
    kept = _PLAIN | (route.recording.headers if route.recording else frozenset())
    headers: list[tuple[str, str]] = []
    host = ""
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if name == "host":
            host = value
        elif name in kept:
            headers.append((name, value))
    return RecordedCall("", scope["method"], route.host_header or host, target, tuple(headers))


def _names_a_file(text: str) -> bool:
    return names_a_file(text.partition("?")[2].lower())


def _without_key(target: bytes, caller_key: str | None) -> bytes:
    kind, _, name = (caller_key or "").partition(":")
    path, question, query = target.partition(b"?")
    if kind != "query" or not question:
        return target
    wanted = name.lower().encode("ascii")
    kept = [part for part in query.split(b"&") if part.partition(b"=")[0].lower() != wanted]
    return path + question + b"&".join(kept)
