"""New keys for all that a site has, when the policy that makes its keys has changed.

Mappings, misses and everything else that is found by an address get the key the new policy makes
of the address as it was found, in the transaction of the caller. Where two rows come to have one
key the stronger stands and the other is told and kept in the audit: a batch like any other, so
that it can be read and taken back row by row. Captures, ledger, documents, visits and the words of
links follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from catalogue.audit import Audit, Batch, Change
from catalogue.database import raise_revision
from catalogue.row_states import MAPPINGS, MISSES, RowStates
from catalogue.schema import capture, document, document_body, ledger, link_text, visit
from catalogue.sites import Sites
from catalogue.tally import MonthOfVisits
from catalogue.visits import Visits
from redirects.canonical import split_key
from redirects.keys import keeps_case, key_maker
from redirects.mapping import CanonicalUrl
from redirects.site import Site
from redirects.url import UrlError, parse_url

EDITOR = "hopnhat redirects rekey"
_AT_ONCE = 2_000
_DECISION = ("kind", "target", "targets", "query")
_STANDING = ("active", "refused", "suggested")  # of two mappings the earlier named stands
_MAKERS = ("editor", "import", "suggestion", "crawl")


@dataclass(frozen=True, slots=True)
class Collision:
    """Two addresses that are one under the new policy: which stands, and which was put by.

    `differ` says whether they led to different places, so that somebody should look.
    """

    key: CanonicalUrl
    kept: str
    put_by: str
    differ: bool


@dataclass(frozen=True, slots=True)
class Rekeying:
    """What a change of policy did to a site, or would do: rows by table, and every collision."""

    site: str
    changed: dict[str, int]
    collisions: tuple[Collision, ...]
    batch: Batch | None = None


class _Keys:
    """The keys of one site under its new policy."""

    def __init__(self, site: Site) -> None:
        self._maker = key_maker(site)

    def key(self, raw: str, old: CanonicalUrl) -> CanonicalUrl:
        """Make the key of an address as it was found; what cannot be read keeps the old one."""
        text = raw.strip()
        if text.startswith("/"):
            text = f"{split_key(old)[0]}{text}"
        try:
            url = parse_url(text if "://" in text[:12] else f"http://{text}")
        except UrlError:
            return old
        make = self._maker.exact_key if keeps_case(old) else self._maker.key
        return make(url.host, url.path.encode(), url.query.encode())

    def of_key(self, old: str) -> CanonicalUrl:
        """Make the key of an address of which only the old key was kept.

        What a looser policy dropped is gone: such an address stays where it was counted.
        """
        host, path, query = split_key(CanonicalUrl(old))
        return self._maker.key(host, path.encode(), query.encode())


def keep_site(connection: Connection, site: Site, *, now: datetime) -> Rekeying | None:
    """Keep a site as the settings have it, with the keys its policy makes.

    Returns what became of its keys where its policy had changed, else None. Raises CatalogueError
    when another site already answers to one of its hosts.
    """
    sites = Sites(connection)
    known = sites.find(site.name)
    sites.keep(site)
    if known is None or not makes_other_keys(known, site):
        return None
    return rekey(connection, site, now=now)


def makes_other_keys(one: Site, other: Site) -> bool:
    """Say whether two versions of a site make different keys; hosts are another matter."""
    return _makings(one) != _makings(other)


def _makings(site: Site) -> tuple[object, ...]:
    return site.policy, site.below, site.cms


def rekey(connection: Connection, site: Site, *, now: datetime, dry_run: bool = False) -> Rekeying:
    """Bring everything a site has to the keys its policy makes; raises the revision once.

    Raises CatalogueError where nobody knows the site.
    """
    keys = _Keys(site)
    site_id = Sites(connection).id_of(site.name)
    collisions: list[Collision] = []
    changes: list[Change] = []
    for rows in (MAPPINGS, MISSES):
        changes += _changes(connection, rows, site_id, keys, collisions)
    changed: dict[str, int] = {
        rows.subject: sum(one.subject == rows.subject for one in changes)
        for rows in (MAPPINGS, MISSES)
    }
    if not dry_run:
        for rows in (MAPPINGS, MISSES):
            _write(connection, rows, [one for one in changes if one.subject == rows.subject], now)
    changed |= _follow(connection, site_id, keys, dry_run=dry_run)
    changed["visit"] = _move_visits(connection, site.name, site_id, keys.of_key, dry_run=dry_run)
    changed["link_text"] = _move_link_texts(connection, site_id, keys.of_key, dry_run=dry_run)
    batch = None
    if not dry_run and any(changed.values()):
        raise_revision(connection)
        batch = Audit(connection).record(changes, editor=EDITOR, now=now, verb="rekey")
    return Rekeying(site.name, changed, tuple(collisions), batch)


def _changes(
    connection: Connection,
    rows: RowStates,
    site_id: int,
    keys: _Keys,
    collisions: list[Collision],
) -> list[Change]:
    """Say what becomes of each row: another key, or put by for one that is stronger."""
    before = rows.where(connection, rows.table.c.site_id == site_id)
    standing: dict[str, int] = {}
    after: dict[int, dict[str, Any] | None] = {}
    for row_id in sorted(before, key=lambda one: _strength(before[one])):
        state = before[row_id]
        key = keys.key(state["raw"], CanonicalUrl(state["key"]))
        other = standing.setdefault(key, row_id)
        after[row_id] = {**state, "key": key} if other == row_id else None
        if other != row_id:
            stronger = after[other] or before[other]
            if rows is MISSES:
                after[other] = _together(stronger, state)
            else:
                differ = any(stronger[name] != state[name] for name in _DECISION)
                found = Collision(CanonicalUrl(key), stronger["raw"], state["raw"], differ)
                collisions.append(found)
    return [
        Change(rows.subject, row_id, "rekey", state, after[row_id])
        for row_id, state in before.items()
        if after[row_id] != state
    ]


def _strength(state: dict[str, Any]) -> tuple[int, int]:
    if "source" not in state:
        return 0, 0
    return _STANDING.index(state["state"]), _MAKERS.index(state["source"])


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Count the visits of two addresses that are one."""
    return {
        **one,
        "visits": one["visits"] + other["visits"],
        "first_on": min(one["first_on"], other["first_on"]),
        "last_on": max(one["last_on"], other["last_on"]),
    }


