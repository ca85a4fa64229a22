"""Clues: what an old address or a document can be recognised by, as texts that an index can hold.

A clue is looked up whole, so candidates for an address are found without reading every document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from unicodedata import normalize
from urllib.parse import unquote

from redirects.canonical import split_key
from redirects.mapping import CanonicalUrl

LONGEST = 180
"""Letters of a clue; a longer slug is cut, and both sides are cut alike."""

SHINGLE = 3
"""Words that stand together in a clue: two are in too many titles, four miss too often."""

_MOST_VALUES = 12  # ids read from one address; more are a form that was sent
_MOST_SHINGLES = 40
_MARKS = re.compile("[\u0300-\u036f]")
_WORD = re.compile(r"[a-z0-9]+")
_EXTENSION = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_PROGRAM = re.compile(r"\.(?:aspx?|ashx|php\d?|jspx?|do|cgi)$", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_DIGITS = re.compile(r"\d+")
_ID = re.compile(r"\d{1,18}|(?=[a-z]*\d)[0-9a-z]{16,64}=*")  # a number, a digest, a ticket
_LED = re.compile(r"^(\d{1,18})[-:](?=[^\d])")  # 123-slug and 123:slug of Joomla
_TRAILED = re.compile(r"[-_](\d{1,18})\.(?:html?|aspx|php)$|[-_](\d{5,18})$")  # slug-58.html
# A number as it survives in a slug: 12-2024-qd-ubnd, 6719-kh-ubnd.
_NUMBER = re.compile(r"(?<![\w])(\d{1,6}(?:-(?:19|20)\d\d)?)((?:-[a-z]{1,6}){1,4})")
_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-/]?(0[1-9]|1[0-2])[-/]?(0[1-9]|[12]\d|3[01])(?!\d)")
_FILE = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|odt|ods|rtf|zip|rar|7z|jpe?g|png|gif|mp[34])(?:[/?])"
    r"|/documents/\d+/|get_file|getfile|download|linkclick|fileticket|tailieu\.ashx",
    re.IGNORECASE,
)
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
        "content",
        "article",
        "vi",
    }
)
_TELLING_WORDS = 3  # words of a parameter's value that make it a slug


@dataclass(frozen=True, slots=True)
class AddressId:
    """A value a content system told its pages apart by, and the name it stood under."""

    name: str
    value: str

    @property
    def is_unique(self) -> bool:
        """Whether no two things of the world bear it: a UUID or a long digest."""
        return not self.value.isdigit()


@lru_cache(maxsize=65536)
def slug(text: str, d: str = "d") -> str:
    """Write a text as a slug: no marks, đ as `d` (pass "" for the way of Liferay)."""
    return "-".join(_WORD.findall(_plain(text, d)))


def slug_of(url: str) -> str:
    """Take the last telling piece of an address: no extension, no id before it."""
    return next(iter(slugs_of(url)), "")


def slugs_of(url: str) -> tuple[str, ...]:
    """Every piece of an address that may say in words what it shows, the likeliest first.

    That is the last piece of the path, and parameters such as Liferay's `urlTitle` and Joomla's
    `id=123:slug`.
    """
    path, query = _path_and_query(url)
    piece = unquote(path).rstrip("/").rpartition("/")[2]
    found = [slug(_EXTENSION.sub("", _UUID.sub("", piece)))]
    if query and _PROGRAM.search(piece) and not _is_sentence(found[0]):
        found = [""]
    found += [slug(_LED.sub("", value, count=1)) for _, value in _pairs(query)]
    led = "" if not found[0] else slug(_EXTENSION.sub("", _LED.sub("", piece, count=1)))
    telling = [words for words in found[1:] if _is_sentence(words)]
    pieces = [found[0], led, *telling, *_folders(path)]
    named = dict.fromkeys(words for words in pieces if _says_something(words))
    return tuple(sorted(named, key=lambda words: words.count("-") < _TELLING_WORDS - 1))


def ids_of(url: str) -> tuple[AddressId, ...]:
    """The ids in an address: `?ItemID=7`, `/tabid/36/`, `/123-slug`, a UUID."""
    path, query = _path_and_query(url)
    found = [*_ids_of_path(unquote(path).lower()), *_ids_of_query(query)]
    return tuple(dict.fromkeys(found))[:_MOST_VALUES]


def shape_of(url: str) -> str:
    """Return an address with its ids and slugs taken out: what all pages of one program share."""
    path, query = _path_and_query(url)
    pieces = [_shape(piece) for piece in unquote(path).lower().strip("/").split("/")]
    host = url.partition("://")[2] or url
    names = "&".join(f"{name}={_shape(value)}" for name, value in _pairs(query))
    return f"{host.partition('/')[0]}/{'/'.join(pieces)}?{names}"


def context_of(url: str) -> frozenset[str]:
    """The words of an address that name lists and programs: no ids, no slugs."""
    path, query = _path_and_query(url)
    pieces = [piece for piece in unquote(path).lower().split("/") if _shape(piece) == piece]
    words = {word for piece in pieces for word in _WORD.findall(slug(_EXTENSION.sub("", piece)))}
    return frozenset(words | {name for name, _ in _pairs(query)}) - _SAYS_NOTHING


def names_file(url: str) -> bool:
    """Whether an address is that of a file rather than of a page, by its ending or its program."""
    path, query = _path_and_query(url)
    return _FILE.search(f"{path}?{query}") is not None


def numbers_in(words: str) -> tuple[str, ...]:
    """Document numbers that may stand in a slug; where one ends is not said, so each end counts."""
    found: list[str] = []
    for match in _NUMBER.finditer(words):
        pieces = match[2].split("-")[1:]
        found += [f"{match[1]}-{'-'.join(pieces[:end])}" for end in range(len(pieces), 0, -1)]
    return tuple(dict.fromkeys(found))


def days_in(url: str) -> frozenset[str]:
    """The days named in an address, as `2024-05-20`."""
    path, _query = _path_and_query(url)
    return frozenset("-".join(match.groups()) for match in _DAY.finditer(path))


def shingles_of(words: str) -> tuple[str, ...]:
    """Every run of three words of a slug; a shorter slug is one run."""
    pieces = words.split("-")
    last = max(1, len(pieces) - SHINGLE + 1)
    runs = ("-".join(pieces[at : at + SHINGLE]) for at in range(min(last, _MOST_SHINGLES)))
    return tuple(dict.fromkeys(run for run in runs if run))


def clues_of_words(words: str) -> Iterator[str]:
    """Yield the clues of one slug: itself and its runs of words."""
    if words:
        yield _cut(f"s:{words}")
        yield from (_cut(f"w:{run}") for run in shingles_of(words))


def clues_of_title(title: str) -> Iterator[str]:
    """Yield the clues of a title, with đ as d and with đ dropped."""
    for d in ("d", ""):
        yield from clues_of_words(slug(title, d))


def clues_of_number(number: str | None) -> Iterator[str]:
    """Yield the clues of a document number."""
    for words in {slug(number or ""), slug(number or "", "")} - {""}:
        yield _cut(f"n:{words}")


def clues_of_key(key: CanonicalUrl, site: int) -> Iterator[str]:
    """Yield what an address mapped to a document tells of the document.

    Ids are those of one site's content system, so its row id stands with them.
    """
    for each in ids_of(key):
        yield id_clue(each, site)
    for words in slugs_of(key)[:2]:
        yield _cut(f"s:{words}")
    yield shape_clue(shape_of(key))


def id_clue(each: AddressId, site: int) -> str:
    """The clue of an id."""
    return _cut(f"i:{'' if each.is_unique else site}:{each.value}")


def shape_clue(shape: str) -> str:
    """The clue of an address's shape."""
    return _cut(f"p:{shape}")


