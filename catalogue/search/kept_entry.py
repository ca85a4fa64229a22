"""What an engine keeps of an entry beside its tokens: the entry itself, and values to count."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import zstandard

from catalogue.search.engine import Entry, Hit, SearchUnavailable
from catalogue.search.highlight import highlight, snippet

if TYPE_CHECKING:
    from catalogue.search.query import Plan, Query


def facet_values(entry: Entry) -> dict[str, list[str]]:
    """Give the values under which each facet counts an entry."""
    single = {
        "site": entry.site,
        "section": entry.section,
        "kind": entry.kind,
        "year": f"{entry.published_on.year}" if entry.published_on else "",
    }
    facets = {name: [value] if value else [] for name, value in single.items()}
    return facets | {"unit": list(dict.fromkeys(code for code in entry.unit_codes if code))}


def filter_values(query: Query) -> dict[str, str]:
    """Give the facets that a query narrows, and to which value."""
    wanted = {
        "site": query.site,
        "section": query.section,
        "unit": query.unit,
        "kind": query.kind,
        "year": None if query.year is None else str(query.year),
    }
    return {name: encodable(value) for name, value in wanted.items() if value is not None}


def encodable(text: str) -> str:
    """Replace halves of characters, which broken old pages and addresses hold, by `?`."""
    return text.encode("utf-8", "replace").decode()


def pack(entry: Entry) -> bytes:
    """Keep the entry itself, so that hits and snippets need no other source."""
    row = [getattr(entry, name) for name in Entry.__slots__ if name != "published_on"]
    row = [encodable(value) if isinstance(value, str) else value for value in row]
    published = entry.published_on.isoformat() if entry.published_on else None
    return zstandard.ZstdCompressor(level=3).compress(json.dumps([published, *row]).encode())


def unpack(packed: bytes) -> Entry:
    """Read back what `pack` kept. Raises SearchUnavailable where its bytes are damaged."""
    try:
        published, *row = json.loads(zstandard.ZstdDecompressor().decompress(packed))
    except (zstandard.ZstdError, ValueError) as error:
        raise SearchUnavailable(f"an entry of the index cannot be read: {error}") from error
    names = [name for name in Entry.__slots__ if name != "published_on"]
    values = dict(zip(names, row, strict=True))
    values["unit_codes"] = tuple(values["unit_codes"])
    return Entry(**values, published_on=dt.date.fromisoformat(published) if published else None)


def make_hit(entry: Entry, score: float, plan: Plan) -> Hit:
    """Make an entry a result, its title and snippet cut for this plan."""
    return Hit(
        document_id=entry.document_id,
        score=score,
        title=entry.title,
        url=entry.url,
        snippet=snippet(entry.body, plan),
        site=entry.site,
        site_title=entry.site_title,
        section=entry.section,
        kind=entry.kind,
        published_on=entry.published_on,
        has_attachment=entry.has_attachment,
        title_segments=highlight(entry.title, plan),
    )
