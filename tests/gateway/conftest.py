"""Real small servers for the gateway's tests: ours on a free port, and upstreams of every temper."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import Connection
from starlette.types import ASGIApp

from catalogue.archive import Archive
from catalogue.capture import Capture
from catalogue.captures import Captures
from catalogue.database import Database, open_database
from catalogue.decisions import decide_mapping, take
from catalogue.document import (
    AttachmentLink,
    Document,
    DocumentBody,
    DocumentKind,
    DocumentState,
)
from catalogue.documents import Documents
from catalogue.mappings import Mappings
from catalogue.migrating import migrate
from catalogue.review import Decision, Verb
from catalogue.search.engine import Entry
from catalogue.search.engines import rebuild_index
from catalogue.sites import Sites as SiteTable
from catalogue.warc import Exchange
from gateway.app import create_site
from gateway.server.serving import STALL_SECONDS, configure
from gateway.settings.portal import PortalSettings, ServeSettings
from gateway.settings.routes import RouteSettings
from gateway.settings.sites import SiteSettings
from gateway.settings.whole import Settings
from redirects.mapping import Mapping, MappingKind
from redirects.sites import Sites

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def listen() -> socket.socket:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    return listening


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serve an application the way `hopnhat serve` does; gives its origin."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(
        app: ASGIApp, listening: socket.socket | None = None, *, stall: float = STALL_SECONDS
    ) -> str:
        listening = listening or listen()
        server = uvicorn.Server(configure(app, host="127.0.0.1", port=0, stall=stall))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        running.append((server, thread))
        deadline = threading.Event()
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            deadline.wait(0.01)
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for server, thread in reversed(running):
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the server did not stop"


@pytest.fixture
def upstream() -> Iterator[Callable[[Talk], str]]:
    """Start a server that talks raw bytes, honest or not; gives its origin."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def start(talk: Talk) -> str:
        async def listen() -> int:
            async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                try:
                    await talk(reader, writer)
                except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    pass  # the other side went away, or the test is over
                finally:
                    writer.close()

            server = await asyncio.start_server(guarded, "127.0.0.1", 0)
            port: int = server.sockets[0].getsockname()[1]
            return port

        return f"http://127.0.0.1:{asyncio.run_coroutine_threadsafe(listen(), loop).result(10)}"

    yield start

    async def stop() -> None:
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


@pytest.fixture
def talk_raw() -> Callable[..., bytes]:
    """Send bytes to an origin as they are and return everything that comes until it closes."""

    def send(origin: str, *pieces: bytes, pause: float = 0.0, patience: float = 5.0) -> bytes:
        host, _, port = origin.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=patience) as client:
            received = b""
            try:
                for piece in pieces:
                    client.sendall(piece)
                    threading.Event().wait(pause)
                while data := client.recv(65536):
                    received += data
            except TimeoutError:
                received += b"(still open)"
            except (ConnectionResetError, BrokenPipeError):
                received += b"(reset)"
            return received

    return send


NOW = datetime(2025, 6, 28, 3, 0, tzinfo=UTC)
HAI_DUONG = SiteSettings(
    name="haiduong",
    title="Cổng Thông tin điện tử tỉnh Hải Dương",
    host="www.haiduong.localhost",
    aliases=("haiduong.localhost",),
    unit="30",
)
HAI_PHONG = SiteSettings(
    name="haiphong",
    title="Cổng Thông tin điện tử thành phố Hải Phòng (trước 01/7/2025)",
    host="haiphong.localhost",
    unit="31",
)
GIA_LOC = SiteSettings(
    name="gialoc",
    title="Trang thông tin điện tử huyện Gia Lộc",
    host="gialoc.haiduong.localhost",
    unit="297",
)


