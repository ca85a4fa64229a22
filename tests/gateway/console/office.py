"""An editors' office to test in: a small catalogue as a crawl leaves it, and a signed-in client."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from catalogue.archive import Archive
from catalogue.capture import Capture
from catalogue.captures import Captures
from catalogue.database import Database, open_database
from catalogue.document import AttachmentLink, Document, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.editors import Editors
from catalogue.mappings import Mappings
from catalogue.migrating import migrate
from catalogue.misses import MissCount, Misses
from catalogue.sites import Sites as SiteRows
from catalogue.warc import Exchange
from gateway.console.application import console_application
from gateway.settings.portal import ConsoleSettings, PortalSettings
from gateway.settings.sites import SiteSettings
from gateway.settings.whole import Settings
from redirects.mapping import Mapping, MappingKind
from redirects.sites import Sites

EDITOR, PASSWORD = "bientap", "mot-mat-khau-dai"
NOW = datetime(2025, 7, 1, 1, 0, tzinfo=UTC)
ORIGIN = "http://127.0.0.1"


@dataclass
class Clock:
    """A clock turned by hand."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **parts: float) -> None:
        self.now += timedelta(**parts)


def office_settings(data: Path) -> Settings:
    return Settings(
        data=data,
        portal=PortalSettings(
            title="Cổng Thông tin điện tử thành phố Hải Phòng",
            url="https://haiphong.gov.vn",
            hosts=("haiphong.gov.vn",),
            allowed_targets=("dichvucong.gov.vn",),
        ),
        console=ConsoleSettings(hosts=("127.0.0.1", "localhost")),
        site=(
            SiteSettings(
                name="haiduong",
                title="Cổng TTĐT tỉnh Hải Dương (cũ)",
                host="www.haiduong.gov.vn",
            ),
            SiteSettings(
                name="gialoc",
                title="Trang TTĐT huyện Gia Lộc (cũ)",
                host="gialoc.haiduong.gov.vn",
            ),
        ),
    )


@dataclass(frozen=True)
class Piece:
    """One page or file of an old portal, in short."""

    address: str
    title: str
    section: str = "tin-tuc"
    kind: DocumentKind = DocumentKind.ARTICLE
    state: DocumentState = DocumentState.IMPORTED
    flags: tuple[str, ...] = ()
    text: str = "Ủy ban nhân dân thông báo để các cơ quan, đơn vị và nhân dân biết, thực hiện."
    published_on: date | None = date(2024, 5, 20)
    number: str | None = None
    content_type: str = "text/html; charset=utf-8"
    payload: bytes | None = None
    attachments: tuple[AttachmentLink, ...] = ()
    duplicate_of: int | None = None


PIECES = (
    Piece(
        "http://www.haiduong.gov.vn/-/khai-mac-le-hoi-con-son-kiep-bac",
        "Khai mạc lễ hội Côn Sơn – Kiếp Bạc mùa thu",
    ),
    Piece(
        "http://www.haiduong.gov.vn/-/thong-bao-lich-tiep-cong-dan-thang-7",
        "Thông báo lịch tiếp công dân tháng 7",
        section="thong-bao",
    ),
    Piece(
        "http://www.haiduong.gov.vn/-/quyet-inh-phe-duyet-quy-hoach-su-dung-at",
        "Quyết định phê duyệt quy hoạch sử dụng đất đến năm 2030",
        section="van-ban",
        number="1218/QĐ-UBND",
    ),
    Piece(
        "http://gialoc.haiduong.gov.vn/index.php/tin-tuc/123-thu-hoach-rau-vu-dong",
        "Gia Lộc thu hoạch rau vụ đông, giá bán ổn định",
    ),
    Piece(
        "http://gialoc.haiduong.gov.vn/index.php/tin-tuc/124-ra-quan-lam-duong-giao-thong",
        "Ra quân làm đường giao thông nông thôn",
    ),
    Piece(
        "http://gialoc.haiduong.gov.vn/so-luu-niem?trang=9",
        "Sổ lưu niệm trang 9",
        section="khac",
        flags=("spam",),
        state=DocumentState.QUARANTINED,
        published_on=None,
    ),
    Piece(
        "http://www.haiduong.gov.vn/documents/20182/1218-QD-UBND.pdf",
        "1218-QD-UBND.pdf",
        section="van-ban",
        kind=DocumentKind.ATTACHMENT,
        content_type="application/pdf",
        payload=b"%PDF-1.4 ban goc",
        text="Phê duyệt quy hoạch sử dụng đất.",
    ),
    Piece(
        "http://gialoc.haiduong.gov.vn/images/stories/con-son.png",
        "con-son.png",
        section="thu-vien",
        kind=DocumentKind.ATTACHMENT,
        content_type="image/png",
        payload=b"\x89PNG\r\n\x1a\n",
        text="",
    ),
    Piece(
        "http://gialoc.haiduong.gov.vn/index.php/tin-tuc/130-khai-mac-le-hoi-con-son-kiep-bac",
        "Khai mạc lễ hội Côn Sơn – Kiếp Bạc mùa thu",
        state=DocumentState.DUPLICATE,
        duplicate_of=1,
    ),
)

