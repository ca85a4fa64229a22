"""The rules of the catalogue: patterns that editors keep beside the mappings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, delete, select

from catalogue.database import raise_revision, upsert
from catalogue.schema import rule as table
from catalogue.sites import Sites
from redirects.mapping import MappingKind
from redirects.rule import Example, Rule, RulePlace


class Rules:
    """Every rule, named within its site."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def put(self, rule: Rule) -> None:
        """Set the rule of that site and name; visitors meet it at once."""
        if rule in self.all():
            return
        self.put_all([rule])
        raise_revision(self._connection)

    def put_all(self, rules: Sequence[Rule]) -> None:
        """Set many rules; the caller raises the revision."""
        if not rules:
            return
        statement = upsert(self._connection, table)
        rows = [self._values(rule) for rule in rules]
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[table.c.site_id, table.c.name],
                set_={name: statement.excluded[name] for name in rows[0]},
            ),
            rows,
        )

    def _values(self, rule: Rule) -> dict[str, Any]:
        return {
            "site_id": self._sites.id_of(rule.site),
            "name": rule.name,
            "pattern": rule.pattern,
            "kind": rule.kind.value,
            "target": rule.target,
            "place": rule.place.value,
            "reason": rule.reason,
            "position": rule.order,
            "owner": rule.owner,
            "query": rule.query,
            "add": rule.add,
            "valid_from": rule.valid_from,
            "valid_until": rule.valid_until,
            "review_on": rule.review_on,
            "is_enabled": int(rule.is_enabled),
            "examples": [asdict(example) for example in rule.examples],
        }

    def all(self) -> list[Rule]:
        """Return every rule in the order they are tried within a place."""
        statement = select(table).order_by(table.c.site_id, table.c.position, table.c.name)
        return [
            Rule(
                name=row.name,
                site=self._sites.name_of(row.site_id),
                pattern=row.pattern,
                kind=MappingKind(row.kind),
                target=row.target,
                place=RulePlace(row.place),
                reason=row.reason,
                order=row.position,
                owner=row.owner,
                query=row.query,
                add=row.add,
                valid_from=row.valid_from,
                valid_until=row.valid_until,
                review_on=row.review_on,
                is_enabled=bool(row.is_enabled),
                examples=tuple(Example(**one) for one in row.examples),
            )
            for row in self._connection.execute(statement)
        ]

    def remove(self, site: str, name: str) -> None:
        """Drop a rule; one that is not there needs no dropping."""
        site_id = self._sites.id_of(site)
        chosen = (table.c.site_id == site_id) & (table.c.name == name)
        statement = delete(table).where(chosen).returning(table.c.id)
        if self._connection.execute(statement).first() is not None:
            raise_revision(self._connection)
