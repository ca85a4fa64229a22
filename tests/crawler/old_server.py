"""A small old server that answers exactly what a test tells it to, and a catalogue to crawl into."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import anyio

from catalogue.archive import Archive
from catalogue.database import Database, open_database
from catalogue.migrating import migrate
from crawler.crawl import CrawlReport, crawl
from crawler.plan import CrawlPlan
from redirects.site import Site


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    target: str
    headers: dict[str, str]


@dataclass
class Answer:
    """What to send back: an ordinary answer, or `raw` bytes after which the connection closes."""

    body: bytes = b""
    status: str = "200 OK"
    headers: dict[str, str] = field(
        default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"}
    )
    raw: bytes | None = None


Reply = str | bytes | Answer | Callable[[Asked], Answer]


class OldServer:
    """A threaded HTTP/1.1 server on 127.0.0.1:0; `pages` maps targets to replies."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply] = {}
        self.default: Reply = Answer(b"<h1>404</h1>", "404 Not Found")
        self.asked: list[Asked] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def targets(self) -> list[str]:
        return [each.target for each in self.asked]

    def close(self) -> None:
        with contextlib.suppress(OSError):  # closed already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while self._answer(connection, stream):
                    pass
            except OSError:
                return

    def _answer(self, connection: socket.socket, stream: object) -> bool:
        line = stream.readline()  # type: ignore[attr-defined]  # a socket's file
        if not line:
            return False
        headers: dict[str, str] = {}
        while (header := stream.readline().strip()) != b"":  # type: ignore[attr-defined]  # as above
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        asked = Asked(line.decode("latin-1").split()[1], headers)
        self.asked.append(asked)
        answer = as_answer(self.pages.get(asked.target, self.default), asked)
        if answer.raw is not None:
            connection.sendall(answer.raw)
            return False
        head = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
        connection.sendall(
            f"HTTP/1.1 {answer.status}\r\n{head}Content-Length: {len(answer.body)}\r\n\r\n".encode()
            + answer.body
        )
        return True


def as_answer(reply: Reply, asked: Asked) -> Answer:
    if callable(reply):
        return reply(asked)
    if isinstance(reply, str):
        return Answer(reply.encode())
    return Answer(reply) if isinstance(reply, bytes) else reply


class Clock:
    """Starts in June 2025 and moves with real time, so that waits end."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime(2025, 6, 30, 12, tzinfo=UTC) + (datetime.now(UTC) - self.start)


SITE = Site("cu", "Cổng cũ", "cu.gov.vn", aliases=("www.cu.gov.vn",))


class World:
    """A server, a catalogue, an archive and a plan that joins them."""

    def __init__(self, directory: Path) -> None:
        url = f"sqlite:///{directory / 'catalogue.db'}"
        migrate(url)
        self.url = url
        self.server = OldServer()
        self.database: Database = open_database(url)
        self.archive = Archive(directory / "archive")
        self.now = Clock()
        self.plan = CrawlPlan(
            SITE,
            ("http://cu.gov.vn/",),
            address=self.server.address,
            delay=0.0,
            tries=2,
            retry_delay=0.01,
            timeout=5,
            connections=2,
        )

    def crawl(self, limit: int | None = None, **changes: object) -> CrawlReport:
        plan = replace(self.plan, **changes)  # type: ignore[arg-type]  # names of the plan's fields

        async def run() -> CrawlReport:
            return await crawl(
                plan,
                self.database,
                self.archive,
                limit=limit,
                now=self.now,
                progress=lambda progress: None,
            )

        return anyio.run(run)

    def states(self) -> dict[str, tuple[str, str | None]]:
        """Return path to (state, reason) of every address in the ledger."""
        from sqlalchemy import select

        from catalogue.schema import ledger

        with self.database.reading() as connection:
            rows = connection.execute(select(ledger.c.key, ledger.c.state, ledger.c.reason))
            return {row.key.removeprefix("cu.gov.vn"): (row.state, row.reason) for row in rows}
