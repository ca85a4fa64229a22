"""Trap budgets: families of addresses that keep answering without saying anything new.

An address template is its path with numbers and slugs folded, and the names of its parameters.
A template whose last 20 fetches brought no new text, and led to none, is parked: its addresses
stay in the ledger and can be released.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

BUDGET = 20  # fetches in a row without new text before a template is parked
FAMILY_BUDGET = 40  # the same for every query of one path together (facets in all combinations)
_NUMBER = re.compile(r"\d+")
_OPAQUE = re.compile(r"[0-9a-f-]{16,}|.*\d.*|[^/]*-[^/]*-[^/]*", re.IGNORECASE)
_SILENT = (
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "select",
    "a",
    "button",
    "form",
    "iframe",
)
_MAX_EXTENSION = 5
_MIN_TEXT = 80  # characters; shorter pages are told apart by their whole text


def template_of(url: str) -> str:
    """Return the family of an address: folded path, sorted parameter names."""
    parts = urlsplit(url)
    path = "/".join(map(_folded, parts.path.split("/")))
    names = sorted(
        {
            _NUMBER.sub("#", name.lower())
            for name, _ in parse_qsl(parts.query, keep_blank_values=True)
        }
    )
    return f"{path}?{'&'.join(names)}" if names else path


def _folded(segment: str) -> str:
    segment = unquote(segment).split(";")[0].lower()
    stem, dot, extension = segment.rpartition(".")
    if dot and len(extension) <= _MAX_EXTENSION and extension.isalpha():
        return ("*" if _OPAQUE.fullmatch(stem) else stem) + dot + extension
    return "*" if _OPAQUE.fullmatch(segment) else segment


def family_of(template: str) -> str | None:
    """Return the wider family of a template with parameters: its path with any query."""
    path, mark, _ = template.partition("?")
    return f"{path}?*" if mark else None


def fingerprint(tree: LexborHTMLParser) -> str:
    """Return the fingerprint of a page's own words: outside links, digits folded, 16 hex digits.

    The tree is consumed: silent elements are removed from it.
    """
    whole = tree.body
    if whole is None:
        return _digest("")
    everything = whole.text(separator=" ")
    tree.strip_tags(list(_SILENT))
    own = _NUMBER.sub("#", " ".join((tree.body or whole).text(separator=" ").lower().split()))
    return _digest(
        own if len(own) >= _MIN_TEXT else _NUMBER.sub("#", " ".join(everything.lower().split()))
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:16]


class TrapBudget:
    """Counts fetches without new text by template; says when a template is used up."""

    def __init__(self, seen: Iterable[str] = (), parked: Iterable[str] = ()) -> None:
        self._seen = set(seen)
        self._parked = set(parked)
        self._barren: Counter[str] = Counter()

    def is_parked(self, url: str) -> str | None:
        """Return the template that holds this address back, or None."""
        template = template_of(url)
        family = family_of(template)
        if template in self._parked:
            return template
        return family if family in self._parked else None

    def count(self, url: str, text: str, referrer: str | None) -> str | None:
        """Count one fetched page by its fingerprint; returns the template it used up, if any."""
        if text not in self._seen:
            self._seen.add(text)
            self._credit(url)
            if referrer:
                self._credit(referrer)
            return None
        return self._spend(url)

    def is_new(self, text: str) -> bool:
        """Return whether nobody counted this fingerprint yet."""
        return text not in self._seen

    def _credit(self, url: str) -> None:
        template = template_of(url)
        self._barren[template] = 0
        family = family_of(template)
        if family:
            self._barren[family] = 0

    def _spend(self, url: str) -> str | None:
        template = template_of(url)
        used_up = None
        for name, budget in ((template, BUDGET), (family_of(template), FAMILY_BUDGET)):
            if name is None:
                continue
            self._barren[name] += 1
            if self._barren[name] >= budget and name not in self._parked:
                self._parked.add(name)
                used_up = name
        return used_up
