"""Printing: templates, two languages and the headers that every page carries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from catalogue.document import SECTIONS
from gateway.i18n import LANGUAGES, Translation, load_translations
from gateway.old_urls import Answer
from gateway.security import host_of, page_headers
from gateway.settings import PortalSettings

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "lang"
_A_YEAR = 365 * 24 * 3600
_EDGE = "\x00"  # around the name of a hole; no template or setting holds one


class Pages:
    """The templates of one application, with what every page of it needs."""

    def __init__(self, portal: PortalSettings) -> None:
        self.portal = portal
        self._headers = page_headers(portal.url)
        self._environments = {
            language: _environment(translation, portal)
            for language, translation in load_translations().items()
        }

    def base(self, scope: Scope) -> str:
        """Return what goes before a path of ours: an old host must name the portal in full."""
        return "" if host_of(scope) in self.portal.hosts else self.portal.url

    def text(self, request: Request, text: str) -> str:
        """Return a marked text in the visitor's language."""
        translate = self._environments[language_of(request)].globals["_"]
        return str(translate(text))  # type: ignore[operator]  # globals are untyped; `_` is ours

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """Print `template` in the visitor's language."""
        language, base = language_of(request), self.base(request.scope)
        html = self.print(language, base, template, switches=switches(request, base), **values)
        return self.response(request, html, language, status=status, headers=headers)

    def print(self, language: str, base: str, template: str, **values: Any) -> str:
        """Print `template` in a language, for the portal's hosts or (with a `base`) for others."""
        page = self._environments[language].get_template(template)
        return page.render({"typed": "", **values}, base=base, language=language)

    def response(
        self,
        request: Request,
        html: str,
        language: str,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send what was printed, with the headers of every page."""
        response = HTMLResponse(html, status, {"cache-control": "no-cache", **(headers or {})})
        response.raw_headers.extend(self._headers)
        response.raw_headers.append((b"vary", b"Cookie"))
        if _asked_language(request):
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_A_YEAR, httponly=True, samesite="lax"
            )
        return response


class Shell:
    """A page printed once for each language and base, with holes for what differs by visitor.

    What was printed is split at the holes before any visitor's value comes near it: a value is
    escaped, put in its hole for one answer, and forgotten.
    """

    def __init__(
        self, pages: Pages, template: str, *, holes: tuple[str, ...], **fixed: Any
    ) -> None:
        """`fixed` is the same for everybody."""
        self._pages = pages
        self._template = template
        self._values = {**fixed, **{name: _hole(name) for name in holes}}
        self._frames: dict[tuple[str, str, bool], _Frame] = {}

    def page(self, request: Request, *, status: int, **filled: str) -> Answer:
        """Answer with the page, its holes filled."""
        base = self._pages.base(request.scope)
        frame = self._frame(request, base)
        values = {**filled, **switches(request, base)}
        body = b"".join(
            [
                escape(values[piece.decode()]).encode() if is_hole else piece
                for is_hole, piece in frame.pieces
            ]
        )
        return Answer(status, (*frame.headers, (b"content-length", b"%d" % len(body))), body)

    def _frame(self, request: Request, base: str) -> _Frame:
        language = language_of(request)
        place = (language, base, _asked_language(request) is not None)
        frame = self._frames.get(place)
        if frame is None:
            links = {name: _hole(name) for name in LANGUAGES}
            html = self._pages.print(language, base, self._template, switches=links, **self._values)
            headers = self._pages.response(request, "", language, status=200).raw_headers
            frame = self._frames[place] = _Frame(
                tuple((name, value) for name, value in headers if name != b"content-length"),
                tuple(
                    (number % 2 == 1, text.encode())
                    for number, text in enumerate(html.split(_EDGE))
                ),
            )
        return frame


class _Frame(NamedTuple):
    """What is the same for everybody: headers, and text with the names of holes between."""

    headers: tuple[tuple[bytes, bytes], ...]
    pieces: tuple[tuple[bool, bytes], ...]


def _hole(name: str) -> str:
    return f"{_EDGE}{name}{_EDGE}"


def language_of(request: Request) -> str:
    """Return the language asked for in the address, else kept in the cookie, else Vietnamese."""
    kept = request.cookies.get(LANGUAGE_COOKIE)
    return _asked_language(request) or (kept if kept in LANGUAGES else LANGUAGES[0])


def _asked_language(request: Request) -> str | None:
    if not request.scope["query_string"]:
        return None
    wanted = request.query_params.get("lang")
    return wanted if wanted in LANGUAGES else None


def local_date(day: date | datetime | None) -> str:
    """Print a date the way Vietnamese papers do: 30/6/2025 (TT 22/2023 asks for no more)."""
    return f"{day.day}/{day.month}/{day.year}" if day else ""


def asset_path(name: str) -> str:
    """Return a static file's path with a digest, so that a browser may keep it for ever."""
    digest = blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?{digest}"


def _environment(translation: Translation, portal: PortalSettings) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=translation.gettext,
        ngettext=translation.ngettext,
        portal=portal,
        sections=SECTIONS,
        stylesheet=asset_path("site.css"),
        emblem=asset_path("emblem.svg"),
    )
    environment.filters["date"] = local_date
    return environment


def switches(request: Request, base: str) -> dict[str, str]:
    """Return each language's address of this page; on an old host that is the portal's home."""
    if base:
        return {language: f"{base}/?lang={language}" for language in LANGUAGES}
    query = parse_qsl(request.scope["query_string"].decode("latin-1"))
    kept = [(name, value) for name, value in query if name != "lang"]
    path = request.scope["raw_path"].decode("latin-1")
    path = "/" + path.lstrip("/\\")
    return {language: f"{path}?{urlencode([*kept, ('lang', language)])}" for language in LANGUAGES}
