"""The edge: which requests are let in, and the headers that keep browsers from being fooled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters, digits
from urllib.parse import quote

from starlette.types import Scope

MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_768
MAX_TARGET_BYTES = 8_192
MAX_PARAMETERS = 1_000
"""Of a query; PHP and Tomcat read no more either."""

_HOST = re.compile(
    rb"(?:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?"
)
# Printable ASCII but what RFC 3986 gives no place in a URL; "%" stays, it has been encoded already.
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~-._"
_SAFE_IN_LOCATION = (_URL_SAFE + ascii_letters + digits).encode()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is turned away at the door, and with which status."""

    status: int
    reason: str


def admit(scope: Scope) -> str | Refusal:
    """Judge the head of a request: one well-formed Host (RFC 9112, 3.2), bounded size.

    Return the host it names, lower-case and without port, or why it is turned away.
    """
    headers, path, query = scope["headers"], scope["raw_path"], scope["query_string"]
    size = hosts = 0
    host = b""
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
            host = value
    if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        return Refusal(431, "too many or too large header fields")
    if len(path) + len(query) > MAX_TARGET_BYTES:
        return Refusal(414, "address too long")
    if query and query.count(b"&") >= MAX_PARAMETERS:
        return Refusal(414, "too many parameters")
    if hosts != 1 or not (named := host_name(host)):
        return Refusal(400, "exactly one well-formed Host is needed")
    if not path.startswith(b"/") and not asks_for_the_server(scope):
        return Refusal(400, "the target must be a path")
    return named


def asks_for_the_server(scope: Scope) -> bool:
    """Say whether this is `OPTIONS *`: a question to the server itself (RFC 9110, 9.3.7)."""
    return bool(scope["raw_path"] == b"*" and scope["method"] == "OPTIONS")


def host_of(scope: Scope) -> str:
    """Return the host a request names, lower-case, without port; "" where it names none."""
    for name, value in scope["headers"]:
        if name == b"host":
            return host_name(value)
    return ""


@lru_cache(maxsize=1024)
def host_name(value: bytes) -> str:
    """Return the name in a Host field, lower-case, without port; "" where it is malformed."""
    if not _HOST.fullmatch(value):
        return ""
    return re.sub(r":\d*$", "", value.decode("ascii").lower()).rstrip(".")


def location_header(location: str) -> bytes:
    """Return a Location that cannot split the header: ASCII, controls and spaces encoded."""
    return safe_location(location.encode())


def safe_location(location: bytes) -> bytes:
    """Do as `location_header` does, to a location that is at hand in UTF-8."""
    if location.translate(None, _SAFE_IN_LOCATION):  # something is left of it: it is not all safe
        return quote(location, safe=_URL_SAFE).encode("ascii")
    return location


def local_location(path: str) -> str:
    """Return `path` as a redirect target that stays on this host.

    Raises ValueError for anything a browser could read as another host, with two slashes of
    either kind.
    """
    if not path.startswith("/") or path[1:2] in {"/", "\\"}:
        raise ValueError(f"not a local path: {path!r}")
    return path


def page_headers(portal_url: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of every page of ours: nothing runs, nothing is framed, nothing leaks.

    Pages answered on an old host take their style from the portal, hence its origin in the policy.
    """
    policy = (
        f"default-src 'none'; style-src 'self' {portal_url}; img-src 'self' {portal_url} data:; "
        f"form-action 'self' {portal_url}; base-uri 'none'; frame-ancestors 'none'"
    )
    return (
        (b"content-security-policy", policy.encode("ascii")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"strict-origin-when-cross-origin"),
        (b"x-frame-options", b"DENY"),
        (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
        (b"cross-origin-opener-policy", b"same-origin"),
    )


FILE_POLICY = b"default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""The policy of bytes that were not made by us: whatever they are, they run nothing."""
