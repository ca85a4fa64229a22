"""Trap budgets: families of addresses that keep answering without saying anything new.

An address template is its path with numbers and slugs folded, and the names of its parameters.
A template whose last 20 fetches brought no new text, and led to none, is parked: its addresses
stay in the ledger and can be released. Templates that look like another view of the same pages
(a language behind a page, sorting, a calendar, a referrer) are given 8.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from urllib.parse import parse_qsl, unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

BUDGET = 20  # fetches in a row without new text before a template is parked
FAMILY_BUDGET = 40  # the same for every query of one path together (facets in all combinations)
VIEW_BUDGET = 8  # the same for templates that look like views of pages known already
_VIEW_NAMES = re.compile(
    r"sort|order|sap-?xep|chieu|dir(?:ection)?|month|thang|year|date|ngay|calendar|lich|ref|referrer"
    r"|lang(?:uage)?|locale|view(?:mode)?|print|mode|display|hienthi|font|theme|session|sid|sess",
)
_VIEW_PATH = re.compile(
    r"/(?:vi|en|fr|zh|ja|ko)(?:\.html?)?/?$|/(?:19|20)\d\d/\d{1,2}(?:/\d{1,2})?/?$"
)
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
_MIN_LINE = 25  # characters of a line that can be news


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


def is_view(url: str) -> bool:
    """Return whether an address looks like another view of pages that have their own address."""
    parts = urlsplit(url)
    names = (name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return _VIEW_PATH.search(parts.path) is not None or any(map(_VIEW_NAMES.fullmatch, names))


def family_of(template: str) -> str | None:
    """Return the wider family of a template with parameters: its path with any query."""
    path, mark, _ = template.partition("?")
    return f"{path}?*" if mark else None


def own_lines(tree: LexborHTMLParser) -> frozenset[int]:
    """Return what a page says outside links, line by line, digits folded, as hashes.

    Short lines (menus, labels) count only where there is no other. The hashes hold for this
    process. The tree is consumed: silent elements are removed from it.
    """
    whole = tree.body
    if whole is None:
        return frozenset()
    everything = whole.text(separator="\n")
    tree.strip_tags(list(_SILENT))
    own = [_folded_line(line) for line in (tree.body or whole).text(separator="\n").splitlines()]
    long = frozenset(hash(line) for line in own if len(line) >= _MIN_LINE)
    return long or frozenset((hash("\n".join(filter(None, own)) or _folded_line(everything)),))


def _folded_line(line: str) -> str:
    return _NUMBER.sub("#", " ".join(line.lower().split()))


class TrapBudget:
    """Counts fetches without new text by template; says when a template is used up."""

    def __init__(self, parked: Iterable[str] = ()) -> None:
        """Begin with the templates that were parked before."""
        self._seen: set[int] = set()
        self._parked = set(parked)
        self._barren: Counter[str] = Counter()

    def is_parked(self, url: str) -> str | None:
        """Return the template that holds this address back, or None."""
        template = template_of(url)
        family = family_of(template)
        if template in self._parked:
            return template
        return family if family in self._parked else None

    def count(self, url: str, lines: frozenset[int], referrer: str | None) -> str | None:
        """Count one fetched page by its own lines; returns the template it used up, if any."""
        if lines <= self._seen:
            return self._spend(url)
        self._seen |= lines
        self._credit(url)
        if referrer:
            self._credit(referrer)
        return None

    def _credit(self, url: str) -> None:
        template = template_of(url)
        self._barren[template] = 0
        family = family_of(template)
        if family:
            self._barren[family] = 0

    def _spend(self, url: str) -> str | None:
        template = template_of(url)
        used_up = None
        own = VIEW_BUDGET if is_view(url) else BUDGET
        for name, budget in ((template, own), (family_of(template), FAMILY_BUDGET)):
            if name is None:
                continue
            self._barren[name] += 1
            if self._barren[name] >= budget and name not in self._parked:
                self._parked.add(name)
                used_up = name
        return used_up
