"""Which document an old address most likely became: evidence in, ranked candidates out.

Each kind of evidence says by itself how sure it is. Kinds that do not depend on each other are put
together as chances are (two doubtful witnesses are less doubtful); slug, title and search all read
the same words, so the best of them counts once. Where several candidates fit equally well, none is
sure. Whoever gathers the evidence (`catalogue.evidence`) does the reading; nothing is read here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from math import prod

from redirects.clues import (
    AddressId,
    context_of,
    days_in,
    ids_of,
    names_file,
    numbers_in,
    shape_of,
    slug,
    slugs_of,
    without_counters,
)
from redirects.mapping import CanonicalUrl

AUTO_ACCEPT = 0.95
"""The score from which a suggestion may be accepted unseen, where an operator asks for it."""

SAME_CONTENT = 0.99
OWN_SLUG, TITLE_SLUG, COUNTED_SLUG = 0.98, 0.97, 0.94
CUT_OFF = 0.92
SHORT_SLUG = 0.8  # one or two words: a name, a section, a program
OTHER_WORDS = 0.85  # the most that common words can earn
NUMBER, NUMBER_WITH_YEAR = 0.88, 0.92
UNIQUE_ID, KIN_ID = 0.97, 0.97
NAMED_ID, PLACED_ID = 0.7, 0.5
SEARCHED = 0.3
SAME_DAY = 0.3  # of the remaining doubt that an equal date takes away
OTHER_KIND = 0.7  # of the chance that is left when words lead from a file to a page
OTHER_SITE = 0.9  # of the chance that is left when words agree across two portals

EQUALLY_GOOD = 0.02  # scores that differ by less say nothing about which is right
DOUBTFUL = 0.7  # the most that one of several equally good candidates can be worth
_TELLING_LETTERS = 20  # letters of a cut-off slug that are enough to recognise it
_TELLING_WORDS = 3
_FAINT = 0.15  # below this a suggestion is noise


class Reason(StrEnum):
    """A kind of evidence."""

    CONTENT = "content"
    SLUG = "slug"
    TITLE = "title"
    NUMBER = "number"
    ID = "id"
    DATE = "date"
    UNIT = "unit"
    SEARCH = "search"


@dataclass(frozen=True, slots=True)
class OldAddress:
    """An undecided address and what is known of it.

    `titles` are those of its own capture and the words that links to it stand on; `digests` are of
    the bytes and the text that it once answered with. `kin` tells, of other shapes of addresses
    (`clues.shape_of`), whether the same id in both shows the same document.
    """

    key: CanonicalUrl
    titles: tuple[str, ...] = ()
    digests: frozenset[str] = frozenset()
    kin: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A page of the new portal that may be the successor.

    `target` is a mapping's target (`doc:7`, `unit:31`). `keys` are the old addresses known to be
    this page's, `place` its place among the search hits for the address's words (0: none), and
    `heir` how sure it is that it is the page of the unit that the address names.
    """

    target: str
    title: str
    keys: tuple[CanonicalUrl, ...] = ()
    number: str | None = None
    published_on: date | None = None
    digests: frozenset[str] = frozenset()
    same_site: bool = True
    is_file: bool = False
    place: int = 0
    heir: float = 0.0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A candidate, how likely it is (0 to 1) and why, the weightiest reason first."""

    candidate: Candidate
    score: float
    reasons: tuple[Reason, ...]


def suggest(
    address: OldAddress, candidates: Iterable[Candidate], limit: int = 5
) -> list[Suggestion]:
    """Rank candidates, best first; those with next to nothing in common are left out."""
    sign = _Sign(address)
    found = [each for one in candidates if (each := _weigh(sign, one)).score >= _FAINT]
    found.sort(key=lambda each: (-each.score, each.candidate.target))
    return _doubted(found)[:limit]


class _Sign:
    """What an address says, read once for all candidates."""

    def __init__(self, address: OldAddress) -> None:
        self.address = address
        self.slugs = slugs_of(address.key)
        self.titles = tuple(slug(title) for title in address.titles)
        self.ids = ids_of(address.key)
        self.shape = shape_of(address.key)
        self.context = context_of(address.key)
        self.days = days_in(address.key)
        self.is_file = names_file(address.key)
        self.numbers = frozenset(
            number for words in (*self.slugs, *self.titles) for number in numbers_in(words)
        )


def _weigh(sign: _Sign, candidate: Candidate) -> Suggestion:
    if candidate.heir:  # it was found by its name, which is no second witness
        return Suggestion(candidate, candidate.heir, (Reason.UNIT,))
    words = max(_of_words(sign, candidate), key=lambda pair: pair[1])
    number = _of_number(sign, candidate)
    ids = _of_ids(sign, candidate)
    if candidate.is_file != sign.is_file:
        words, number, ids = (
            (words[0], words[1] * OTHER_KIND),
            number * OTHER_KIND,
            ids * OTHER_KIND,
        )
    if not candidate.same_site:
        words, number = (words[0], words[1] * OTHER_SITE), number * OTHER_SITE
    content = SAME_CONTENT if sign.address.digests & candidate.digests else 0.0
    found = [
        words,
        (Reason.CONTENT, content),
        (Reason.NUMBER, number),
        (Reason.ID, ids),
    ]
    told = sorted((pair for pair in found if pair[1] > 0), key=lambda pair: -pair[1])
    if told and candidate.published_on and candidate.published_on.isoformat() in sign.days:
        told.append((Reason.DATE, SAME_DAY))
    score = 1 - prod(1 - strength for _, strength in told)
    return Suggestion(candidate, score, tuple(reason for reason, _ in told))


def _doubted(found: Sequence[Suggestion]) -> list[Suggestion]:
    """Where the best are equally good, say so by their score."""
    if len(found) < 2 or found[0].score - found[1].score >= EQUALLY_GOOD:  # noqa: PLR2004 - a pair
        return list(found)
    best = found[0].score
    return [
        replace(each, score=min(each.score, DOUBTFUL))
        if best - each.score < EQUALLY_GOOD
        else replace(each, score=min(each.score, DOUBTFUL * each.score))
        for each in found
    ]


def _of_words(sign: _Sign, candidate: Candidate) -> Iterator[tuple[Reason, float]]:
    own = {words for key in candidate.keys for words in slugs_of(key)}
    titles = {slug(candidate.title), slug(candidate.title, "")}
    for words in sign.slugs:
        yield Reason.SLUG, _slug_strength(words, own, titles)
    for words in sign.titles:
        yield Reason.TITLE, max(_likeness(words, title) for title in titles)
    yield Reason.SEARCH, SEARCHED / candidate.place if candidate.place else 0.0


def _slug_strength(words: str, own: set[str], titles: set[str]) -> float:
    told = words.count("-") >= _TELLING_WORDS - 1
    if words in own:
        return OWN_SLUG if told else SHORT_SLUG
    if words in titles:
        return TITLE_SLUG if told else SHORT_SLUG
    if told and not titles.isdisjoint(without_counters(words)):
        return COUNTED_SLUG
    # The slug of a known address is another page's if it differs by its number alone.
    return max(_likeness(words, title) for title in titles)


def _likeness(one: str, other: str) -> float:
    if not one or not other:
        return 0.0
    if one == other:
        return TITLE_SLUG if one.count("-") >= _TELLING_WORDS else SHORT_SLUG
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) >= _TELLING_LETTERS and longer.startswith(shorter):
        return CUT_OFF
    ours, theirs = Counter(one.split("-")), Counter(other.split("-"))
    common = (ours & theirs).total()
    return OTHER_WORDS * 2 * common / (ours.total() + theirs.total())


def _of_number(sign: _Sign, candidate: Candidate) -> float:
    if not candidate.number or not sign.numbers:
        return 0.0
    spelled = {slug(candidate.number), slug(candidate.number, "")}
    if sign.numbers.isdisjoint(spelled):
        return 0.0
    year = len(slug(candidate.number).split("-")[1]) == len("2024")
    return NUMBER_WITH_YEAR if year else NUMBER


def _of_ids(sign: _Sign, candidate: Candidate) -> float:
    return max((_id_strength(sign, key) for key in candidate.keys), default=0.0)


def _id_strength(sign: _Sign, key: CanonicalUrl) -> float:
    theirs = ids_of(key)
    shared = {each.value for each in sign.ids} & {each.value for each in theirs}
    if not shared:
        return 0.0
    if any(each.is_unique for each in theirs if each.value in shared):
        return UNIQUE_ID
    if not same_ids(sign.ids, theirs):
        return 0.0  # both speak of `tabid=36`, as half the portal does
    kin = (sign.address.kin or {}).get(shape_of(key))
    if kin is not None:
        return KIN_ID if kin else 0.0
    placed = bool(sign.context & context_of(key) - {each.name for each in theirs})
    if {(each.name, each.value) for each in sign.ids} & {
        (each.name, each.value) for each in theirs
    }:
        return NAMED_ID if placed else PLACED_ID
    nameless = any(not each.name for each in (*sign.ids, *theirs) if each.value in shared)
    return PLACED_ID if placed or nameless else 0.0


def same_ids(ours: Sequence[AddressId], theirs: Sequence[AddressId]) -> bool:
    """Whether two addresses of one site can bear one document's ids: one has all of the other."""
    one, other = ({each.value for each in ids} for ids in (ours, theirs))
    return bool(one and other) and (one <= other or other <= one)
