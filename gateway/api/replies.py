"""How the API answers: JSON, CSV or a problem, readable from any website, dated by the register."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.answer import Answer, field_lines
from gateway.settings.portal import PortalSettings
from gateway.site.notices import PROBLEM_JSON, WORDINGS, problem
from redirects.formats.cells import guard_cell

Headers = Sequence[tuple[bytes, bytes]]

# Public data without credentials: any page of any ministry may read it (Fetch, CORS).
OPEN: Headers = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"x-don-vi-ngay, x-don-vi-canh-bao, etag"),
    (b"x-content-type-options", b"nosniff"),
)
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
PREFLIGHT: Headers = (
    *OPEN,
    (b"access-control-allow-methods", b"GET, HEAD, POST, OPTIONS"),
    (b"access-control-allow-headers", b"content-type, soapaction"),
    (b"access-control-max-age", b"86400"),
)


def json_answer(values: Mapping[str, Any], headers: Headers = (), *, status: int = 200) -> Answer:
    """Answer with one JSON value."""
    body = _JSON.encode(values).encode() + b"\n"
    return whole(status, b"application/json", body, headers)


def csv_answer(
    names: Sequence[str], rows: Iterable[Mapping[str, Any]], headers: Headers = ()
) -> Answer:
    """Answer with a table that spreadsheets open: with a byte order mark, running nothing."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for row in rows:
        writer.writerow([_cell(row.get(name)) for name in names])
    body = text.getvalue().encode("utf-8-sig")
    return whole(200, b"text/csv; charset=utf-8", body, headers)


def problem_answer(
    portal: PortalSettings, status: int, detail: str, headers: Headers = (), **more: Any
) -> Answer:
    """Answer with a problem document (RFC 9457) that names whom to ask."""
    body = problem(portal, status, WORDINGS[status].title, detail, **more)
    return whole(status, PROBLEM_JSON.encode("ascii"), body, headers)


def whole(status: int, kind: bytes, body: bytes, headers: Headers = ()) -> Answer:
    """Return an open answer of one piece."""
    own = ((b"content-type", kind), (b"content-length", b"%d" % len(body)))
    return Answer(status, field_lines((*own, *OPEN, *headers)), body)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return guard_cell(str(value))
