"""Printing the console: its templates, in the editor's language, with the words they need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from catalogue.document import SECTIONS, DocumentState
from gateway.console import words
from gateway.console.mapping_form import document_in
from gateway.console.visit import Visit
from gateway.i18n import LANGUAGES, Translation, load_translations
from gateway.rendering import LANGUAGE_COOKIE, TEMPLATES, asset_path, language_of, local_date
from gateway.settings.whole import Settings

LOCAL_TIME = timezone(timedelta(hours=7))
"""Việt Nam keeps one time all year; no zone file is needed to know it."""


class Pages:
    """The console's templates; one environment a language."""

    def __init__(self, settings: Settings) -> None:
        self._environments = {
            language: console_environment(translation, settings)
            for language, translation in load_translations().items()
        }

    def show(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """Print a page that needs nobody signed in."""
        language = language_of(request)
        page = self._environments[language].get_template(f"console/{template}")
        values = {
            "editor": None,
            "language": language,
            "in_vietnamese": _in_language(request, "vi"),
            "in_english": _in_language(request, "en"),
            "tab": "",
            "notice": None,
            **values,
        }
        response = HTMLResponse(page.render(values), status, headers)
        if request.query_params.get("lang") in LANGUAGES:
            response.set_cookie(LANGUAGE_COOKIE, language, httponly=True, samesite="lax")
        return response

    def answer(
        self,
        visit: Visit,
        template: str,
        *,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """Print a page of a visit."""
        return self.show(
            visit.request,
            template,
            status=status,
            editor=visit.editor,
            address=visit.address,
            now=visit.now,
            **values,
        )


def _in_language(request: Request, language: str) -> str:
    """The query of the same page in another language; the editor's place is kept."""
    kept = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    return urlencode([*kept, ("lang", language)])


def console_environment(translation: Translation, settings: Settings) -> Environment:
    """Return the environment of one language; a template that misspells a value fails."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=translation.gettext,
        portal=settings.portal,
        sites={site.name: site.title for site in settings.site},
        sections=SECTIONS,
        document_states=DocumentState,
        words=words,
        stylesheet=asset_path("console.css"),
        script=asset_path("console.js"),
    )
    environment.filters["date"] = local_date
    environment.filters["moment"] = local_moment
    environment.filters["number"] = grouped
    environment.filters["percent"] = percent
    environment.filters["document_in"] = document_in
    return environment


def local_moment(moment: datetime) -> str:
    """Print a UTC time as a clock in Việt Nam shows it: 14:05 30/6/2025."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    local = aware.astimezone(LOCAL_TIME)
    return f"{local:%H:%M} {local_date(local)}"


def grouped(number: int) -> str:
    """Print a count with dots between thousands: 50.000."""
    return f"{number:,}".replace(",", ".")


def percent(share: float) -> str:
    """Print a share of one: 60 %."""
    return f"{round(share * 100)} %"
