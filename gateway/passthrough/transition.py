"""Telling callers in every answer that an API will change: from when, until when, what comes next.

`Deprecation` (RFC 9745), `Sunset` (RFC 8594), `Link` with `successor-version` (RFC 5829),
`deprecation` and `sunset`, and a notice for people who read logs. A route without any of these
has none of these fields.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from starlette.types import Message, Send

from redirects.calendar import VIETNAM
from redirects.route import ApiRoute, Transition

Fields = tuple[tuple[bytes, bytes], ...]

NOTICE = b"transition-notice"
_SINGLE = frozenset({b"deprecation", b"sunset", NOTICE})


def transition_fields(route: ApiRoute, today: date) -> Fields:
    """Return what every answer of a route says on a day."""
    plan = route.transition or Transition()
    fields = []
    if plan.deprecated is not None:
        fields.append((b"deprecation", b"@%d" % _begin(plan.deprecated).timestamp()))
    ends = ends_on(route)
    if ends is not None:
        fields.append((b"sunset", format_datetime(_begin(ends), usegmt=True).encode("ascii")))
    fields += [(b"link", link) for link in _links(route, plan, has_end=ends is not None)]
    if notice := notice_on(route, today):
        fields.append((NOTICE, display_string(notice)))
    return tuple(fields)


def ends_on(route: ApiRoute) -> date | None:
    """Return the first day without the API; a route's last day says it too."""
    if route.transition is not None and route.transition.sunset is not None:
        return route.transition.sunset
    return route.valid_until + timedelta(days=1) if route.valid_until is not None else None


def notice_on(route: ApiRoute, today: date) -> str:
    """Return the notice that is told on a day, "" where there is none."""
    plan = route.transition
    if plan is None or (plan.notice_from is not None and today < plan.notice_from):
        return ""
    return plan.notice


def _begin(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM).astimezone(UTC)


def _links(route: ApiRoute, plan: Transition, *, has_end: bool) -> list[bytes]:
    links = []
    if route.successor:
        links.append(_link(route.successor, "successor-version"))
    if plan.page:
        relations = {"deprecation": plan.deprecated is not None, "sunset": has_end}
        links += [_link(plan.page, name) for name, is_so in relations.items() if is_so]
    return links


def _link(url: str, relation: str) -> bytes:
    return f'<{url}>; rel="{relation}"'.encode("ascii")


def display_string(text: str) -> bytes:
    """Write any text as a Display String (RFC 9651, 4.1.11): UTF-8, percent-encoded."""
    written = "".join(
        chr(byte) if 0x20 <= byte < 0x7F and byte not in b'%"' else f"%{byte:02x}"  # noqa: PLR2004 - printable ASCII
        for byte in text.encode()
    )
    return f'%"{written}"'.encode("ascii")


class _Told(NamedTuple):
    route: ApiRoute
    day: date
    fields: Fields


class Transitions:
    """Adds to answers what their route has to say; worked out once a day."""

    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today
        self._told: dict[str, _Told] = {}

    def fields(self, route: ApiRoute) -> Fields:
        """Return what is to be said today."""
        if route.transition is None and route.successor is None and route.valid_until is None:
            return ()
        day = self._today()
        told = self._told.get(route.name)
        if told is None or told.route is not route or told.day != day:
            told = _Told(route, day, transition_fields(route, day))
            self._told[route.name] = told
        return told.fields

    def telling(self, route: ApiRoute, send: Send) -> Send:
        """Return `send`, or one that adds the fields to the head of an answer."""
        fields = self.fields(route)
        return _with_fields(send, fields) if fields else send


def _with_fields(send: Send, fields: Fields) -> Send:
    ours = _SINGLE & {name for name, _ in fields}

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [field for field in message["headers"] if field[0] not in ours]
            message = {**message, "headers": [*kept, *fields]}
        await send(message)

    return told
