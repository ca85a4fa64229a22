"""An article: what an editor of an old portal wrote, before any CMS dressed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from demo.truth import Expected

SECTION_NAMES: Final[Mapping[str, str]] = {
    "tin-tuc": "Tin tức",
    "thong-bao": "Thông báo",
    "van-ban": "Văn bản",
    "thu-tuc": "Thủ tục hành chính",
    "hoi-dap": "Hỏi đáp",
    "quy-hoach": "Quy hoạch",
    "gioi-thieu": "Giới thiệu",
    "english": "English",
}


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in a portal's library."""

    ident: int
    name: str
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Article:
    """One item of a portal. `ident` is unique within its site and rises with the date."""

    ident: int
    site: str
    kind: str
    title: str
    published: dt.date
    paragraphs: tuple[str, ...]
    table: tuple[tuple[str, ...], ...] = ()
    number: str | None = None
    agency: str | None = None
    files: tuple[StoredFile, ...] = ()
    hazards: frozenset[str] = frozenset()

    @property
    def expected(self) -> Expected:
        """What must become of the article."""
        if self.hazards & {"spam", "personal-data"}:
            return "quarantine"
        if self.hazards & {"exact-duplicate", "near-duplicate"}:
            return "duplicate"
        return "document"

    @property
    def is_listed(self) -> bool:
        """Whether the portal's own lists lead to it."""
        return not self.hazards & {"orphan", "spam"}

    @property
    def section(self) -> str:
        """The name of the section as menus and breadcrumbs print it."""
        return SECTION_NAMES[self.kind]

    @property
    def date(self) -> str:
        """The date as pages print it."""
        return self.published.strftime("%d/%m/%Y")

    @property
    def text(self) -> str:
        """The main text, one block after another."""
        rows = (" ".join(row) for row in self.table)
        return "\n\n".join((*self.paragraphs, *rows))