def sought_by(key: CanonicalUrl, site: int, titles: Iterable[str]) -> tuple[str, ...]:
    """Every clue under which the document of an undecided address may stand."""
    found: list[str] = []
    for words in slugs_of(key):
        found += [_cut(f"s:{form}") for form in without_counters(words)]
        found += [f"n:{number}" for number in numbers_in(words)]
        found += clues_of_words(words)
    for title in titles:
        found += clues_of_title(title)
        found += [f"n:{number}" for number in numbers_in(slug(title))]
    found += [id_clue(each, site) for each in ids_of(key)]
    return tuple(dict.fromkeys(found))


def without_counters(words: str) -> tuple[str, ...]:
    """A slug as it stands, and without the number behind it or in front of it.

    "-1", "-2" behind a slug told pages with one title apart, "-58" was the page's number.
    """
    bare = re.sub(r"-\d+$", "", words)
    led = re.sub(r"^\d+-", "", words)
    return tuple(dict.fromkeys(form for form in (words, bare, led) if form))


def _cut(clue: str) -> str:
    return clue[:LONGEST]


def _says_something(words: str) -> bool:
    return bool(words) and words not in _SAYS_NOTHING and not words.replace("-", "").isdigit()


def _is_sentence(words: str) -> bool:
    """Whether a parameter's value is a slug rather than the name of a program's part."""
    return sum(word.isalpha() for word in words.split("-")) >= _TELLING_WORDS


def _folders(path: str) -> list[str]:
    """Pieces of three words or more that stand before an id: `/tin/ten-bai-viet/123`."""
    pieces = unquote(path).rstrip("/").split("/")[:-1]
    words = [slug(_EXTENSION.sub("", _LED.sub("", piece, count=1))) for piece in pieces]
    return [each for each in reversed(words) if each.count("-") >= _TELLING_WORDS]


def _path_and_query(url: str) -> tuple[str, str]:
    rest = url.partition("://")[2] or url
    if rest.startswith("/"):
        rest = rest.lstrip("/")
    if "/" not in rest and "?" not in rest:
        return "", ""
    _, path, query = split_key(CanonicalUrl(rest.partition("#")[0]))
    return path, query


def _pairs(query: str) -> list[tuple[str, str]]:
    pairs = (piece.partition("=") for piece in query.split("&") if piece)
    return [(unquote(name).lower(), unquote(value).lower()) for name, _, value in pairs]


def _ids_of_path(path: str) -> Iterator[AddressId]:
    before = ""
    for piece in path.split("/"):
        if (match := _UUID.search(piece)) or (match := _ID.fullmatch(piece)):
            yield AddressId(before, match[0])
        elif match := _LED.match(piece):
            yield AddressId("", match[1])
        elif match := _TRAILED.search(piece):
            yield AddressId("", match[1] or match[2])
        before = piece


def _ids_of_query(query: str) -> Iterator[AddressId]:
    for name, value in _pairs(query):
        if match := _UUID.search(value):
            yield AddressId(name, match[0])
        elif match := _ID.fullmatch(value) or _LED.match(value):
            yield AddressId(name, match[1] if match.re is _LED else match[0])


def _shape(piece: str) -> str:
    if _UUID.search(piece):
        return "*"
    if _LED.match(piece):
        return "#-*"
    words = slug(_EXTENSION.sub("", piece))
    if words.count("-") >= _TELLING_WORDS:
        return "*"
    return _DIGITS.sub("#", piece)


def _plain(text: str, d: str) -> str:
    # Where đ is dropped it also parts what stands around it, as any foreign letter does there.
    text = text.lower().replace("đ", d or " ")
    return _MARKS.sub("", normalize("NFD", text))
