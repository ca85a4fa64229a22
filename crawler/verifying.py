"""Verifying: ledger, archive, catalogue and index held against each other, record by record."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, select

from catalogue.archive import Archive, ArchiveError
from catalogue.captures import Captures
from catalogue.database import Database
from catalogue.document import DocumentState
from catalogue.documents import Documents
from catalogue.filtering import DocumentFilter
from catalogue.schema import document as document_table
from catalogue.schema import ledger as ledger_table
from catalogue.search.engine import SearchEngine
from catalogue.sites import Sites
from crawler.ledger import LedgerState
from redirects.finding import Finding

Places = dict[tuple[str, int], str]
"""File and offset of each response record, with the digest of its payload."""

_STORED = frozenset(
    (
        LedgerState.CAPTURED,
        LedgerState.UNCHANGED,
        LedgerState.DUPLICATE,
        LedgerState.SOFT_ERROR,
        LedgerState.QUARANTINED,
    )
)


def verify(database: Database, archive: Archive, engine: SearchEngine | None) -> list[Finding]:
    """Re-read every record, check every digest, and say what does not agree.

    Nothing is changed. An index that is only behind (documents due) is no finding.
    """
    findings: list[Finding] = []
    places = _read_archive(archive, findings)
    with database.reading() as connection:
        findings += _check_captures(connection, places)
        findings += _check_ledger(connection)
        findings += _check_documents(connection)
        if engine is not None:
            findings += _check_index(connection, engine)
    return findings


def _read_archive(archive: Archive, findings: list[Finding]) -> Places:
    places: Places = {}
    for file in archive.files():
        try:
            for placed in archive.records(file):
                if not placed.record.digest_holds:
                    message = "the record is not what was written: its digest differs"
                    findings.append(
                        Finding("error", "digest", message, f"{file} at {placed.offset}")
                    )
                if placed.record.kind == "response":
                    digest = placed.record.headers.get("warc-payload-digest", "")
                    places[file, placed.offset] = digest
        except ArchiveError as error:
            findings.append(Finding("error", "archive", str(error), file))
    return places


def _check_captures(connection: Connection, places: Places) -> Iterator[Finding]:
    pointed_at: set[tuple[str, int]] = set()
    for site in Sites(connection).all():
        for capture in Captures(connection).of_site(site.name):
            place = (capture.warc_file, capture.warc_offset)
            where = f"{capture.url} ({capture.warc_file} at {capture.warc_offset})"
            pointed_at.add(place)
            if place not in places:
                yield Finding("error", "no-record", "the archive has no record there", where)
            elif places[place] != capture.digest:
                yield Finding("error", "digest", "archive and catalogue differ in digest", where)
    for file, offset in sorted(places.keys() - pointed_at):
        message = "no capture points here; a crawl was killed before it was recorded"
        yield Finding("warning", "orphan-record", message, f"{file} at {offset}")


def _check_ledger(connection: Connection) -> Iterator[Finding]:
    known = {state.value for state in LedgerState}
    stored = {state.value for state in _STORED}
    columns = ledger_table.c
    for row in connection.execute(select(columns.key, columns.state, columns.capture_id)):
        if row.state not in known:
            yield Finding("error", "ledger-state", f"no state is called {row.state!r}", row.key)
        elif row.state in stored and row.capture_id is None:
            yield Finding("error", "no-capture", f"{row.state}, but nothing is stored", row.key)


def _check_documents(connection: Connection) -> Iterator[Finding]:
    columns = document_table.c
    duplicate = DocumentState.DUPLICATE.value
    statement = select(columns.id, columns.key, columns.state, columns.duplicate_of)
    heads = {row.id: row.state for row in connection.execute(statement)}
    for row in connection.execute(statement):
        if row.state != duplicate:
            continue
        if row.duplicate_of not in heads:
            yield Finding("error", "no-head", "a duplicate of no document", row.key)
        elif heads[row.duplicate_of] == duplicate:
            yield Finding("warning", "chained-duplicate", "a duplicate of a duplicate", row.key)


def _check_index(connection: Connection, engine: SearchEngine) -> Iterator[Finding]:
    documents = Documents(connection)
    accepted = set(documents.ids(DocumentFilter(state=DocumentState.ACCEPTED)))
    due = documents.ids_due()
    indexed = engine.document_ids()
    for missing in sorted(accepted - indexed - due):
        yield Finding(
            "error", "not-indexed", "accepted, but not in the index", f"document {missing}"
        )
    for extra in sorted(indexed - accepted - due):
        yield Finding("error", "indexed", "in the index, but not accepted", f"document {extra}")