@dataclass
class Town:
    """A merged portal in the making: write into its catalogue, then serve it."""

    settings: Settings
    database: Database
    listening: socket.socket
    entries: list[Entry] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.settings.portal.url

    def capture(
        self,
        url: str,
        payload: bytes,
        *,
        content_type: str = "text/html; charset=utf-8",
        status: int = 200,
        at: datetime = NOW,
    ) -> Capture:
        """Put a response of an old portal into the archive and the catalogue."""
        site, key = self.key(url)
        exchange = Exchange(
            url=url,
            captured_at=at,
            request_head=b"GET / HTTP/1.1\r\n\r\n",
            status=status,
            reason="OK",
            headers=(("Content-Type", content_type),),
            payload=payload,
            address=None,
        )
        with Archive(self.settings.archive_directory).writer(site) as writer:
            placed = writer.add(exchange)
            writer.sync()
        capture = Capture(
            site=site,
            key=key,
            url=url,
            captured_at=at,
            status=status,
            content_type=content_type,
            digest=placed.digest,
            length=placed.length,
            warc_file=placed.file,
            warc_offset=placed.offset,
        )
        with self.database.writing() as connection:
            number = Captures(connection).add(capture)
            found = Captures(connection).find(number)
        assert found is not None
        return found

    def page(
        self,
        url: str,
        title: str,
        html: str = "<p>Nội dung.</p>",
        *,
        verdict: Verb | None = Verb.ACCEPT,
        section: str = "tin-tuc",
        slug: str = "trang-thu",
        on: date | None = date(2025, 6, 20),
        files: tuple[AttachmentLink, ...] = (),
        **more: Any,
    ) -> Document:
        """Import a page with its suggested mapping, and decide it as an editor would."""
        whole = f"<html><head><title>{title}</title></head><body>{html}</body></html>"
        capture = self.capture(url, whole.encode())
        document = Document(
            site=capture.site,
            key=capture.key,
            url=url,
            capture_id=capture.id,
            kind=DocumentKind.ARTICLE,
            state=DocumentState.IMPORTED,
            section=section,
            title=title,
            slug=slug,
            text_digest=sha256(f"{title}{html}".encode()).hexdigest(),
            published_on=on,
            **more,
        )
        body = DocumentBody(html, title, ("Trang chủ", "Tin tức"), files)
        return self._decide(document, body, verdict)

    def file(self, url: str, name: str, payload: bytes, content_type: str, **more: Any) -> Document:
        """Import a file."""
        capture = self.capture(url, payload, content_type=content_type)
        document = Document(
            site=capture.site,
            key=capture.key,
            url=url,
            capture_id=capture.id,
            kind=DocumentKind.ATTACHMENT,
            state=DocumentState.IMPORTED,
            section="van-ban",
            title=name,
            slug=name,
            text_digest=sha256(payload).hexdigest(),
            **more,
        )
        return self._decide(document, DocumentBody("", name), Verb.ACCEPT)

    def decide(self, url: str, kind: MappingKind, **what: Any) -> None:
        """Decide an old address by hand."""
        site, key = self.key(url)
        with self.database.writing() as connection:
            decide_mapping(connection, site, Mapping(key, url, kind, **what), editor="an", now=NOW)

    def key(self, url: str) -> tuple[str, Any]:
        found = Sites(self.settings.sites()).key_of(url)
        assert found is not None, url
        return found[0].name, found[1]

    def index(self) -> None:
        """Build the search index of what was accepted."""
        settings = self.settings
        rebuild_index(settings.search.engine, settings.index_directory, self.entries)

    def _decide(self, document: Document, body: DocumentBody, verdict: Verb | None) -> Document:
        with self.database.writing() as connection:
            kept = Documents(connection).keep(document, body, made_by="crawler", now=NOW)
            mapping = Mapping(kept.key, kept.url, MappingKind.MOVED, f"doc:{kept.id}")
            Mappings(connection).suggest(kept.site, mapping, 1.0, NOW)
            if verdict is not None:
                take(connection, [Decision(kept.id, verdict)], editor="an", now=NOW)
            if verdict is Verb.ACCEPT:
                self.entries.append(self._entry(connection, kept, body))
            found = Documents(connection).find(kept.id)
        assert found is not None
        return found

    def _entry(self, connection: Connection, document: Document, body: DocumentBody) -> Entry:
        site = SiteTable(connection).find(document.site)
        return Entry(
            document_id=document.id,
            title=document.title,
            body=body.text,
            url=document.path,
            site=document.site,
            site_title=site.title if site else "",
            section=document.section,
            kind=document.kind,
            published_on=document.published_on,
        )


@pytest.fixture(scope="session")
def blank_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Migrate one database; every town starts from a copy of it."""
    path = tmp_path_factory.mktemp("blank") / "catalogue.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def town(tmp_path: Path, blank_catalogue: Path) -> Iterator[Town]:
    """Three old portals on one new one; the new one keeps the host of one of them."""
    listening = listen()
    port = listening.getsockname()[1]
    settings = Settings(
        data=tmp_path,
        portal=PortalSettings(
            title="Cổng Thông tin điện tử thành phố Hải Phòng",
            url=f"http://haiphong.localhost:{port}",
            hosts=("haiphong.localhost", "127.0.0.1"),
            unit="31",
            hotline="0225 3747 474",
            email="hotro@haiphong.test",
            allowed_targets=("dichvucong.gov.vn",),
        ),
        serve=ServeSettings(poll=0.05),
        site=(HAI_DUONG, HAI_PHONG, GIA_LOC),
        route=(
            RouteSettings(
                name="don-vi",
                host="www.haiduong.localhost",
                path="/api/*",
                upstream="http://127.0.0.1:9",
                contact="Sở Nội vụ",
            ),
        ),
    )
    shutil.copy(blank_catalogue, tmp_path / "catalogue.db")
    database = open_database(settings.database_url)
    with database.writing() as connection:
        for site in settings.sites():
            SiteTable(connection).keep(site)
    yield Town(settings, database, listening)
    database.close()
    listening.close()


@pytest.fixture
def open_town(serve: Callable[..., str]) -> Callable[[Town], str]:
    """Serve a town's public site; gives the origin of the portal."""

    def start(town: Town) -> str:
        serve(create_site(town.settings), town.listening)
        return town.url

    return start
