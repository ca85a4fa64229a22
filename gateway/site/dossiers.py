"""A citizen asks for a dossier at the address on an old receipt: who holds it now?

The code on the receipt names the agency that took the dossier in. If an office that holds its
dossiers now has a server, that server answers; else the route's own, if it has one; else a page
says who holds the dossier, with a link and a telephone number. Codes are never kept or logged in
clear, and nobody may try many.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus, urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.units.agencies import Agencies, Holder
from catalogue.units.offices import Office
from gateway.answer import Answer, field_lines
from gateway.i18n import _
from gateway.logs import log
from gateway.passthrough.callers import caller_of
from gateway.passthrough.proxy import Passthrough
from gateway.passthrough.rates import Rates
from gateway.rendering import Pages
from gateway.server.carrying import TARGET
from gateway.site.notices import PROBLEM_JSON, Notices, problem, wants_json
from gateway.threads import in_thread
from redirects.dossier import DossierCode, read_dossier
from redirects.route import ApiRoute, RateLimit, Upstream
from redirects.route_path import RoutePath
from redirects.traffic.personal import hidden_code

USUAL_RATE = RateLimit(calls=30, seconds=60.0, burst=10)
"""How often one network may ask, where the route says nothing: a family yes, a list of codes no."""

_PRIVATE = ((b"cache-control", b"no-store"), (b"x-robots-tag", b"noindex"))
_NOT_HERE = _("Hồ sơ này không tra cứu được ở đây")


class DossierDesk:
    """Answers questions after dossiers along the routes that are for them."""

    def __init__(
        self,
        *,
        agencies: Agencies,
        passthrough: Passthrough,
        pages: Pages,
        notices: Notices,
        secret: bytes,
        today: Callable[[], dt.date],
        clock: Callable[[], float],
    ) -> None:
        """`secret` hides codes in logs; `clock` gives seconds that never go back."""
        self._agencies = agencies
        self._passthrough = passthrough
        self._pages = pages
        self._notices = notices
        self._secret = secret
        self._today = today
        self._clock = clock
        self._rates: dict[tuple[str, RateLimit], Rates] = {}

    def answer(self, route: ApiRoute, scope: Scope) -> ASGIApp:
        """Answer a question: along the route of who holds the dossier, or in words."""
        if wait := self._wait_of(route, scope):
            after = b"%d" % math.ceil(wait)
            return self._notices.at_once(scope, 429, [(b"retry-after", after), *_PRIVATE])
        typed = _typed_code(route, scope)
        code = read_dossier(typed)
        holder = self._agencies.holder_of(code.agency, self._today()) if code else None
        if code is not None:
            log.info(
                "dossier.asked",
                route=route.name,
                code=hidden_code(code.text, self._secret),
                agency=code.agency,
                held_by=holder.unit.code if holder else None,
            )
        office = holder.office if holder is not None else None
        if code is not None and office is not None and office.upstream:
            along = _along(route, office.upstream)
            if office.path:
                return _asking(self._passthrough.to(_in_other_words(along)), office.path, code)
            return self._passthrough.to(along)
        if route.upstreams:
            return self._passthrough.to(route)
        if wants_json(scope):
            return self._problem(code, holder)
        return in_thread(lambda request: self._page(request, route, typed, code, holder))

    def _wait_of(self, route: ApiRoute, scope: Scope) -> float:
        """Count a question; return the seconds to wait where there were too many."""
        limit = route.rate_limit or USUAL_RATE
        rates = self._rates.get((route.name, limit))
        if rates is None:
            rates = self._rates[route.name, limit] = Rates(limit, self._clock)
        return rates.take(caller_of(scope, limit.key))

    def _page(
        self,
        request: Request,
        route: ApiRoute,
        typed: str,
        code: DossierCode | None,
        holder: Holder | None,
    ) -> Response:
        status = 200 if holder or not typed else 404
        return self._pages.page(
            request,
            "site/dossier.html",
            status=status,
            headers={"cache-control": "no-store", "x-robots-tag": "noindex"},
            typed_code=typed[:60],
            code=code,
            holder=holder,
            parameter=route.dossier if _is_parameter(route) else None,
            path=request.scope["raw_path"].decode("latin-1"),
        )

    def _problem(self, code: DossierCode | None, holder: Holder | None) -> Answer:
        """Tell a program the same as the page tells a person."""
        if code is None:
            status, detail, more = 400, _UNREADABLE, {}
        elif holder is None:
            status, detail, more = 404, _UNKNOWN, _taken_in(code, None)
        else:
            status, detail = 404, _("Hồ sơ nay do cơ quan trong noi_giu giữ.")
            more = {**_taken_in(code, holder), "noi_giu": _held_by(holder)}
        body = problem(self._pages.portal, status, _NOT_HERE, detail, **more)
        own = ((b"content-type", PROBLEM_JSON.encode()), (b"content-length", b"%d" % len(body)))
        return Answer(status, field_lines((*own, *_PRIVATE, (b"vary", b"Accept"))), body)


_UNREADABLE = _("Mã hồ sơ không đọc được; ví dụ đúng: 000.00.19.H47-260105-0001.")
_UNKNOWN = _("Không biết cơ quan có mã này; xin hỏi Cổng Dịch vụ công quốc gia.")


@lru_cache(maxsize=256)
def _along(route: ApiRoute, origin: str) -> ApiRoute:
    """Return the route as it leads to one office's server: one value, for state hangs on it."""
    name = f"{route.name}@{urlsplit(origin).netloc}"
    return replace(route, name=name, upstreams=(Upstream(origin),), rate_limit=None)


