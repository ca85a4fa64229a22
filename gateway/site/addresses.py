"""What an old address says: as it was asked for, and in words a search can use."""

from __future__ import annotations

import re

from starlette.types import Scope

from gateway.security import host_of
from redirects.canonical import split_key
from redirects.mapping import CanonicalUrl

_EXTENSIONS = frozenset({"htm", "html", "asp", "aspx", "php", "jsp", "do", "ashx"})
_WORD = re.compile(r"[^\W_]+")
_ID = re.compile(r"[\da-f]{6,}|\d+")


def address_of(scope: Scope) -> str:
    """Return the address a visitor asked for, as it came: scheme, host, raw path, raw query."""
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return f"http://{host_of(scope)}{path}" + (f"?{query}" if query else "")


def words_in(key: CanonicalUrl) -> str:
    """Return what an old address says in words: "/tin-tuc/gia-dat-2024-123.html" is "gia dat"."""
    path = split_key(key)[1]
    while path:
        path, _slash, segment = path.rpartition("/")
        stem, _dot, extension = segment.rpartition(".")
        words = _words_of(stem if extension in _EXTENSIONS else segment)
        if len(words) > 3:  # noqa: PLR2004 - shorter than a word and a half says nothing
            return words
    return ""


def _words_of(text: str) -> str:
    # Nearly every address is a slug, perhaps with its number behind: looked at in C.
    slug = text.rstrip("0123456789")
    is_plain = (slug == text or slug.endswith("-")) and "--" not in slug
    if is_plain and slug.replace("-", "").isalpha():
        return slug.replace("-", " ").strip()
    return " ".join([word for word in _WORD.findall(text) if not _ID.fullmatch(word)])
