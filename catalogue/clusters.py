"""Clusters: documents so alike that an editor decides them together.

Two readings: by traits (site, section, kind, flags), counted on a covering index; and by the
template of their address, for the thousand pages that one old page made.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Select, func, select

from catalogue.document import DocumentKind
from catalogue.filtering import DocumentFilter, flags_text, narrow
from catalogue.schema import document as table
from catalogue.sites import Sites
from redirects.mapping import CanonicalUrl

_DIGITS = re.compile(r"[0-9]+")
_SLUG = re.compile(r"(?:[^-/?&=.]+-){2,}[^-/?&=.]*")

SMALLEST = 2
"""Documents that make a cluster: a single one is decided on its own page."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What the documents of a cluster share; `template` is None where the address is no matter."""

    site: str
    section: str
    kind: DocumentKind
    flags: tuple[str, ...] = ()
    template: str | None = None


@dataclass(frozen=True, slots=True)
class Cluster:
    """Some documents that share their traits, and how many they are."""

    traits: Traits
    count: int


def template_of(key: CanonicalUrl) -> str:
    """Return the shape of an address: numbers become `#`, a slug at its end or in its query `*`.

    "xa.gov.vn/thu-tuc-hanh-chinh/khai-mac-le-hoi-58.html" is "xa.gov.vn/thu-tuc-hanh-chinh/*.html";
    a slug has three words or more.
    """
    host, slash, rest = key.partition("/")
    path, question, query = rest.partition("?")
    folder, last_slash, page = path.rpartition("/")
    ending = _SLUG.sub("*", page) + question + _SLUG.sub("*", query)
    return host + slash + _DIGITS.sub("#", folder + last_slash + ending)


class Clusters:
    """The documents under a filter, grouped."""

    def __init__(self, connection: Connection) -> None:
        """Work inside the transaction of `connection`."""
        self._connection = connection
        self._sites = Sites(connection)

    def by_traits(self, filters: DocumentFilter, limit: int) -> list[Cluster]:
        """Return the largest clusters by site, section, kind and flags; one document is none."""
        count = func.count().label("size")
        columns = (table.c.site_id, table.c.section, table.c.kind, table.c.flags)
        statement = narrow(select(*columns, count), filters, self._sites)
        statement = statement.group_by(*columns).having(count >= SMALLEST)
        statement = statement.order_by(count.desc(), *columns).limit(limit)
        return [
            Cluster(self._traits(row.site_id, row.section, row.kind, row.flags), row.size)
            for row in self._connection.execute(statement)
        ]

    def by_template(self, filters: DocumentFilter, limit: int) -> list[Cluster]:
        """Return the largest clusters by traits and template of the address."""
        columns = (table.c.site_id, table.c.section, table.c.kind, table.c.flags)
        statement = narrow(select(*columns, table.c.key), filters, self._sites)
        counts = Counter(
            (*row[:4], template_of(CanonicalUrl(row.key)))
            for row in self._connection.execute(statement)
        )
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return [
            Cluster(replace(self._traits(*place[:4]), template=place[4]), size)
            for place, size in ranked[:limit]
            if size >= SMALLEST
        ]

    def ids(self, filters: DocumentFilter, traits: Traits) -> list[int]:
        """Return the documents of one cluster under a filter, in order of id."""
        columns = select(table.c.id, table.c.key)
        statement = self._of(narrow(columns, filters, self._sites), traits).order_by(table.c.id)
        return [
            row.id
            for row in self._connection.execute(statement)
            if traits.template in (None, template_of(CanonicalUrl(row.key)))
        ]

    def _of(self, statement: Select[tuple[int, str]], traits: Traits) -> Select[tuple[int, str]]:
        return statement.where(
            table.c.site_id == self._sites.id_of(traits.site),
            table.c.section == traits.section,
            table.c.kind == traits.kind,
            table.c.flags == flags_text(traits.flags),
        )

    def _traits(self, site_id: int, section: str, kind: str, flags: str) -> Traits:
        return Traits(
            site=self._sites.name_of(site_id),
            section=section,
            kind=DocumentKind(kind),
            flags=tuple(flags.split()),
        )
