"""Rules: the list with whom they belong to and when they hold, and the form that changes one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from catalogue.database import Database
from catalogue.decisions import decide_rule, drop_rule
from catalogue.rules import Rules
from gateway.console import addresses
from gateway.console.batches import notice_of
from gateway.console.pages import Pages
from gateway.console.rule_form import (
    KINDS,
    RuleDraft,
    RuleJudgement,
    draft_in,
    draft_of,
    judge_rule,
)
from gateway.console.visit import Visit
from redirects.calendar import today_in_vietnam
from redirects.rule import Rule, RulePlace
from redirects.site import Portal
from redirects.sites import Sites


class RuleDesk:
    """The rules' list and form. Rules of the settings file are shown, but changed there."""

    def __init__(
        self,
        database: Database,
        pages: Pages,
        sites: Sites,
        portal: Portal,
        settled: tuple[Rule, ...],
    ) -> None:
        self._database = database
        self._pages = pages
        self._sites = sites
        self._portal = portal
        self._settled = settled

    def list(self, visit: Visit) -> Response:
        """Every rule in the order it is tried."""
        site = visit.params.one("cong")
        with self._database.reading() as connection:
            kept = Rules(connection).all()
            notice = notice_of(connection, visit)
        places = list(RulePlace)
        rules = sorted(
            (one for one in [*self._settled, *kept] if site in ("", one.site)),
            key=lambda one: (one.site, places.index(one.place), one.order, one.name),
        )
        return self._pages.answer(
            visit,
            "rules.html",
            tab=addresses.MAPPINGS,
            rules=rules,
            settled=set(self._settled),
            site=site,
            today=today_in_vietnam(),
            notice=notice,
        )

    def edit(self, visit: Visit) -> Response:
        """The form, filled in with the rule that is named, or empty."""
        name, site = visit.params.one("ten"), visit.params.one("cong")
        draft = RuleDraft(site=site)
        if name:
            found = self._find(site, name)
            if found is None:
                raise HTTPException(404)
            draft = draft_of(found)
        return self._form(visit, draft, RuleJudgement())

    def put(self, visit: Visit) -> Response:
        """Keep the editor's rule, or say beside each field what is wrong."""
        draft = draft_in(visit.form)
        judgement = judge_rule(draft, self._sites, self._portal)
        if judgement.rule is None:
            return self._form(visit, draft, judgement, status=422)
        with self._database.writing() as connection:
            batch = decide_rule(connection, judgement.rule, editor=visit.editor.name, now=visit.now)
        return RedirectResponse(addresses.with_notice(addresses.RULES, batch.id), 303)

    def drop(self, visit: Visit) -> Response:
        """Delete a rule; undoing brings it back."""
        site, name = visit.form.one("cong"), visit.form.one("ten")
        with self._database.writing() as connection:
            batch = drop_rule(connection, site, name, editor=visit.editor.name, now=visit.now)
        return RedirectResponse(addresses.with_notice(addresses.RULES, batch.id), 303)

    def _find(self, site: str, name: str) -> Rule | None:
        with self._database.reading() as connection:
            kept = Rules(connection).all()
        return next((one for one in kept if (one.site, one.name) == (site, name)), None)

    def _form(
        self, visit: Visit, draft: RuleDraft, judgement: RuleJudgement, *, status: int = 200
    ) -> Response:
        return self._pages.answer(
            visit,
            "rule_form.html",
            status=status,
            tab=addresses.MAPPINGS,
            draft=draft,
            problems=judgement.problems,
            kinds=KINDS,
            places=list(RulePlace),
            is_known=bool(visit.params.one("ten")),
        )
