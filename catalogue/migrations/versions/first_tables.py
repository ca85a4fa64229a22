"""The first tables: everything the catalogue keeps at version 0.1."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table, and the one row of the revision."""
    _create_revision_and_sites()
    _create_captures()
    _create_documents()
    _create_redirects()
    _create_traffic()
    _create_editors()
    _create_units()


def _create_revision_and_sites() -> None:
    op.create_table(
        "revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revision")),
    )
    op.execute("INSERT INTO revision (id, number) VALUES (1, 0)")
    op.create_table(
        "site",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("aliases", sa.JSON(), nullable=False),
        sa.Column("query_mode", sa.String(length=16), nullable=False),
        sa.Column("query_names", sa.JSON(), nullable=False),
        sa.Column("key_rules", sa.JSON(), nullable=False),
        sa.Column("unit", sa.String(length=8)),
        sa.Column("read_to", sa.BigInteger(), nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("name", name=op.f("uq_site_name")),
    )


def _create_captures() -> None:
    op.create_table(
        "capture",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("captured_at", WHEN, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=80), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("warc_file", sa.Text(), nullable=False),
        sa.Column("warc_offset", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.Text()),
        sa.Column("etag", sa.Text()),
        sa.Column("last_modified", sa.Text()),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_capture_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_capture")),
    )
    op.create_index(op.f("ix_capture_digest"), "capture", ["digest"])
    op.create_index(op.f("ix_capture_key_captured_at"), "capture", ["key", "captured_at"])
    op.create_index(op.f("ix_capture_site_id_id"), "capture", ["site_id", "id"])
    op.create_table(
        "ledger",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("referrer", sa.Text()),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due_at", WHEN),
        sa.Column("capture_id", ID),
        sa.Column("discovered_at", WHEN, nullable=False),
        sa.Column("changed_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["capture_id"], ["capture.id"], name=op.f("fk_ledger_capture_id_capture")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_ledger_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger")),
        sa.UniqueConstraint("site_id", "key", name=op.f("uq_ledger_site_id_key")),
    )
    op.create_index(
        op.f("ix_ledger_site_id_state_depth_id"), "ledger", ["site_id", "state", "depth", "id"]
    )


