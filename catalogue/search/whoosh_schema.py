"""How an entry lies in a Whoosh index: fields of our tokens, columns for facets, the entry itself.

Only Whoosh's own classes go into the schema, because Whoosh pickles it into the index.
"""

# mypy: disallow-untyped-calls=False
# (Whoosh is only half annotated.)

from __future__ import annotations

import datetime as dt
import json
import os
from typing import TYPE_CHECKING, Any

import zstandard
from whoosh import columns, fields
from whoosh.analysis.tokenizers import RegexTokenizer
from whoosh.filedb.filestore import FileStorage

from catalogue.search.engine import Entry
from catalogue.search.entry_tokens import read_entry, suggestion_keys

if TYPE_CHECKING:
    from pathlib import Path

LAYOUT = 1
"""Raised when the fields below change: older indexes are then rebuilt."""

_UNIT_SEPARATOR = "\x1f"


def make_schema() -> fields.Schema:
    """Build the schema. Scored fields hold space-separated tokens of ours."""
    tokens = RegexTokenizer(r"[^ ]+")
    units = RegexTokenizer(f"[^{_UNIT_SEPARATOR}]+")

    def words() -> fields.FieldType:
        return fields.KEYWORD(analyzer=tokens)

    return fields.Schema(
        document_id=fields.ID(unique=True),
        folded=fields.TEXT(analyzer=tokens, phrase=True),
        exact=fields.TEXT(analyzer=tokens, phrase=True),
        folded_bigrams=words(),
        exact_bigrams=words(),
        title=words(),
        title_bigrams=words(),
        numbers=words(),
        suggestions=fields.KEYWORD(analyzer=tokens),
        site=fields.ID(),
        section=fields.ID(),
        kind=fields.ID(),
        year=fields.ID(),
        unit=fields.KEYWORD(analyzer=units),
        identity=fields.COLUMN(columns.NumericColumn("q")),
        facets=fields.COLUMN(columns.VarBytesColumn()),
        published=fields.COLUMN(columns.VarBytesColumn()),
        words=fields.COLUMN(columns.NumericColumn("I")),
        title_words=fields.COLUMN(columns.NumericColumn("I")),
        packed=fields.STORED(),
    )


def make_document(entry: Entry) -> dict[str, Any]:
    """Lay out one entry for the schema."""
    tokens = read_entry(entry)
    facets = facet_values(entry)
    sound = {name: [encodable(value) for value in values] for name, values in facets.items()}
    return {
        "document_id": str(entry.document_id),
        "folded": " ".join(tokens.folded),
        "exact": " ".join(tokens.exact),
        "folded_bigrams": " ".join(tokens.folded_bigrams),
        "exact_bigrams": " ".join(tokens.exact_bigrams),
        "title": " ".join(tokens.title),
        "title_bigrams": " ".join(tokens.title_bigrams),
        "numbers": " ".join(tokens.numbers),
        "suggestions": " ".join(suggestion_keys(entry.title)),
        **{name: values[0] for name, values in sound.items() if values and name != "unit"},
        "unit": _UNIT_SEPARATOR.join(sound["unit"]),
        "identity": entry.document_id,
        "facets": json.dumps(sound).encode(),
        "published": (entry.published_on.isoformat() if entry.published_on else "").encode(),
        "words": len(tokens.folded),
        "title_words": len(tokens.title),
        "packed": pack(entry),
    }


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
    """Read back what `pack` kept."""
    published, *row = json.loads(zstandard.ZstdDecompressor().decompress(packed))
    names = [name for name in Entry.__slots__ if name != "published_on"]
    values = dict(zip(names, row, strict=True))
    values["unit_codes"] = tuple(values["unit_codes"])
    return Entry(**values, published_on=dt.date.fromisoformat(published) if published else None)


class DurableStorage(FileStorage):
    """Files that are on the disk before the table of contents names them.

    Whoosh commits by renaming its table of contents and syncs nothing: after a power cut the new
    table could name segments that never reached the disk.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder))
        self._synced: set[str] = set()

    def rename_file(self, oldname: str, newname: str, safe: bool = False) -> None:  # noqa: FBT001, FBT002 - Whoosh's signature
        """Sync what is new, rename, then sync the directory that holds the new name."""
        for name in sorted(set(self.list()) - self._synced):
            if name.endswith((".seg", ".toc")) or name == oldname:
                _sync(os.path.join(self.folder, name))  # noqa: PTH118 - Whoosh keeps a string
                self._synced.add(name)
        super().rename_file(oldname, newname, safe=safe)
        _sync(self.folder)


def _sync(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
