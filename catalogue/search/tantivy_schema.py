"""How an entry lies in a tantivy index: lines of our tokens, values to count, the entry itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tantivy import Document, SchemaBuilder

from catalogue.search.engine import FACETS
from catalogue.search.entry_tokens import read_entry, suggestion_keys
from catalogue.search.kept_entry import encodable, facet_values, pack

if TYPE_CHECKING:
    import datetime as dt

    from tantivy import Schema

    from catalogue.search.engine import Entry

LAYOUT = 1
"""Raised when the fields below change: older indexes are then rebuilt."""

_IDENTITIES = 40
"""Bits of `freshness` that tell entries of one day apart."""


def make_schema() -> Schema:
    """Build the schema: scored fields hold our tokens between spaces, counted ones raw values."""
    builder = SchemaBuilder()
    builder.add_integer_field("document_id", indexed=True, fast=True)
    builder.add_unsigned_field("freshness", fast=True)
    for name in ("folded", "exact"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="position")
    for name in ("folded_bigrams", "exact_bigrams", "title", "title_bigrams", "numbers"):
        builder.add_text_field(name, tokenizer_name="whitespace", index_option="freq")
    builder.add_text_field("suggestions", tokenizer_name="whitespace", index_option="basic")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_bytes_field("packed", stored=True)
    return builder.build()


def make_document(entry: Entry) -> Document:
    """Lay out one entry for the schema."""
    tokens = read_entry(entry)
    document = Document()
    document.add_integer("document_id", entry.document_id)
    document.add_unsigned("freshness", freshness(entry.published_on, entry.document_id))
    document.add_text("folded", " ".join(tokens.folded))
    document.add_text("exact", " ".join(tokens.exact))
    document.add_text("folded_bigrams", " ".join(tokens.folded_bigrams))
    document.add_text("exact_bigrams", " ".join(tokens.exact_bigrams))
    document.add_text("title", " ".join(tokens.title))
    document.add_text("title_bigrams", " ".join(tokens.title_bigrams))
    document.add_text("numbers", " ".join(tokens.numbers))
    document.add_text("suggestions", " ".join(suggestion_keys(entry.title)))
    for name, values in facet_values(entry).items():
        for value in values:
            document.add_text(name, encodable(value))
    document.add_bytes("packed", pack(entry))
    return document


def freshness(published_on: dt.date | None, document_id: int) -> int:
    """Give what entries are ordered by, highest first: newer, undated last, then smaller id."""
    day = published_on.toordinal() if published_on else 0
    return (day << _IDENTITIES) + max(0, (1 << _IDENTITIES) - 1 - document_id)
