"""What one would write in an afternoon: Flask and a table in SQLite, for gunicorn."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from flask import Flask, abort, redirect, request
from werkzeug.wrappers import Response

from benchmarks.redirects.decisions import location_of, path_of


def fill(path: Path, count: int) -> None:
    """Write all decisions under an index."""
    with sqlite3.connect(path) as connection:
        connection.execute(
            "create table redirect (path text primary key, target text not null) without rowid"
        )
        rows = ((path_of(number), location_of(number)) for number in range(count))
        connection.executemany("insert into redirect values (?, ?)", rows)
    connection.close()


def create(path: str) -> Flask:
    """The application; one connection serves every request."""
    app = Flask(__name__, static_folder=None)
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)

    @app.route("/<path:old>")
    def old_address(old: str) -> Response:  # noqa: ARG001 - the whole path is asked for
        row = connection.execute(
            "select target from redirect where path = ?", (request.path,)
        ).fetchone()
        return redirect(row[0], 301) if row else abort(404)

    return app
