"""A document: the catalogue's entry that an editor reviews and a visitor reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from redirects.mapping import CanonicalUrl


class DocumentKind(StrEnum):
    """What a document is made of."""

    ARTICLE = "article"  # a page that was read
    ATTACHMENT = "attachment"  # a file kept as it was


class DocumentState(StrEnum):
    """Where a document stands on its way from import to the public."""

    IMPORTED = "imported"  # awaits review
    ACCEPTED = "accepted"  # public
    REJECTED = "rejected"  # archived only
    QUARANTINED = "quarantined"  # spam or personal data suspected: held for an editor, never public
    DUPLICATE = "duplicate"  # its head is `duplicate_of`


SECTIONS: dict[str, str] = {
    "gioi-thieu": "Giới thiệu",
    "tin-tuc": "Tin tức",
    "thong-bao": "Thông báo",
    "van-ban": "Văn bản",
    "thu-tuc": "Thủ tục hành chính",
    "quy-hoach": "Quy hoạch, kế hoạch",
    "ngan-sach": "Ngân sách, thống kê",
    "du-thao": "Dự thảo lấy ý kiến",
    "hoi-dap": "Hỏi đáp",
    "lich-cong-tac": "Lịch công tác",
    "thu-vien": "Thư viện ảnh, video",
    "english": "English",
    "khac": "Nội dung khác",
}
"""The portal's sections: slug to Vietnamese name (content list of Decree 42/2022, Article 4)."""


def path_of(document_id: int, *, kind: DocumentKind, section: str, slug: str) -> str:
    """Return the path on the new portal of a document known by these four alone."""
    if kind is DocumentKind.ATTACHMENT:
        return f"/tep/{document_id}/{slug}"
    return f"/{section}/{slug}-{document_id}"


@dataclass(frozen=True, slots=True)
class AttachmentLink:
    """A file a document links to: its old address, the key it is looked up under, its name."""

    url: str
    key: CanonicalUrl
    name: str


@dataclass(frozen=True, slots=True)
class Document:
    """One entry of the catalogue. `id` is 0 before it is kept; `version` counts from 1."""

    site: str
    key: CanonicalUrl
    url: str
    capture_id: int
    kind: DocumentKind
    state: DocumentState
    section: str
    title: str
    slug: str
    text_digest: str
    number: str | None = None
    agency: str | None = None
    published_on: date | None = None
    unit: str | None = None
    flags: tuple[str, ...] = ()
    duplicate_of: int | None = None
    version: int = 1
    id: int = 0

    @property
    def path(self) -> str:
        """Its path on the new portal; the id alone decides what is shown.

        An article lives at `/section/slug-id`, a file at `/tep/id/name`, so that a hot-linked
        picture or a printed file address ends in the bytes themselves.
        """
        return path_of(self.id, kind=self.kind, section=self.section, slug=self.slug)


@dataclass(frozen=True, slots=True)
class DocumentBody:
    """What a document says: a sanitised HTML fragment, its plain text, its trail, its files."""

    html: str
    text: str
    breadcrumb: tuple[str, ...] = ()
    attachments: tuple[AttachmentLink, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """One text a document had: as the crawler or an editor made it, never changed afterwards."""

    document_id: int
    version: int
    capture_id: int
    title: str
    html: str
    text: str
    made_at: datetime
    made_by: str
