"""A capture: one stored response at one time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from redirects.mapping import CanonicalUrl


@dataclass(frozen=True, slots=True)
class Capture:
    """One response as the archive keeps it.

    `captured_at` is UTC. `digest` is "sha256:<hex>" over the payload after transfer coding is
    undone and before content coding is (WARC 1.1, 5.9). `length` counts those bytes. `warc_file`
    is relative to the archive's directory, `warc_offset` in bytes. `id` is 0 before it is kept.
    """

    site: str
    key: CanonicalUrl
    url: str
    captured_at: datetime
    status: int
    content_type: str
    digest: str
    length: int
    warc_file: str
    warc_offset: int
    location: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response read back from the archive: headers as sent, content coding undone."""

    url: str
    captured_at: datetime
    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes
