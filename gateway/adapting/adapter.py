"""Codes of units on a preserved API: old programs and new servers understand each other.

A route says which day's codes its callers speak and which its server does; a call may name its
day itself. Codes in the call are changed to the server's, codes in the answer back to the caller's.
A code that was divided becomes the unit that bears most of it, and the answer says so; where nobody
can choose, or the route wants none chosen, the call is not made, and the answer lists the units.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache, partial

from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.units.register import Register
from gateway.adapting.answers import AnswerAdapter, asking
from gateway.adapting.calls import CallAdapter
from gateway.adapting.changing import Undecidable
from gateway.adapting.choosing import Chooser
from gateway.adapting.notes import WARNING, Tally
from gateway.adapting.places import read_places
from gateway.answer import Answer, field_lines
from gateway.api.unit_values import conversion_value
from gateway.i18n import _
from gateway.passthrough.failures import UpstreamBroken
from gateway.passthrough.telling import about_route, failure_answer, written
from gateway.settings.portal import PortalSettings
from gateway.site.notices import WORDINGS, problem_values
from redirects.route import ApiRoute
from redirects.route_units import UnitCodes

_MOST_ROUTES = 256


class UnitAdapter:
    """Stands around the passthrough of routes that ask for it."""

    def __init__(
        self, portal: PortalSettings, register: Register, today: Callable[[], dt.date]
    ) -> None:
        self._portal = portal
        self._register = register
        self._today = today
        self._chooser = Chooser(register)
        self._tally = Tally()
        self._calls = lru_cache(maxsize=_MOST_ROUTES)(self._call_adapter)

    def around(
        self, route: ApiRoute, units: UnitCodes, app: ASGIApp, refused: Callable[[Scope, int], None]
    ) -> ASGIApp:
        """Return `app`, which passes calls of `route` on, with codes changed both ways.

        `refused` is told of a call that was not made, with its status.
        """
        return partial(self._adapt, route, units, app, refused)

    async def _adapt(  # noqa: PLR0917 - a route with its application, and what ASGI calls with
        self,
        route: ApiRoute,
        units: UnitCodes,
        app: ASGIApp,
        refused: Callable[[Scope, int], None],
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        calls = self._calls(route.name, route.path, units)
        try:
            adapted = await calls.adapt(scope, receive)
        except Undecidable as error:
            refusal = self._refusal(route, error, scope)
            await refusal(scope, receive, send)
            refused(scope, refusal.status)
            return
        asked = adapted.scope
        if adapted.days.spoken == adapted.days.wanted and not adapted.notes.untouched:
            await app(asked, adapted.receive, send)
            return
        if adapted.days.spoken != adapted.days.wanted and units.answers:
            asked = asking(asked)
        answer = AnswerAdapter(
            send,
            adapted,
            read_places(units.answers),
            self._chooser,
            most=units.largest,
            left=partial(self._tally.left, route.name, "answer"),
        )
        await app(asked, adapted.receive, answer)
        if answer.is_held:  # it broke off before anything of it went out
            broken = failure_answer(self._portal, route, UpstreamBroken(route.name), scope)
            await broken(scope, receive, send)

    def _call_adapter(self, name: str, path: str, units: UnitCodes) -> CallAdapter:
        left = partial(self._tally.left, name, "call")
        return CallAdapter(units, path, self._chooser, today=self._today, left=left)

    def _refusal(self, route: ApiRoute, error: Undecidable, scope: Scope) -> Answer:
        """Say which units a code may be, in the caller's own format; the call was not made."""
        values = problem_values(
            self._portal,
            422,
            WORDINGS[422].title,
            _("Mã đơn vị nay là nhiều đơn vị; xin gọi lại với một mã trong ket_qua."),
            **about_route(route),
            **conversion_value(self._register, error.choice.conversion),
        )
        answer = written(values, scope)
        answer.lines += field_lines([(WARNING, b"mo-ho")])
        return answer