@lru_cache(maxsize=256)
def _in_other_words(route: ApiRoute) -> ApiRoute:
    """Return a route whose path and query are another system's: what it rewrites is not there."""
    rewriting = replace(route.rewriting, path=None, query=())
    return replace(route, path="/*", rewriting=rewriting, units=None)


def _asking(app: ASGIApp, path: str, code: DossierCode) -> ASGIApp:
    """Ask in the words of the office's own system; a code has nothing that needs an escape."""
    target = path.replace(":code", code.text).encode("ascii")
    raw_path, _, query = target.partition(b"?")

    async def ask(scope: Scope, receive: Receive, send: Send) -> None:
        extensions = {**(scope.get("extensions") or {}), TARGET: target}
        asked = {"raw_path": raw_path, "query_string": query, "extensions": extensions}
        await app({**scope, **asked}, receive, send)

    return ask


@lru_cache(maxsize=256)
def _path_of(text: str) -> RoutePath:
    return RoutePath(text)


def _is_parameter(route: ApiRoute) -> bool:
    return route.dossier not in _path_of(route.path).names


def _typed_code(route: ApiRoute, scope: Scope) -> str:
    """Return what stands where the route says that a code stands; names have no case."""
    wanted = (route.dossier or "").lower()
    captures = _path_of(route.path).captures(scope["raw_path"])
    for name, value in captures.items():
        if name.lower() == wanted:
            return unquote_plus(value.decode("latin-1")).strip()
    for piece in scope["query_string"].split(b"&"):
        name, _equals, value = piece.partition(b"=")
        if unquote_plus(name.decode("latin-1")).lower() == wanted:
            return unquote_plus(value.decode("latin-1")).strip()
    return ""


def _taken_in(code: DossierCode, holder: Holder | None) -> dict[str, Any]:
    by = {"thuoc": holder.was.name} if holder and holder.was else {}
    day = code.received.isoformat()
    return {"tiep_nhan": {"ma_co_quan": code.agency, "ngay": day, **by}}


def _held_by(holder: Holder) -> dict[str, Any]:
    unit = {"ma": holder.unit.code, "ten": holder.unit.name}
    office = _spoken_of(holder.office) if holder.office else {}
    return {"don_vi": unit, **office}


def _spoken_of(office: Office) -> dict[str, str]:
    told = {
        "co_quan": office.name,
        "dien_thoai": office.phone,
        "email": office.email,
        "dia_chi": office.address,
        "trang": office.url,
    }
    return {name: value for name, value in told.items() if value}
