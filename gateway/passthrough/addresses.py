"""Where an upstream's name leads. Each name is looked up by itself, and never twice at a time.

The threads that a loop has for look-ups are few and everybody's: a name whose server is silent
would hold all of them, and no other upstream could be connected to. What was found last is used
while it is looked up anew, and for as long as nothing else can be found.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from threading import Thread

FRESH_SECONDS = 30.0
AGAIN_SECONDS = 1.0

Names = Callable[[str], list[str]]
"""Looks a name up and returns its addresses, the preferred first. Raises OSError."""


class Addresses:
    """The addresses of one host. `names` may take its time: it is called on a thread.

    What was found is `fresh` for so many seconds; after a failure it is looked up `again`.
    """

    def __init__(
        self,
        host: str,
        names: Names,
        *,
        fresh: float = FRESH_SECONDS,
        again: float = AGAIN_SECONDS,
    ) -> None:
        self._host = host
        self._fresh = fresh
        self._again = again
        self._names = names
        self._loop = asyncio.get_running_loop()
        self._is_name = not _is_address(host)
        self._known: list[str] = [] if self._is_name else [host]
        self._due = 0.0
        self._looking: asyncio.Future[None] | None = None
        self._failure = OSError(f"{host} has no address")

    async def find(self) -> list[str]:
        """Return what is known, or wait for it to be. Raises OSError where nothing can be found."""
        if self._is_name and self._loop.time() >= self._due and self._looking is None:
            self._look()
        if not self._known and self._looking is not None:
            await asyncio.shield(self._looking)
        if not self._known:
            raise self._failure
        return self._known

    def doubt(self) -> None:
        """Look the name up again soon: nobody was there."""
        self._due = min(self._due, self._loop.time() + self._again)

    def _look(self) -> None:
        self._looking = self._loop.create_future()
        Thread(target=self._ask, name="names", daemon=True).start()

    def _ask(self) -> None:
        """Look the name up, on a thread of its own."""
        try:
            found, failure = self._names(self._host), None
        except (OSError, UnicodeError) as error:  # a label may be too long to be asked for
            found, failure = [], OSError(str(error))
        with suppress(RuntimeError):  # the loop is closed: nobody wants to know
            self._loop.call_soon_threadsafe(self._learn, found, failure)

    def _learn(self, found: list[str], failure: OSError | None) -> None:
        now = self._loop.time()
        if found:
            self._known, self._due = found, now + self._fresh
        else:
            self._failure, self._due = failure or self._failure, now + self._again
        if self._looking is not None and not self._looking.done():
            self._looking.set_result(None)
        self._looking = None


def look_up(host: str) -> list[str]:
    """Ask the system where a name leads."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
