"""Printing: templates, two languages and the headers that every page carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from hashlib import blake2b
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import QueryParams
from starlette.requests import Request, cookie_parser
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from catalogue.document import SECTIONS
from gateway.i18n import LANGUAGES, Translation, load_translations
from gateway.security import host_of, page_headers
from gateway.settings.portal import PortalSettings

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "lang"
_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)
_A_YEAR = 365 * 24 * 3600


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
        scope = request.scope
        language, base = language_in(scope), self.base(scope)
        values = {"switches": switches(scope, base), **values}
        html = self.print(language, base, template, **values)
        tag = f'W/"{blake2b(html.encode(), digest_size=8).hexdigest()}"'
        headers = {"etag": tag, **(headers or {})}
        asked = asked_language(scope)
        if status == HTTPStatus.OK and holds(request.headers.get("if-none-match", ""), tag):
            return self.response("", language, asked, status=304, headers=headers)
        return self.response(html, language, asked, status=status, headers=headers)

    def print(self, language: str, base: str, template: str, **values: Any) -> str:
        """Print `template` in a language, for the portal's hosts or (with a `base`) for others."""
        page = self._environments[language].get_template(template)
        return page.render({"typed": "", **values}, base=base, language=language)

    def response(
        self,
        html: str,
        language: str,
        asked: str | None,
        *,
        status: int,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send what was printed, with the headers of every page; keep a language that was asked."""
        usual = {"cache-control": "no-cache", "vary": "Cookie"}
        response = HTMLResponse(html, status, {**usual, **(headers or {})})
        response.raw_headers.extend(self._headers)
        if asked:  # a cookie is for one visitor: the answer that sets it is not kept
            response.headers["cache-control"] = "no-cache"
            response.set_cookie(
                LANGUAGE_COOKIE, language, max_age=_A_YEAR, httponly=True, samesite="lax"
            )
        return response


def holds(if_none_match: str, tag: str) -> bool:
    """Say whether a client holds what `tag` stands for (RFC 9110, 13.1.2: weak comparison)."""
    tags = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return tags == ["*"] or tag.removeprefix("W/") in tags


def language_of(request: Request) -> str:
    """Return the language of a request."""
    return language_in(request.scope)


def language_in(scope: Scope) -> str:
    """Return the language asked for in the address, else kept in the cookie, else Vietnamese."""
    return asked_language(scope) or kept_language(scope)


def asked_language(scope: Scope) -> str | None:
    """Return the language asked for in the address, if it is one of ours."""
    if b"lang=" not in scope["query_string"]:
        return None
    wanted = QueryParams(scope["query_string"]).get("lang")
    return wanted if wanted in LANGUAGES else None


def kept_language(scope: Scope) -> str:
    """Return the language of the cookie, else Vietnamese."""
    for name, value in scope["headers"]:
        if name == b"cookie" and b"lang=" in value:
            kept = cookie_parser(value.decode("latin-1")).get(LANGUAGE_COOKIE)
            if kept in LANGUAGES:
                return kept
    return LANGUAGES[0]


def local_date(day: date | datetime | None) -> str:
    """Print a date the way Vietnamese papers do: 30/6/2025 (TT 22/2023 asks for no more)."""
    return f"{day.day}/{day.month}/{day.year}" if day else ""


def asset_path(name: str) -> str:
    """Return a static file's path with a digest, so that a browser may keep it for ever."""
    digest = blake2b((STATIC / name).read_bytes(), digest_size=6).hexdigest()
    return f"/static/{name}?{digest}"


class _FlatLoader(FileSystemLoader):
    """Leaves out how lines are indented, a fifth of a page that nobody sees."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        """Return a template, line by line as it is written."""
        source, name, is_fresh = super().get_source(environment, template)
        return _INDENTED.sub("", source), name, is_fresh


def _environment(translation: Translation, portal: PortalSettings) -> Environment:
    environment = Environment(
        loader=_FlatLoader(TEMPLATES),
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


def switches(scope: Scope, base: str) -> dict[str, str]:
    """Return each language's address of this page; on an old host that is the portal's home."""
    if base:
        return {language: f"{base}/?lang={language}" for language in LANGUAGES}
    query = parse_qsl(scope["query_string"].decode("latin-1"))
    kept = [(name, value) for name, value in query if name != "lang"]
    path = scope["raw_path"].decode("latin-1")
    path = "/" + path.lstrip("/\\")
    return {language: f"{path}?{urlencode([*kept, ('lang', language)])}" for language in LANGUAGES}
