"""Which document an old address most likely became: by its slug and its title.

Liferay portals drop the letter đ from slugs ("lao động" became `lao-ong`), others write d: both
are tried, and the better one counts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import unquote

from redirects.url import UrlError, parse_url

_MARKS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[a-z0-9]+")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_NUMBER_BEHIND = re.compile(r"-\d+$")
# Names of programs, not of what they show.
_SAYS_NOTHING = frozenset(
    {
        "default",
        "index",
        "home",
        "trang-chu",
        "view",
        "detail",
        "details",
        "chi-tiet",
        "chitiet",
        "chitiettin",
        "chi-tiet-tin",
        "dispform",
        "get-file",
        "download",
        "tin-bai",
        "news",
        "page",
    }
)
_TELLING_LENGTH = 20  # letters of a cut-off slug that are enough to recognise it
_CUT_OFF = 0.95
_OTHER_WORDS = 0.9  # the most that common words can earn


@dataclass(frozen=True, slots=True)
class Candidate:
    """A document that may be the successor: its id, title and slug."""

    id: str
    title: str
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate, how likely it is (0 to 1) and why."""

    candidate: Candidate
    score: float
    reason: str


def suggest(
    url: str, title: str | None, candidates: Iterable[Candidate], limit: int = 5
) -> list[Suggestion]:
    """Rank candidates for an old address, best first; those with nothing in common are left out."""
    scored = (score(url, title, candidate) for candidate in candidates)
    found = [suggestion for suggestion in scored if suggestion.score > 0]
    found.sort(key=lambda suggestion: (-suggestion.score, suggestion.candidate.id))
    return found[:limit]


def score(url: str, title: str | None, candidate: Candidate) -> Suggestion:
    """Say how well a candidate fits an old address and, where it is known, its old title."""
    by_slug = _slug_score(slug_of(url), candidate)
    by_title = _words_score(slug(title), slug(candidate.title)) if title else 0.0
    if by_title >= by_slug:
        return Suggestion(candidate, by_title, "title")
    return Suggestion(candidate, by_slug, "slug")


def slug_of(url: str) -> str:
    """Take the last telling piece of an address: no extension, no id behind it."""
    try:
        path = parse_url(url if "://" in url else f"http://{url}").path
    except UrlError:
        path = url
    piece = unquote(path).rstrip("/").rpartition("/")[2]
    words = slug(_EXTENSION.sub("", piece))
    return "" if words in _SAYS_NOTHING else words


@lru_cache(maxsize=65536)
def slug(text: str, d: str = "d") -> str:
    """Write a text as a slug: no marks, đ as `d` (pass "" for the way of Liferay)."""
    return "-".join(_WORD.findall(_plain(text, d)))


def _plain(text: str, d: str) -> str:
    # Where đ is dropped it also parts what stands around it, as any foreign letter does there.
    text = text.lower().replace("đ", d or " ")
    return _MARKS.sub("", normalize("NFD", text))


def _slug_score(old: str, candidate: Candidate) -> float:
    spellings = {slug(candidate.title), slug(candidate.title, ""), slug(candidate.slug)}
    # "-1", "-2" behind a slug told pages with one title apart, "-58" was the page's number.
    return max(
        _words_score(form, spelling)
        for form in {old, _NUMBER_BEHIND.sub("", old)}
        for spelling in spellings
    )


def _words_score(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return 1.0
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= _TELLING_LENGTH and longer.startswith(shorter):
        return _CUT_OFF
    ours, theirs = Counter(one.split("-")), Counter(other.split("-"))
    common = (ours & theirs).total()
    return _OTHER_WORDS * 2 * common / (ours.total() + theirs.total())