def _write(
    connection: Connection, rows: RowStates, changes: Sequence[Change], now: datetime
) -> None:
    """Write new keys in an order in which no two rows ever have one."""
    rows.write(connection, {one.subject_id: None for one in changes if one.after is None}, now)
    kept = [one for one in changes if one.after is not None]
    _set_keys(connection, rows.table, {one.subject_id: f"\n{one.subject_id}" for one in kept})
    rows.write(connection, {one.subject_id: one.after for one in kept}, now)


def _follow(connection: Connection, site_id: int, keys: _Keys, *, dry_run: bool) -> dict[str, int]:
    """Give captures, ledger and documents their new keys."""
    changed: dict[str, int] = {}
    for table, is_unique in ((capture, False), (ledger, True), (document, True)):
        moved, dropped = _moved(connection, table, site_id, keys, is_unique=is_unique)
        changed[table.name] = len(moved) + len(dropped)
        if not dry_run:
            if table is ledger:
                _delete(connection, table, dropped)
            if is_unique:
                _set_keys(connection, table, {each: f"\n{each}" for each in moved})
            _set_keys(connection, table, moved)
    if not dry_run:
        _rewrite_attachments(connection, site_id, keys)
    return changed


def _move_visits(
    connection: Connection,
    site: str,
    site_id: int,
    renew: Callable[[str], CanonicalUrl],
    *,
    dry_run: bool,
) -> int:
    """Give visits their new keys, month by month; those of two addresses that are one add up."""
    statement = select(visit.c.key, visit.c.month, visit.c.visits).where(visit.c.site_id == site_id)
    moved = [
        (row.key, MonthOfVisits(key, row.month, row.visits))
        for row in connection.execute(statement)
        if (key := renew(row.key)) != row.key
    ]
    if not dry_run:
        for chunk in _chunks(sorted({old for old, _ in moved})):
            connection.execute(delete(visit).where(visit.c.key.in_(chunk)))
        Visits(connection).add(site, (month for _, month in moved))
    return len(moved)


