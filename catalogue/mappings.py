"""The mappings of the catalogue: what was suggested, decided and refused about old addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Select,
    case,
    cast,
    func,
    or_,
    select,
)

from catalogue.clues import Clues
from catalogue.database import raise_revision, storable, upsert
from catalogue.schema import mapping as table
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget

_DOCUMENT = re.compile(r"doc:[0-9]{1,18}")
_CHUNK = 2000  # keys named in one statement
_KINDS = {kind.value: kind for kind in MappingKind}

MappingState = Literal["suggested", "active", "refused"]
MappingSource = Literal["crawl", "import", "editor", "suggestion"]


@dataclass(frozen=True, slots=True)
class StoredMapping:
    """A mapping as the catalogue keeps it: whose it is, where it stands, who made it, how sure."""

    id: int
    site: str
    mapping: Mapping
    state: MappingState
    source: MappingSource
    score: float | None
    updated_at: datetime


class Mappings:
    """Every old address about which something is known; one row a canonical URL."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def suggest(self, site: str, mapping: Mapping, score: float, now: datetime) -> bool:
        """Offer a mapping for review; say whether it was taken.

        A row that an editor made, activated or refused is left as it is.
        """
        values = self._values(site, mapping) | {
            "state": "suggested",
            "source": "crawl",
            "score": score,
            "updated_at": now,
        }
        statement = (
            upsert(self._connection, table)
            .values(values)
            .on_conflict_do_update(
                index_elements=[table.c.key],
                set_=values,
                where=(table.c.state == "suggested") & (table.c.source != "editor"),
            )
            .returning(table.c.id)
        )
        taken = self._connection.execute(statement).first() is not None
        if taken:
            self._note_clues([(site, mapping)])
        return taken

    def put(
        self,
        site: str,
        mapping: Mapping,
        *,
        state: MappingState,
        source: MappingSource,
        now: datetime,
    ) -> None:
        """Set the mapping of an address, whatever stood there; visitors see it at once."""
        before = self.find(mapping.key)
        values = self._values(site, mapping) | {
            "state": state,
            "source": source,
            "score": None,
            "updated_at": now,
        }
        statement = upsert(self._connection, table).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[table.c.key], set_=values)
        )
        self._note_clues([(site, mapping)])
        if state == "active" or (before is not None and before.state == "active"):
            raise_revision(self._connection)

    def put_all(
        self,
        placed: Sequence[tuple[str, Mapping]],
        *,
        state: MappingState,
        source: MappingSource,
        now: datetime,
    ) -> None:
        """Set many mappings, each with its site's name; the caller raises the revision."""
        standing = {"state": state, "source": source, "score": None, "updated_at": now}
        rows = {one.key: self._values(site, one) | standing for site, one in placed}
        statement = upsert(self._connection, table)
        fresh = {name: statement.excluded[name] for name in next(iter(rows.values()), {})}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=[table.c.key], set_=fresh),
            list(rows.values()),
        )
        self._note_clues(placed)

    def find(self, key: CanonicalUrl) -> StoredMapping | None:
        """Return what is known about an address."""
        row = self._connection.execute(select(table).where(table.c.key == key)).first()
        return None if row is None else self._stored(row)

    def standing(self, keys: Iterable[CanonicalUrl]) -> dict[CanonicalUrl, StoredMapping]:
        """Return what is known about each of many addresses."""
        found: dict[CanonicalUrl, StoredMapping] = {}
        rest = iter(keys)
        while chunk := list(islice(rest, _CHUNK)):
            statement = select(table).where(table.c.key.in_(chunk))
            for row in self._connection.execute(statement):
                found[CanonicalUrl(row.key)] = self._stored(row)
        return found

    def to_document(self, document_id: int) -> list[StoredMapping]:
        """Return the mappings that lead to a document, in the order they were made."""
        statement = select(table).where(table.c.target == f"doc:{document_id}").order_by(table.c.id)
        return [self._stored(row) for row in self._connection.execute(statement)]

    def listing(
        self,
        site: str | None = None,
        state: str | None = None,
        text: str | None = None,
        *,
        after: int = 0,
        limit: int = 50,
    ) -> list[StoredMapping]:
        """Return a page of mappings in order of id; `text` stands anywhere in the address."""
        statement = self._narrowed(select(table), site, state, text)
        statement = statement.where(table.c.id > after).order_by(table.c.id).limit(limit)
        return [self._stored(row) for row in self._connection.execute(statement)]

    def active(self) -> Iterator[Mapping]:
        """Walk every mapping that visitors are to be sent by, each with when it was decided."""
        is_split = table.c.kind == MappingKind.SPLIT.value
        columns = (
            table.c.key, table.c.raw, table.c.kind, table.c.target, table.c.reason, table.c.query,
            case((is_split, table.c.targets), else_=None),  # JSON is read where there is any
            self._seconds(table.c.updated_at),
        )  # fmt: skip
        # In the order of an index, so that nothing is sorted first.
        statement = select(*columns).where(table.c.state == "active")
        statement = statement.order_by(table.c.site_id, table.c.id)
        found = self._connection.execute(statement.execution_options(yield_per=_CHUNK))
        for chunk in found.partitions(_CHUNK):
            for key, raw, kind, target, reason, query, targets, since in chunk:
                successors = tuple(SplitTarget(**one) for one in targets) if targets else ()
                yield Mapping(key, raw, _KINDS[kind], target, successors, reason, since, query)

    def _seconds(self, column: ColumnElement[datetime]) -> ColumnElement[int]:
        """Give the seconds of the epoch of a moment, made by the database itself."""
        if self._connection.dialect.name == "sqlite":
            return cast(func.strftime("%s", column, type_=Integer), Integer)
        return cast(func.extract("epoch", column), BigInteger)

    def moved(self, site: str, *, after: int, limit: int) -> list[tuple[int, str]]:
        """Return addresses of a site that moved for good, each with its row, in their order."""
        statement = (
            select(table.c.id, table.c.raw)
            .where(
                table.c.state == "active",
                table.c.site_id == self._sites.id_of(site),
                table.c.kind == MappingKind.MOVED.value,
                table.c.id > after,
            )
            .order_by(table.c.id)
            .limit(limit)
        )
        return [(row.id, row.raw) for row in self._connection.execute(statement)]

    def count(
        self, site: str | None = None, state: str | None = None, text: str | None = None
    ) -> int:
        """Count the mappings that `listing` would walk."""
        statement = self._narrowed(select(func.count()).select_from(table), site, state, text)
        return int(self._connection.execute(statement).scalar_one())

    def _narrowed(
        self, statement: Select[Any], site: str | None, state: str | None, text: str | None
    ) -> Select[Any]:
        if site is not None:
            statement = statement.where(table.c.site_id == self._sites.id_of(site))
        if state is not None:
            statement = statement.where(table.c.state == state)
        if text:
            statement = statement.where(
                or_(
                    table.c.key.icontains(text, autoescape=True),
                    table.c.raw.icontains(text, autoescape=True),
                )
            )
        return statement

    def _note_clues(self, placed: Sequence[tuple[str, Mapping]]) -> None:
        """Note what addresses tell of the documents they lead to."""
        Clues(self._connection).note_addresses(
            (one.key, self._sites.id_of(site), int(one.target.removeprefix("doc:")))
            for site, one in placed
            if one.target is not None and _DOCUMENT.fullmatch(one.target)
        )

    def _values(self, site: str, mapping: Mapping) -> dict[str, Any]:
        return {"site_id": self._sites.id_of(site), **mapping_values(mapping)}

    def _stored(self, row: Row[Any]) -> StoredMapping:
        return StoredMapping(
            id=row.id,
            site=self._sites.name_of(row.site_id),
            mapping=_mapping(row),
            state=row.state,
            source=row.source,
            score=row.score,
            updated_at=row.updated_at,
        )


def mapping_values(mapping: Mapping) -> dict[str, Any]:
    """Return the columns that hold the mapping itself."""
    return {
        "key": mapping.key,
        "raw": storable(mapping.raw),
        "kind": mapping.kind.value,
        "target": mapping.target,
        "targets": [asdict(target) for target in mapping.targets],
        "reason": mapping.reason,
        "query": mapping.query,
    }


def _mapping(row: Row[Any]) -> Mapping:
    return Mapping(
        key=CanonicalUrl(row.key),
        raw=row.raw,
        kind=MappingKind(row.kind),
        target=row.target,
        targets=tuple(SplitTarget(**target) for target in row.targets),
        reason=row.reason,
        query=row.query,
    )
