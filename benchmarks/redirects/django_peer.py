"""What Django brings along: `django.contrib.redirects` on SQLite, for gunicorn."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections

from benchmarks.redirects.decisions import HOST, location_of, path_of

urlpatterns: list[object] = []  # no page of its own: every answer is a redirect or a 404


def configure(path: str) -> None:
    """Settings with the middleware of redirects and no other; the connection is kept."""
    settings.configure(
        SECRET_KEY="bench",
        ALLOWED_HOSTS=[HOST],
        ROOT_URLCONF=__name__,
        SITE_ID=1,
        INSTALLED_APPS=["django.contrib.sites", "django.contrib.redirects"],
        MIDDLEWARE=["django.contrib.redirects.middleware.RedirectFallbackMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3", "NAME": path, "CONN_MAX_AGE": None,
            }
        },
        APPEND_SLASH=False,
        LOGGING_CONFIG=None,
    )  # fmt: skip
    django.setup()


def fill(path: Path, count: int) -> None:
    """Make Django's tables and write all decisions as its middleware asks for them: quoted."""
    configure(str(path))
    call_command("migrate", verbosity=0)
    connections.close_all()
    with sqlite3.connect(path) as connection:
        rows = ((quote(path_of(number)), location_of(number)) for number in range(count))
        connection.executemany(
            "insert into django_redirect (site_id, old_path, new_path) values (1, ?, ?)", rows
        )
    connection.close()


def create(path: str) -> Callable[..., object]:
    """The application."""
    configure(path)
    return get_wsgi_application()