def _move_link_texts(
    connection: Connection, site_id: int, renew: Callable[[str], CanonicalUrl], *, dry_run: bool
) -> int:
    """Give the words of links their new keys; of two those stand that had the key already."""
    statement = select(link_text.c.key, link_text.c.text).where(link_text.c.site_id == site_id)
    texts = {row.key: row.text for row in connection.execute(statement.order_by(link_text.c.key))}
    moved = {old: key for old in texts if (key := renew(old)) != old}
    staying = texts.keys() - moved.keys()
    fresh: dict[str, str] = {}
    for old, key in moved.items():
        if key not in staying:
            fresh.setdefault(key, texts[old])
    if not dry_run:
        for chunk in _chunks(moved):
            connection.execute(delete(link_text).where(link_text.c.key.in_(chunk)))
        rows = [{"key": key, "site_id": site_id, "text": text} for key, text in fresh.items()]
        for chunk in _chunks(rows):
            connection.execute(insert(link_text), chunk)
    return len(moved)


def _moved(
    connection: Connection, table: Table, site_id: int, keys: _Keys, *, is_unique: bool
) -> tuple[dict[int, str], list[int]]:
    """Return the new key of each row, and the rows whose address another row now has.

    Of several the one that was captured first stands. Of documents none is dropped: the later
    ones keep the key they have.
    """
    columns = (table.c.id, table.c.key, table.c.url)
    statement = select(*columns).where(table.c.site_id == site_id).order_by(table.c.id)
    if table is ledger:
        statement = select(*columns).where(table.c.site_id == site_id)
        statement = statement.order_by(ledger.c.capture_id.is_(None), ledger.c.id)
    rows = connection.execute(statement).all()
    taken: set[str] = set()
    moved: dict[int, str] = {}
    dropped: list[int] = []
    for row in rows:
        key = keys.key(row.url, CanonicalUrl(row.key))
        if is_unique and key in taken:
            dropped.append(row.id)
            continue
        taken.add(key)
        if key != row.key:
            moved[row.id] = key
    if table is document:
        dropped = [each for each in dropped if each in moved]
    return moved, dropped


def _rewrite_attachments(connection: Connection, site_id: int, keys: _Keys) -> None:
    statement = (
        select(document_body.c.document_id, document_body.c.attachments)
        .join(document, document.c.id == document_body.c.document_id)
        .where(document.c.site_id == site_id)
    )
    for row in connection.execute(statement).all():
        links = [
            {**one, "key": keys.key(one["url"], CanonicalUrl(one["key"]))} if one["key"] else one
            for one in row.attachments
        ]
        if links != row.attachments:
            connection.execute(
                update(document_body)
                .where(document_body.c.document_id == row.document_id)
                .values(attachments=links)
            )


def _set_keys(connection: Connection, table: Table, keys: dict[int, str]) -> None:
    statement = update(table).where(table.c.id == bindparam("row_id")).values(key=bindparam("new"))
    for chunk in _chunks(keys.items()):
        connection.execute(statement, [{"row_id": each, "new": key} for each, key in chunk])


def _delete(connection: Connection, table: Table, ids: Sequence[int]) -> None:
    for chunk in _chunks(ids):
        connection.execute(delete(table).where(table.c.id.in_(chunk)))


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, _AT_ONCE)):
        yield chunk
