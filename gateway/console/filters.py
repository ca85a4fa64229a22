"""Filters of the lists: read from an address, written back into every link that keeps the place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from catalogue.clusters import Traits
from catalogue.database import Database
from catalogue.document import SECTIONS, DocumentKind, DocumentState
from catalogue.filtering import DocumentFilter
from catalogue.sites import Sites
from gateway.console.form import Form

ANY_STATE = "tat-ca"
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where an editor stands in the documents: which filter, and after which id the page begins."""

    filters: DocumentFilter
    after: int = 0

    @property
    def query(self) -> str:
        """The place as the query of an address."""
        return urlencode(self.fields)

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The place as the fields of a form; what is not narrowed is left out."""
        filters = self.filters
        values = [
            ("trang-thai", ANY_STATE if filters.state is None else filters.state.value),
            ("cong", filters.site),
            ("muc", filters.section),
            ("loai", filters.kind),
            ("co", filters.flag),
            ("chu", filters.text),
            ("sau", str(self.after) if self.after else None),
        ]
        return [(name, value) for name, value in values if value]

    def but(self, **changes: object) -> str:
        """The query of the same place with another choice, from its first page."""
        filters = replace(self.filters, **changes)  # type: ignore[arg-type] # names of the filter's own fields, from our templates
        return Place(filters).query

    def from_id(self, after: int) -> str:
        """The query of another page of the same filter."""
        return replace(self, after=after).query


def place_in(form: Form, sites: frozenset[str]) -> Place:
    """Read a place from a query or a form; a choice nobody knows is no choice."""
    site, section, flag = form.one("cong"), form.one("muc"), form.one("co")
    return Place(
        DocumentFilter(
            state=_state_in(form.one("trang-thai")),
            site=site if site in sites else None,
            section=section if section in SECTIONS else None,
            kind=kind_in(form.one("loai")),
            flag=flag[:LONGEST_TEXT] or None,
            text=form.one("chu")[:LONGEST_TEXT] or None,
        ),
        after=form.number("sau") or 0,
    )


class Places:
    """Reads places; a site counts once the catalogue knows it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, form: Form) -> Place:
        """The place that a query or a form names."""
        with self._database.reading() as connection:
            sites = frozenset(site.name for site in Sites(connection).all())
        return place_in(form, sites)


def traits_in(form: Form) -> Traits | None:
    """Read the cluster that a form names; None when it names none."""
    kind = kind_in(form.one("cum-loai"))
    if not form.one("cum-cong") or kind is None:
        return None
    return Traits(
        site=form.one("cum-cong"),
        section=form.one("cum-muc"),
        kind=kind,
        flags=tuple(form.one("cum-co").split()),
        template=form.one("cum-mau") or None,
    )


def traits_fields(traits: Traits) -> list[tuple[str, str]]:
    """Write a cluster as the fields of a form."""
    fields = [
        ("cum-cong", traits.site),
        ("cum-muc", traits.section),
        ("cum-loai", traits.kind.value),
        ("cum-co", " ".join(traits.flags)),
        ("cum-mau", traits.template or ""),
    ]
    return [(name, value) for name, value in fields if value]


def kind_in(text: str) -> DocumentKind | None:
    """The kind so called, or None."""
    return next((kind for kind in DocumentKind if kind.value == text), None)


def _state_in(text: str) -> DocumentState | None:
    if text == ANY_STATE:
        return None
    known = {state.value: state for state in DocumentState}
    return known.get(text, DocumentState.IMPORTED)
