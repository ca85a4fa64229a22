"""Mapping: the list of old addresses with what becomes of them, and the form that decides one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import get_args
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from catalogue.database import Database
from catalogue.decisions import decide_mapping
from catalogue.documents import Documents
from catalogue.mappings import Mappings, MappingState
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.form import Form
from gateway.console.mapping_form import (
    Draft,
    Judgement,
    document_in,
    draft_in,
    draft_of,
    judge,
)
from gateway.console.pages import Pages
from gateway.console.suggesting import Suggesting
from gateway.console.visit import Visit
from gateway.i18n import _
from redirects.mapping import Mapping, MappingKind
from redirects.site import Portal
from redirects.sites import Sites

PAGE_SIZE = 50
EDITABLE = tuple(kind for kind in MappingKind)
_BACK = (addresses.MISSES, addresses.READINESS)


@dataclass(frozen=True, slots=True)
class MappingPlace:
    """What the list is narrowed to, and after which id the page begins."""

    site: str | None = None
    state: str | None = None
    text: str | None = None
    after: int = 0

    @property
    def query(self) -> str:
        """The place as the query of an address."""
        values = [
            ("cong", self.site),
            ("trang-thai", self.state),
            ("chu", self.text),
            ("sau", str(self.after) if self.after else None),
        ]
        return urlencode([(name, value) for name, value in values if value])

    def from_id(self, after: int) -> str:
        """The query of another page of the same list."""
        return replace(self, after=after).query


def mapping_place_in(form: Form, sites: Sites) -> MappingPlace:
    """Read a place; a choice nobody knows is no choice."""
    state = form.one("trang-thai")
    return MappingPlace(
        site=form.one("cong") if sites.named(form.one("cong")) else None,
        state=state if state in get_args(MappingState) else None,
        text=form.one("chu")[:200] or None,
        after=form.number("sau") or 0,
    )


class MappingDesk:
    """The mappings' list and form."""

    def __init__(
        self,
        database: Database,
        pages: Pages,
        sites: Sites,
        portal: Portal,
        suggesting: Suggesting,
    ) -> None:
        self._database = database
        self._pages = pages
        self._sites = sites
        self._portal = portal
        self._suggesting = suggesting

    def list(self, visit: Visit) -> Response:
        """The mappings of a place, page by page."""
        place = mapping_place_in(visit.params, self._sites)
        with self._database.reading() as connection:
            mappings = Mappings(connection)
            rows = mappings.listing(
                place.site, place.state, place.text, after=place.after, limit=PAGE_SIZE + 1
            )
            return self._pages.answer(
                visit,
                "mappings.html",
                tab=addresses.MAPPINGS,
                place=place,
                rows=rows[:PAGE_SIZE],
                count=mappings.count(place.site, place.state, place.text),
                next_after=rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None,
                notice=notice_of(connection, visit),
            )

    def edit(self, visit: Visit) -> Response:
        """The form, filled in with what is there."""
        address = visit.params.one("dia-chi") or visit.params.one("key")
        draft = Draft(address=address, target=visit.params.one("dich"))
        found = self._sites.key_of(address) if address else None
        with self._database.reading() as connection:
            stored = Mappings(connection).find(found[1]) if found else None
        if stored is not None and not visit.params.one("dich"):
            draft = draft_of(stored.mapping)
        return self._form(visit, draft, Judgement())

    def put(self, visit: Visit) -> Response:
        """Keep the editor's mapping, active at once, or say beside each field what is wrong."""
        draft = draft_in(visit.form)
        judgement = judge(draft, self._sites, self._portal)
        if judgement.mapping is None or judgement.site is None:
            return self._form(visit, draft, judgement, status=422)
        with self._database.writing() as connection:
            if _names_nothing(connection, judgement.mapping):
                problems = {"dich": _("Không có tài liệu nào mang số này.")}
                return self._form(visit, draft, Judgement(problems=problems), status=422)
            batch = decide_mapping(
                connection,
                judgement.site.name,
                judgement.mapping,
                editor=visit.editor.name,
                now=visit.now,
            )
        asked = visit.form.one("ve")
        back = asked if asked in _BACK else addresses.MAPPINGS
        return RedirectResponse(addresses.with_notice(back, batch.id), 303)

    def _form(
        self, visit: Visit, draft: Draft, judgement: Judgement, *, status: int = 200
    ) -> Response:
        with self._database.reading() as connection:
            suggestions = self._suggesting.suggest(connection, draft.address)
        return self._pages.answer(
            visit,
            "mapping_form.html",
            status=status,
            tab=addresses.MAPPINGS,
            draft=draft,
            problems=judgement.problems,
            kinds=EDITABLE,
            suggestions=suggestions,
            back=visit.params.one("ve") or visit.form.one("ve"),
        )


def _names_nothing(connection: Connection, mapping: Mapping) -> bool:
    target = mapping.target or ""
    if not target.startswith("doc:"):
        return False
    return Documents(connection).find(document_in(target) or 0) is None