def _create_documents() -> None:
    op.create_table(
        "document",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("capture_id", ID, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("section", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_folded", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("agency", sa.Text()),
        sa.Column("published_on", sa.Date()),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("unit", sa.String(length=8)),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("duplicate_of", ID),
        sa.Column("text_digest", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("edited", sa.String(length=32), nullable=False),
        sa.Column("imported_at", WHEN, nullable=False),
        sa.Column("updated_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["capture_id"], ["capture.id"], name=op.f("fk_document_capture_id_capture")
        ),
        sa.ForeignKeyConstraint(
            ["duplicate_of"], ["document.id"], name=op.f("fk_document_duplicate_of_document")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_document_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("key", name=op.f("uq_document_key")),
    )
    op.create_index(op.f("ix_document_duplicate_of"), "document", ["duplicate_of"])
    op.create_index(op.f("ix_document_state_id"), "document", ["state", "id"])
    op.create_index(
        op.f("ix_document_state_listed_on_id"), "document", ["state", "listed_on", "id"]
    )
    op.create_index(
        op.f("ix_document_state_section_listed_on_id"),
        "document",
        ["state", "section", "listed_on", "id"],
    )
    op.create_index(
        op.f("ix_document_state_site_id_section_kind_flags_id"),
        "document",
        ["state", "site_id", "section", "kind", "flags", "id"],
    )
    op.create_index(op.f("ix_document_text_digest"), "document", ["text_digest"])
    op.create_table(
        "document_body",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("breadcrumb", sa.JSON(), nullable=False),
        sa.Column("attachments", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_body_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_document_body")),
    )
    op.create_table(
        "document_version",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("capture_id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_at", WHEN, nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["capture_id"], ["capture.id"], name=op.f("fk_document_version_capture_id_capture")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_document_version_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", "version", name=op.f("pk_document_version")),
    )
    op.create_table(
        "index_due",
        sa.Column("document_id", ID, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_index_due_document_id_document")
        ),
        sa.PrimaryKeyConstraint("document_id", name=op.f("pk_index_due")),
    )


def _create_redirects() -> None:
    op.create_table(
        "clue",
        sa.Column("clue", sa.String(length=200), nullable=False),
        sa.Column("document_id", ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("clue", "document_id", name=op.f("pk_clue")),
    )
    op.create_table(
        "link_text",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_link_text_site_id_site")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_link_text")),
    )
    op.create_table(
        "mapping",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.Text()),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("query", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("updated_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_mapping_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mapping")),
        sa.UniqueConstraint("key", name=op.f("uq_mapping_key")),
    )
    op.create_index(op.f("ix_mapping_state_site_id_id"), "mapping", ["state", "site_id", "id"])
    op.create_index(op.f("ix_mapping_target"), "mapping", ["target"])
    op.create_table(
        "rule",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("target", sa.Text()),
        sa.Column("place", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("query", sa.String(length=8), nullable=False),
        sa.Column("add", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_until", sa.Date()),
        sa.Column("review_on", sa.Date()),
        sa.Column("is_enabled", sa.Integer(), nullable=False),
        sa.Column("examples", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_rule_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_rule_site_id_name")),
    )
    op.create_table(
        "miss",
        sa.Column("id", ID, nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_miss_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_miss")),
        sa.UniqueConstraint("key", name=op.f("uq_miss_key")),
    )
    op.create_index(op.f("ix_miss_site_id_visits"), "miss", ["site_id", "visits"])
    op.create_table(
        "spool_file",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_spool_file")),
    )
    op.create_table(
        "api_use",
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=32), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("errors", sa.BigInteger(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("route", "kind", "caller", "agent", name=op.f("pk_api_use")),
    )
    op.create_table(
        "shadow_count",
        sa.Column("route", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("sample", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("route", "on", "part", "place", name=op.f("pk_shadow_count")),
    )


def _create_traffic() -> None:
    op.create_table(
        "visit",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_visit_site_id_site")),
        sa.PrimaryKeyConstraint("key", "month", name=op.f("pk_visit")),
    )
    op.create_index(op.f("ix_visit_site_id_key"), "visit", ["site_id", "key"])
    op.create_table(
        "traffic_log",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("site_id", ID, nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("imported_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_traffic_log_site_id_site")),
        sa.PrimaryKeyConstraint("digest", "site_id", name=op.f("pk_traffic_log")),
    )


def _create_editors() -> None:
    op.create_table(
        "editor",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("disabled_at", WHEN),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editor")),
        sa.UniqueConstraint("name", name=op.f("uq_editor_name")),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("editor_id", ID, nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("seen_at", WHEN, nullable=False),
        sa.ForeignKeyConstraint(
            ["editor_id"], ["editor.id"], name=op.f("fk_session_editor_id_editor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session")),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("editor", sa.Text(), nullable=False),
        sa.Column("decided_at", WHEN, nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("undoes", sa.String(length=32)),
        sa.Column("left", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["undoes"], ["batch.id"], name=op.f("fk_batch_undoes_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_batch_number")),
    )
    op.create_table(
        "decision",
        sa.Column("id", ID, nullable=False),
        sa.Column("batch", sa.String(length=32), nullable=False),
        sa.Column("verb", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True)),
        sa.Column("after", sa.JSON(none_as_null=True)),
        sa.ForeignKeyConstraint(["batch"], ["batch.id"], name=op.f("fk_decision_batch_batch")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_batch"), "decision", ["batch"])
    op.create_index(op.f("ix_decision_subject_subject_id"), "decision", ["subject", "subject_id"])


def _create_units() -> None:
    op.create_table(
        "unit",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.String(length=24)),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date()),
        sa.Column("legal_basis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    op.create_index(op.f("ix_unit_code_level"), "unit", ["code", "level"])
    op.create_index(op.f("ix_unit_folded"), "unit", ["folded"])
    op.create_table(
        "succession",
        sa.Column("from_id", sa.String(length=24), nullable=False),
        sa.Column("to_id", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("is_default", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["unit.id"], name=op.f("fk_succession_from_id_unit")),
        sa.ForeignKeyConstraint(["to_id"], ["unit.id"], name=op.f("fk_succession_to_id_unit")),
        sa.PrimaryKeyConstraint("from_id", "to_id", name=op.f("pk_succession")),
    )
    op.create_index(op.f("ix_succession_to_id"), "succession", ["to_id"])
