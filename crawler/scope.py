"""Scope: which addresses belong to a crawl, and which are traps that only look like pages.

Every verdict is a value that names its rule, because it is written into the ledger and shown.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from crawler.plan import CrawlPlan

MAX_URL_LENGTH = 1000  # characters; longer ones are state, not addresses
MAX_SEGMENTS = 20
MAX_PARAMETERS = 25
MAX_TIMES = 2  # one segment in a path, one parameter name in a query
_LANGUAGE_LIST = "vi en fr zh ja ko ru de es lo km vi-vn en-us vi_vn en_us"
_LANGUAGES = frozenset(_LANGUAGE_LIST.split())
_RETURN_NAMES = re.compile(
    r"(?:^|_)(?:return_?url|return|redirect|redirect_?url|backurl|back_?to|continue|dest|destination|"
    r"referer|referrer|url_?return|urlreturn|source_?url|nextpage)$",
    re.IGNORECASE,
)
_SIGN_IN = re.compile(
    r"/(?:login|logout|signin|signout|dang-nhap|dang-xuat|dangnhap|dangky|register|c/portal/login|"
    r"c/portal/logout|_layouts/(?:15/)?authenticate\.aspx|user/login|wp-login\.php|"
    r"c/portal/update_language)(?:[/.;?]|$)",
    re.IGNORECASE,
)
_PRINT = re.compile(
    r"(?:^|[?&])(?:print|isprint|printable|inbai|tmpl|ispopup)=(?:1|true|yes|component)",
    re.IGNORECASE,
)
_ASSET = re.compile(r"\.(?:css|js|mjs|map|woff2?|ttf|eot|otf|axd)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class InScope:
    """The address is fetched."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """The address is not fetched because the plan, or what the address is, says so."""

    rule: str


@dataclass(frozen=True, slots=True)
class Trapped:
    """The address belongs to an endless family of addresses; it is parked, never dropped."""

    rule: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """The address is another site's: not ours to record."""


Verdict = InScope | Excluded | Trapped | Foreign


def judge(url: str, plan: CrawlPlan, depth: int = 0) -> Verdict:
    """Return what the plan and the trap rules say about an absolute http(s) URL."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not plan.site.answers_to(parts.hostname or ""):
        return Foreign()
    return _excluded(url, plan, depth) or _trapped(url) or InScope()


def plain_spelling(url: str) -> str:
    """Return the address without return addresses and print marks: the page they were hung on."""
    parts = urlsplit(url)
    kept = [piece for piece in parts.query.split("&") if not _is_hung_on(piece)]
    return parts._replace(query="&".join(kept)).geturl()


def _is_hung_on(piece: str) -> bool:
    name = unquote(piece.partition("=")[0])
    return bool(_RETURN_NAMES.search(name) or _PRINT.match(piece))


def _excluded(url: str, plan: CrawlPlan, depth: int) -> Excluded | None:
    parts = urlsplit(url)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else (parts.path or "/")
    for pattern in plan.exclude:
        if _pattern(pattern).fullmatch(target):
            return Excluded(f"exclude {pattern}")
    if plan.include and not any(_pattern(pattern).fullmatch(target) for pattern in plan.include):
        return Excluded("include")
    if _ASSET.search(parts.path):
        return Excluded("asset")
    if _SIGN_IN.search(parts.path) and parts.query:  # the bare form is one page like any other
        return Excluded("sign-in")
    if depth > plan.max_depth:
        return Excluded("max depth")
    return None


@lru_cache(maxsize=512)
def _pattern(pattern: str) -> re.Pattern[str]:
    literal = "".join(
        ".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern)
    )
    return re.compile(literal, re.DOTALL)


def _trapped(url: str) -> Trapped | None:
    parts = urlsplit(url)
    segments = [unquote(segment).lower() for segment in parts.path.split("/") if segment]
    names = [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    checks = (
        (len(url) > MAX_URL_LENGTH, "long url"),
        (len(segments) > MAX_SEGMENTS, "deep path"),
        (len(names) > MAX_PARAMETERS, "many parameters"),
        (_repeats(segments), "repeated segment"),
        (_chains_languages(segments), "language chain"),
        (any(_RETURN_NAMES.search(name) for name in names), "return address"),
        (bool(_PRINT.search(parts.query)), "print view"),
        (max(Counter(names).values(), default=0) > MAX_TIMES, "repeated parameter"),
    )
    return next((Trapped(rule) for found, rule in checks if found), None)


def _repeats(segments: list[str]) -> bool:
    """A segment three times, twice in a row, or a run of segments that follows itself."""
    words = [segment for segment in segments if not segment.isdigit() and segment != "-"]
    if max(Counter(words).values(), default=0) > MAX_TIMES:
        return True
    if any(one == two for one, two in pairwise(words)):
        return True
    return any(
        words[start : start + size] == words[start + size : start + 2 * size]
        for size in range(2, len(words) // 2 + 1)
        for start in range(len(words) - 2 * size + 1)
    )


def _chains_languages(segments: list[str]) -> bool:
    """A language after another ("/vi/en"), or after a page that is complete ("x.html/vi")."""
    names = [re.sub(r"\.html?$", "", segment) for segment in segments]
    are_languages = [name in _LANGUAGES for name in names]
    return any(one and two for one, two in pairwise(are_languages))
