"""What is known about the demo's portals before anyone crawls them: what to check against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt

Expected = Literal[
    "document",  # an article of its own: must reach the catalogue and be found
    "duplicate",  # the same text as `duplicate_of`: either entry is a right answer
    "listing",  # home and section pages: links, no document
    "not_html",  # a file
    "soft_error",  # answers 200 and says "not found"
    "gone",  # answers 404
    "quarantine",  # must not be published: spam, personal data
    "trap",  # one of endlessly many addresses
    "redirect",  # leads elsewhere
]
SearchForm = Literal["marks", "bare", "nfd", "number", "old-unit"]


@dataclass(frozen=True, slots=True)
class DemoSite:
    """One old portal as the operator knows it.

    `unit` is the unit's code as of 2025-06-30. With `query_mode` "significant" only `query_names`
    change what is seen; with "ignored" all but those do. `cms` is the system it ran on.
    """

    name: str
    title: str
    host: str
    aliases: tuple[str, ...]
    unit: str
    seeds: tuple[str, ...]
    query_mode: Literal["significant", "ignored"]
    query_names: tuple[str, ...]
    cms: str | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file offered by a page: absolute `url`, the `name` people see, its type and its bytes."""

    url: str
    name: str
    media_type: str
    size: int
    sha256: str
    spellings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Truth:
    """One page: where it is, what it says and what should become of it.

    `text` is the main text in NFC, blocks separated by a blank line, without title and furniture.
    `spellings` are other addresses a real visitor could hold that show the same document.
    `linked` says whether a crawl that starts at the seeds can find it by links.
    """

    site: str
    url: str
    kind: str
    section: str
    title: str
    expected: Expected
    text: str = ""
    published: dt.date | None = None
    number: str | None = None
    agency: str | None = None
    spellings: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    duplicate_of: str | None = None
    hazards: frozenset[str] = frozenset()
    linked: bool = True


@dataclass(frozen=True, slots=True)
class OldUrlCase:
    """An old address and the title of the document that a visitor must land on."""

    url: str
    title: str
    site: str
    form: str
    """"main", or the kind of spelling: "jsessionid", "case", "tracking", …"""


@dataclass(frozen=True, slots=True)
class FileCase:
    """An old address of a file and the digest of the bytes that must come back."""

    url: str
    sha256: str
    site: str


@dataclass(frozen=True, slots=True)
class SearchCase:
    """A query and the title that must be among its first results."""

    query: str
    title: str
    form: SearchForm


@dataclass(frozen=True, slots=True)
class ApiCase:
    """One recorded call; the gateway must answer it with the old server's very bytes."""

    method: str
    host: str
    path: str
    """Path and query as sent."""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
