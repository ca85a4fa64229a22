"""How an entry lies in a Whoosh index: fields of our tokens, columns for facets, the entry itself.

Only Whoosh's own classes go into the schema, because Whoosh pickles it into the index.
"""

# mypy: disallow-untyped-calls=False
# (Whoosh is only half annotated.)

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from whoosh import columns, fields
from whoosh.analysis.tokenizers import RegexTokenizer
from whoosh.filedb.filestore import FileStorage

from catalogue.search.entry_tokens import read_entry, suggestion_keys
from catalogue.search.kept_entry import encodable, facet_values, pack
from catalogue.search.syncing import sync

if TYPE_CHECKING:
    from pathlib import Path

    from catalogue.search.engine import Entry

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
                sync(os.path.join(self.folder, name))  # noqa: PTH118 - Whoosh keeps a string
                self._synced.add(name)
        super().rename_file(oldname, newname, safe=safe)
        sync(self.folder)
