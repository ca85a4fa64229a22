"""A call on its way to the server: path, query and body with the codes that the server knows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import unquote_plus

from starlette.types import Receive, Scope

from gateway.adapting.bodies import (
    Kind,
    again,
    has_places,
    hold,
    kind_of,
    spans_in,
    value_of,
    with_length,
    without_delay,
)
from gateway.adapting.changing import Change
from gateway.adapting.choosing import Chooser, Days
from gateway.adapting.notes import Notes
from gateway.adapting.places import NamePlace, Place, names_in, read_place, read_places
from gateway.adapting.spans import Span, replaced, spans_in_query
from gateway.api.questions import QuestionError, read_day
from gateway.coding import decoded, encoded
from gateway.passthrough.headers import has_body, target_of
from gateway.server.carrying import TARGET
from redirects.route_path import RoutePath
from redirects.route_units import UnitCodes

_LONGEST_DAY = 40  # bytes


@dataclass(frozen=True, slots=True)
class Adapted:
    """A call as the server gets it, and what its answer has to know of it."""

    scope: Scope
    receive: Receive
    days: Days
    notes: Notes
    named: frozenset[str] = frozenset()


class CallAdapter:
    """Changes the calls of one route. `left` is told why a body was not changed."""

    def __init__(
        self,
        units: UnitCodes,
        path: str,
        chooser: Chooser,
        *,
        today: Callable[[], dt.date],
        left: Callable[[str], None],
    ) -> None:
        self._units = units
        self._path = RoutePath(path)
        self._parameters = read_places(units.parameters)
        self._day_place = (read_place(units.day),) if units.day else ()
        self._chooser = chooser
        self._today = today
        self._left = left

    async def adapt(self, scope: Scope, receive: Receive) -> Adapted:
        """Return a call as the server is to get it. Raises Undecidable."""
        notes = Notes()
        kind, body, coding = None, None, value_of(scope["headers"], b"content-encoding")
        if self._looks_into(scope):
            kind = kind_of(scope["headers"])
            held, receive = await hold(receive, self._units.largest)
            body = self._read(held, coding, notes)
        days = await self._days(scope, kind, body, notes)
        if days.spoken == days.wanted:
            return Adapted(scope, receive, days, notes)
        change = Change(self._chooser, days, notes, refuses=self._units.refuses, in_call=True)
        scope = self._with_target(scope, change)
        if kind is not None and body:
            try:
                work = partial(change.in_body, body, kind, self._parameters)
                changed = await without_delay(work, len(body))
            except ValueError:
                self._leave("unreadable", notes)
            else:
                scope, receive = _with_body(scope, receive, body, changed)
        return Adapted(scope, receive, days, notes, frozenset(change.seen))

    def _looks_into(self, scope: Scope) -> bool:
        """Say whether a call's body may hold a code or its day."""
        kind = kind_of(scope["headers"])
        places = (*self._parameters, *self._day_place)
        return kind is not None and has_body(scope["headers"])[0] and has_places(kind, places)

    def _read(self, held: bytes | None, coding: bytes, notes: Notes) -> bytes | None:
        if held is None:
            self._leave("too long", notes)
            return None
        try:
            return decoded(held, coding, self._units.largest)
        except ValueError:
            self._leave("coding", notes)
            return None

    def _leave(self, why: str, notes: Notes) -> None:
        self._left(why)
        notes.untouched = True

    # --- the day ---

    async def _days(
        self, scope: Scope, kind: Kind | None, body: bytes | None, notes: Notes
    ) -> Days:
        today = self._today()
        told = await self._told_day(scope, kind, body, notes)
        spoken = told or self._units.callers or today
        return Days(spoken, self._units.server or today)

    async def _told_day(
        self, scope: Scope, kind: Kind | None, body: bytes | None, notes: Notes
    ) -> dt.date | None:
        for text in await self._day_texts(scope, kind, body, notes):
            try:
                return read_day("ngay", text.strip()[:_LONGEST_DAY])
            except QuestionError:
                self._left("day")
        return None

    async def _day_texts(
        self, scope: Scope, kind: Kind | None, body: bytes | None, notes: Notes
    ) -> Sequence[str]:
        """Return what stands where a call may name its day: in the address, else in the body."""
        path, _, query = target_of(scope).partition(b"?")
        found = _texts(path, self._spans_in_path(path, self._day_place), plus=False)
        found += _texts(query, spans_in_query(query, names_in(self._day_place)), plus=True)
        if found or kind is None or not body or not has_places(kind, self._day_place):
            return found
        try:
            work = partial(spans_in, body, kind, self._day_place)
            spans = await without_delay(work, len(body))
        except ValueError:
            self._leave("unreadable", notes)
            return ()
        return _texts(body, spans, plus=kind is Kind.FORM)

    # --- path, query, body ---

    def _with_target(self, scope: Scope, change: Change) -> Scope:
        path, question, query = target_of(scope).partition(b"?")
        new_path = replaced(path, self._spans_in_path(path, self._parameters), change.code)
        names = names_in(self._parameters)
        new_query = replaced(query, spans_in_query(query, names), change.code)
        if (new_path, new_query) == (path, query):
            return scope
        extensions = scope.get("extensions") or {}
        return {
            **scope,
            "raw_path": new_path,
            "query_string": new_query,
            "extensions": {**extensions, TARGET: new_path + question + new_query},
        }

    def _spans_in_path(self, path: bytes, places: Sequence[Place]) -> Sequence[Span]:
        spans = self._path.spans(path)
        return [
            Span(*spans[place.name], place.level)
            for place in places
            if isinstance(place, NamePlace) and place.name in spans
        ]


def _with_body(
    scope: Scope, receive: Receive, body: bytes, changed: bytes
) -> tuple[Scope, Receive]:
    if changed == body:
        return scope, receive
    sent, coding = encoded(changed, value_of(scope["headers"], b"content-encoding"))
    headers = with_length(scope["headers"], sent, coding)
    return {**scope, "headers": headers}, again(sent, receive)


def _texts(data: bytes, spans: Iterable[Span], *, plus: bool) -> list[str]:
    texts = [data[span.start : span.end].decode("latin-1") for span in spans]
    return [unquote_plus(text) if plus else text for text in texts]