MISSED = (
    ("http://www.haiduong.gov.vn/-/lich-tiep-cong-dan", 41),
    ("http://gialoc.haiduong.gov.vn/Default.aspx?tabid=119", 7),
)


@dataclass
class Office:
    """A console over its own catalogue."""

    settings: Settings
    database: Database
    clock: Clock = field(default_factory=Clock)

    def application(self) -> Starlette:
        return console_application(self.settings, database=self.database, clock=self.clock)

    def client(self, *, signed_in: bool = True) -> TestClient:
        client = TestClient(self.application(), base_url=ORIGIN, follow_redirects=False)
        client.headers["Origin"] = ORIGIN
        if signed_in:
            with self.database.writing() as connection:
                token = Editors(connection).open_session(1, self.clock())
            client.cookies.set("hopnhat", token)
        return client

    def document(self, document_id: int) -> Document:
        with self.database.reading() as connection:
            found = Documents(connection).find(document_id)
        assert found is not None
        return found

    def states(self) -> list[str]:
        with self.database.reading() as connection:
            ids = range(1, len(PIECES) + 1)
            return [each.state.value for each in Documents(connection).by_ids(list(ids))]


def import_piece(settings: Settings, database: Database, piece: Piece) -> Document:
    """Keep a piece as the crawler does: archive, capture, document, suggested mapping."""
    found = Sites(settings.sites()).key_of(piece.address)
    assert found is not None
    site, key = found
    payload = piece.payload
    if payload is None:
        payload = (
            f"<html><head><title>{piece.title}</title><script>alert(1)</script></head>"
            f"<body><div><h1>{piece.title}</h1><p>{piece.text}</p></div></body></html>"
        ).encode()
    headers = (("Content-Type", piece.content_type), ("Content-Length", str(len(payload))))
    with Archive(settings.archive_directory).writer(site.name) as writer:
        placed = writer.add(
            Exchange(
                url=piece.address,
                captured_at=NOW,
                request_head=b"GET / HTTP/1.1\r\n\r\n",
                status=200,
                reason="OK",
                headers=headers,
                payload=payload,
            )
        )
        writer.sync()
    capture = Capture(
        site=site.name,
        key=key,
        url=piece.address,
        captured_at=NOW,
        status=200,
        content_type=piece.content_type,
        digest=placed.digest,
        length=placed.length,
        warc_file=placed.file,
        warc_offset=placed.offset,
    )
    document = Document(
        site=site.name,
        key=key,
        url=piece.address,
        capture_id=0,
        kind=piece.kind,
        state=piece.state,
        section=piece.section,
        title=piece.title,
        slug=piece.title.lower().replace(" ", "-")
        if piece.kind is DocumentKind.ATTACHMENT
        else "bai-viet",
        text_digest=sha256(piece.address.encode()).hexdigest(),
        number=piece.number,
        published_on=piece.published_on,
        flags=piece.flags,
        duplicate_of=piece.duplicate_of,
    )
    body = DocumentBody(html=f"<p>{piece.text}</p>", text=piece.text, attachments=piece.attachments)
    with database.writing() as connection:
        capture_id = Captures(connection).add(capture)
        kept = Documents(connection).keep(
            replace(document, capture_id=capture_id), body, made_by="crawler", now=NOW
        )
        target = f"doc:{piece.duplicate_of or kept.id}"
        mapping = Mapping(key, piece.address, MappingKind.MOVED, target=target)
        Mappings(connection).suggest(site.name, mapping, 1.0, NOW)
    return kept


def furnish(settings: Settings) -> None:
    """Make the catalogue of an office."""
    settings.data.mkdir(parents=True, exist_ok=True)
    migrate(settings.database_url)
    database = open_database(settings.database_url)
    sites = Sites(settings.sites())
    with database.writing() as connection:
        for site in settings.sites():
            SiteRows(connection).keep(site)
        Editors(connection).add(EDITOR, PASSWORD)
    for piece in PIECES:
        import_piece(settings, database, piece)
    with database.writing() as connection:
        for address, visits in MISSED:
            found = sites.key_of(address)
            assert found is not None
            count = MissCount(found[0].name, found[1], address, visits, NOW.date())
            Misses(connection).add([count])
    database.close()


@contextmanager
def open_office(template: Path, data: Path) -> Iterator[Office]:
    """Open a copy of a furnished office."""
    shutil.copytree(template, data)
    settings = office_settings(data)
    database = open_database(settings.database_url)
    try:
        yield Office(settings, database)
    finally:
        database.close()
