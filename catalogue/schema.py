"""The tables: what a portal's old addresses, captures, documents and decisions look like at rest.

SQLAlchemy Core only; the same tables live on SQLite and on PostgreSQL. Times are UTC, dates are
calendar dates of the portal; booleans and enums are stored as short text so that an inspector
reads them with any tool.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class UtcTime(TypeDecorator[datetime]):
    """A moment: aware going in, UTC at rest, aware UTC coming out.

    SQLite keeps no offset, so a naive time would be read back as another moment: it is refused.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC; raises ValueError for a naive one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without its offset: {value.isoformat()}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back UTC with its offset."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts rowids in INTEGER alone
_When = UtcTime()

# One row. Every transaction that changes what a visitor may see raises `number`.
revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

site = Table(
    "site",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("host", String(255), nullable=False),
    Column("aliases", JSON, nullable=False),
    Column("query_mode", String(16), nullable=False),
    Column("query_names", JSON, nullable=False),
    # {"cms", "case", "index_files", "below"}: how keys are made beyond the query.
    Column("key_rules", JSON, nullable=False),
    Column("unit", String(8)),
    # The newest capture that was read into documents; later ones are still to be read.
    Column("read_to", BigInteger, nullable=False, server_default="0"),
)

# The frontier and the ledger are one table: every discovered address and its one state.
ledger = Table(
    "ledger",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("key", Text, nullable=False),  # canonical URL
    Column("url", Text, nullable=False),  # as first found, absolute
    Column("source", String(16), nullable=False),  # seed link sitemap feed log inventory redirect
    Column("referrer", Text),
    Column("depth", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("tries", Integer, nullable=False, default=0),
    Column("due_at", _When),  # not before; null is now
    Column("capture_id", ForeignKey("capture.id")),
    Column("discovered_at", _When, nullable=False),
    Column("changed_at", _When, nullable=False),
    UniqueConstraint("site_id", "key"),
    Index(None, "site_id", "state", "depth", "id"),
)

capture = Table(
    "capture",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("captured_at", _When, nullable=False),
    Column("status", Integer, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("digest", String(80), nullable=False),  # sha256:<hex> of the de-chunked payload
    Column("length", BigInteger, nullable=False),  # bytes of payload
    Column("warc_file", Text, nullable=False),  # name relative to the archive's directory
    Column("warc_offset", BigInteger, nullable=False),
    Column("location", Text),  # raw Location of a redirect
    Column("etag", Text),
    Column("last_modified", Text),
    Index(None, "key", "captured_at"),
    Index(None, "site_id", "id"),
    Index(None, "digest"),
)

document = Table(
    "document",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("key", Text, nullable=False, unique=True),  # canonical URL it was imported from
    Column("url", Text, nullable=False),
    Column("capture_id", ForeignKey("capture.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # article, attachment
    Column("state", String(16), nullable=False),  # DocumentState
    Column("section", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("title_folded", Text, nullable=False),  # without marks, lower case: what a filter reads
    Column("slug", Text, nullable=False),
    Column("number", Text),  # số ký hiệu
    Column("agency", Text),
    Column("published_on", Date),
    Column("listed_on", Date, nullable=False),  # published_on, or 0001-01-01: keyset of the lists
    Column("unit", String(8)),
    # Why it was quarantined, charset doubts…: " spam personal-data ", or "" for none, so that one
    # covering index counts every facet.
    Column("flags", Text, nullable=False),
    Column("duplicate_of", ForeignKey("document.id")),
    Column("text_digest", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    # Which of " title section state " an editor set: a later import leaves those alone.
    Column("edited", String(32), nullable=False),
    Column("imported_at", _When, nullable=False),
    Column("updated_at", _When, nullable=False),
    Index(None, "state", "site_id", "section", "kind", "flags", "id"),
    Index(None, "state", "id"),
    Index(None, "state", "section", "listed_on", "id"),
    Index(None, "state", "listed_on", "id"),
    Index(None, "duplicate_of"),
    Index(None, "text_digest"),
)

# Bodies stand apart, so that lists and facets read small rows.
document_body = Table(
    "document_body",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("html", Text, nullable=False),  # sanitised content fragment
    Column("text", Text, nullable=False),
    Column("breadcrumb", JSON, nullable=False),
    Column("attachments", JSON, nullable=False),  # [{"url", "key", "name"}]
)

document_version = Table(
    "document_version",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("capture_id", ForeignKey("capture.id"), nullable=False),
    Column("title", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", _When, nullable=False),
    Column("made_by", Text, nullable=False),  # "crawler" or an editor's name
)

mapping = Table(
    "mapping",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("raw", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", Text),
    Column("targets", JSON, nullable=False),  # [{"label", "target"}]
    Column("reason", Text),
    Column("query", String(8), nullable=False),  # drop, pass
    Column("state", String(16), nullable=False),  # suggested, active, refused
    Column("source", String(16), nullable=False),  # crawl, import, editor, suggestion
    Column("score", Float),
    Column("updated_at", _When, nullable=False),
    Index(None, "state", "site_id", "id"),
    Index(None, "target"),
)

rule = Table(
    "rule",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("pattern", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("target", Text),
    Column("place", String(16), nullable=False),
    Column("reason", Text),
    Column("position", Integer, nullable=False),
    Column("owner", Text),
    Column("query", String(8), nullable=False),  # drop, pass
    Column("add", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("review_on", Date),
    Column("is_enabled", Integer, nullable=False),
    Column("examples", JSON, nullable=False),  # [{"address", "expected"}]
    UniqueConstraint("site_id", "name"),
)

# Decisions taken together are undone together.
batch = Table(
    "batch",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("number", BigInteger, nullable=False, unique=True),  # 1, 2, 3…: the order they came in
    Column("editor", Text, nullable=False),
    Column("decided_at", _When, nullable=False),
    Column("verb", String(24), nullable=False),
    Column("size", Integer, nullable=False),
    Column("undoes", ForeignKey("batch.id")),  # the batch this one takes back
    Column("left", JSON, nullable=False),  # [["document", 7]]: rows it could not take back
)

# Append-only: what a batch did to each row, with its state before and after.
decision = Table(
    "decision",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("batch", ForeignKey("batch.id"), nullable=False),
    Column("verb", String(24), nullable=False),
    Column("subject", String(16), nullable=False),  # document, mapping, miss, rule
    Column("subject_id", BigInteger, nullable=False),
    Column("before", JSON(none_as_null=True)),  # null: there was no such row
    Column("after", JSON(none_as_null=True)),
    Index(None, "batch"),
    Index(None, "subject", "subject_id"),
)

miss = Table(
    "miss",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("key", Text, nullable=False, unique=True),
    Column("raw", Text, nullable=False),
    Column("visits", BigInteger, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Index(None, "site_id", "visits"),
)

# Visits of old addresses as their servers' logs tell them, a row an address and month: no IP
# address, no browser, no cookie; codes of citizens' files hashed before they come here.
visit = Table(
    "visit",
    metadata,
    Column("key", Text, primary_key=True),
    Column("month", Date, primary_key=True),  # its first day
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("visits", BigInteger, nullable=False),
    Index(None, "site_id", "key"),
)

# How far each log was read, so that no line is counted twice: a log that begins with these bytes
# is the same one, grown (visits.py).
traffic_log = Table(
    "traffic_log",
    metadata,
    Column("digest", String(64), primary_key=True),  # SHA-256 of its whole lines, unpacked
    Column("site_id", ForeignKey("site.id"), primary_key=True),
    Column("length", BigInteger, nullable=False),  # bytes of them
    Column("visits", BigInteger, nullable=False),
    Column("imported_at", _When, nullable=False),
)

# What a document may be recognised by when an old address is asked for: `redirects.clues` says
# what a clue is. Rows are written with the document, and with each address mapped to it.
clue = Table(
    "clue",
    metadata,
    Column("clue", String(200), primary_key=True),
    Column("document_id", _Id, primary_key=True, autoincrement=False),
)

# The words that links to an address stand on, where the address itself gave no document.
link_text = Table(
    "link_text",
    metadata,
    Column("key", Text, primary_key=True),
    Column("site_id", ForeignKey("site.id"), nullable=False),
    Column("text", Text, nullable=False),
)

# Documents whose entry in the search index is behind; written with the change itself.
index_due = Table(
    "index_due",
    metadata,
    Column("document_id", ForeignKey("document.id"), primary_key=True),
    # 1 while an indexer holds it; a change in the meantime sets it back to 0.
    Column("taken", Integer, nullable=False, default=0),
)

# Spool files of misses whose counts are in `miss` already (misses.py says why names are kept).
spool_file = Table(
    "spool_file",
    metadata,
    Column("name", String(80), primary_key=True),
)

# Who calls which preserved API. A caller is a keyed hash of its API key, a name from the settings
# or a network; no address, no key, no call is kept (usage.py).
api_use = Table(
    "api_use",
    metadata,
    Column("route", String(64), primary_key=True),
    Column("kind", String(8), primary_key=True),  # CallerKind
    Column("caller", String(64), primary_key=True),
    Column("agent", String(32), primary_key=True),  # family of programs, such as "curl"
    Column("calls", BigInteger, nullable=False),
    Column("errors", BigInteger, nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
)

# What a server that only listens along answers differently from the one that answers (shadow.py).
shadow_count = Table(
    "shadow_count",
    metadata,
    Column("route", String(64), primary_key=True),
    Column("on", Date, primary_key=True),
    Column("part", String(16), primary_key=True),  # outcome status header body
    Column("place", String(200), primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),  # path of one such call, without its query
)

editor = Table(
    "editor",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("password_hash", Text, nullable=False),
    Column("disabled_at", _When),
)

session = Table(
    "session",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the cookie's token
    Column("editor_id", ForeignKey("editor.id"), nullable=False),
    Column("created_at", _When, nullable=False),
    Column("seen_at", _When, nullable=False),
)

unit = Table(
    "unit",
    metadata,
    Column("id", String(24), primary_key=True),  # surrogate: a code alone is not a unit
    Column("code", String(8), nullable=False),
    Column("level", String(8), nullable=False),  # tinh huyen xa
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("parent_id", String(24)),
    Column("valid_from", Date, nullable=False),
    Column("valid_to", Date),  # its last day; null while it stands
    Column("legal_basis", Text, nullable=False),
    Index(None, "code", "level"),
    Index(None, "folded"),
)

succession = Table(
    "succession",
    metadata,
    Column("from_id", ForeignKey("unit.id"), primary_key=True),
    Column("to_id", ForeignKey("unit.id"), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("is_default", Integer, nullable=False),
    Index(None, "to_id"),
)
