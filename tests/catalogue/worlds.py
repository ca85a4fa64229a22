"""A small world for the catalogue's tests: one old portal and documents of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from catalogue.capture import Capture
from catalogue.captures import Captures
from catalogue.document import Document, DocumentBody, DocumentKind, DocumentState
from catalogue.documents import Documents
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import QueryPolicy, Site

NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)

HAIDUONG = Site(
    name="haiduong",
    title="Cổng thông tin điện tử tỉnh Hải Dương",
    host="haiduong.gov.vn",
    aliases=("www.haiduong.gov.vn",),
    query=QueryPolicy("significant", frozenset({"id"})),
    unit="30",
)
GIALOC = Site(name="gialoc", title="Huyện Gia Lộc", host="gialoc.haiduong.gov.vn")


@dataclass(frozen=True)
class World:
    """What a test writes with; `connection` is inside one writing transaction."""

    connection: Connection

    def __post_init__(self) -> None:
        sites = Sites(self.connection)
        sites.keep(HAIDUONG)
        sites.keep(GIALOC)

    def capture(self, path: str = "/a", **changes: Any) -> Capture:
        """Keep a capture of a path of the old portal."""
        capture = replace(a_capture(path), **changes)
        return replace(capture, id=Captures(self.connection).add(capture))

    def document(
        self, path: str = "/a", body: DocumentBody | None = None, **changes: Any
    ) -> Document:
        """Keep a document read from a path of the old portal."""
        found = a_document(path, capture_id=self.capture(path).id, **changes)
        return self.keep(found, body)

    def keep(self, found: Document, body: DocumentBody | None = None) -> Document:
        """Keep a document as the crawler would."""
        body = body or DocumentBody(html=f"<p>{found.title}</p>", text=found.title)
        return Documents(self.connection).keep(found, body, made_by="crawler", now=NOW)


def key_of(path: str) -> CanonicalUrl:
    return CanonicalUrl(f"haiduong.gov.vn{path}")


def a_capture(path: str = "/a") -> Capture:
    return Capture(
        site="haiduong",
        key=key_of(path),
        url=f"http://haiduong.gov.vn{path}",
        captured_at=NOW,
        status=200,
        content_type="text/html",
        digest="sha256:00",
        length=10,
        warc_file="haiduong/haiduong-00001.warc.gz",
        warc_offset=0,
    )


def a_document(path: str = "/a", **changes: Any) -> Document:
    document = Document(
        site="haiduong",
        key=key_of(path),
        url=f"http://haiduong.gov.vn{path}",
        capture_id=1,
        kind=DocumentKind.ARTICLE,
        state=DocumentState.IMPORTED,
        section="tin-tuc",
        title="Khởi công cầu Đồng Việt",
        slug="khoi-cong-cau-dong-viet",
        text_digest="0" * 64,
        published_on=date(2025, 3, 4),
    )
    return replace(document, **changes)


def a_mapping(path: str = "/a", target: str | None = "/tin-tuc") -> Mapping:
    raw = f"http://haiduong.gov.vn{path}"
    return Mapping(key=key_of(path), raw=raw, kind=MappingKind.MOVED, target=target)
