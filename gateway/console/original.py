"""The archived original as an editor may safely see it: decoded, cleaned, never run.

The page is shown in a sandboxed frame under a policy that fetches nothing; cleaning comes on top,
so that neither alone has to be perfect.
"""

from __future__ import annotations

from catalogue.capture import StoredResponse
from gateway.site.charset import decode
from gateway.site.fragments import sanitize

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
PAGES = frozenset({"text/html", "application/xhtml+xml"})


def media_type(response: StoredResponse) -> str:
    """The type the old server named, without parameters, lower-case."""
    named = (value for name, value in response.headers if name.lower() == "content-type")
    return next(named, "").partition(";")[0].strip().lower()


def is_page(response: StoredResponse) -> bool:
    """Say whether the original is a page, as against a file."""
    return media_type(response) in PAGES


def readable(response: StoredResponse) -> str:
    """Return the original page as a clean fragment of HTML."""
    return sanitize(decode(response))
