"""What another web server can be told: each mapping as the texts it is asked for and one answer.

Other servers compare texts, they know no keys. So a mapping goes out under the spellings that old
links have, every one of them proven to have the mapping's key. Only characters that no server's
language reads as its own are left in them, so no mapping can smuggle in a directive. What such a
server cannot say at all becomes a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from unicodedata import normalize
from urllib.parse import quote

from redirects import entry as entries
from redirects.canonical import canonical_host, split_key
from redirects.compiling import Draft, Locate
from redirects.entry import digest
from redirects.finding import Finding
from redirects.keys import keeps_case, key_maker
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.url import parse_url

MOVED, TEMPORARY, GONE = 301, 302, 410
NOT_PASSED = "query-not-passed"
LONGEST = 2000
"""So many bytes of a spelling or a location are exported: nginx's tokens end at 4,096."""

_UNRESERVED = "!$&'()*+,;=:@/?%[]|~"
_PLAIN = re.compile(rf"[\w.\-{re.escape(_UNRESERVED)}]+")
_STATUS = {entries.GONE: GONE}
_WORDS = {
    MappingKind.SPLIT: "trang tách",
    MappingKind.ARCHIVED: "bản lưu trữ",
    MappingKind.KEEP: "giữ ở máy chủ cũ",
    MappingKind.UNRESOLVED: "chưa quyết định",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One old address and what to answer: `location` is absolute, and "" where it is gone.

    `spellings` are paths with their query, printable and without blanks, as a request line may
    carry them. With `any_query` they are paths, to be compared
    with the path of a request whatever its query.
    """

    key: CanonicalUrl
    host: str
    spellings: tuple[str, ...]
    status: int
    location: str
    any_query: bool

    @property
    def folded(self) -> list[str]:
        """Host and spelling in ASCII lower case, for servers that lower what they are asked."""
        lowered = [(self.host + text).encode().lower().decode() for text in self.spellings]
        return list(dict.fromkeys(lowered))


@dataclass(frozen=True, slots=True)
class Export:
    """Files by name, and what they do not say."""

    files: dict[str, bytes]
    findings: tuple[Finding, ...]


def not_said(what: str, key: CanonicalUrl) -> Finding:
    """Warn that a server's language has no words for what becomes of an address."""
    return Finding("warning", "not-exported", f"Máy chủ này không diễn đạt được: {what}.", key)


@dataclass(frozen=True, slots=True)
class Answers:
    """All that can be told, in the mappings' order; `hosts` gives each name its site's main one."""

    answers: tuple[Answer, ...]
    hosts: dict[str, str]
    findings: tuple[Finding, ...]

    def of(self, status: int, *, any_query: bool) -> list[Answer]:
        """Choose the answers of one status that are compared in one way."""
        return [a for a in self.answers if a.status == status and a.any_query is any_query]


def answers_of(
    mappings: Iterable[Mapping], *, portal: Portal, sites: Iterable[Site], locate: Locate
) -> Answers:
    """Work out what a server answers, as a snapshot does: chains flattened, loops left out."""
    known = Sites(sites)
    draft = Draft(portal, known, locate)
    mappings = list(mappings)
    draft.add_mappings(mappings)
    draft.flatten()
    placed = [found for one in mappings if (found := draft.today(one))]
    told = _Telling(draft, {path for _, one in placed if (path := _queried_path(one.key))})
    answers = tuple(told.each(placed))
    hosts = {
        canonical_host(name): canonical_host(site.host)
        for site in known
        for name in site.hosts
        if not site.has_many_hosts and not name.startswith("*.")
    }
    # Of a pattern of hosts those are told that have decisions: the others are nowhere written down.
    named = (split_key(one.key)[0] for site, one in placed if site.has_many_hosts)
    hosts |= {host: host for host in named}
    return Answers(answers, hosts, (*draft.findings, *told.findings))


class _Telling:
    """Goes through the mappings and finds what cannot be told."""

    def __init__(self, draft: Draft, queried: set[str]) -> None:
        self.findings: list[Finding] = []
        self._draft = draft
        self._queried = queried  # paths of which some mapping speaks with a query
        self._seen: set[CanonicalUrl] = set()

    def each(self, placed: Iterable[tuple[Site, Mapping]]) -> Iterator[Answer]:
        for site, mapping in placed:
            key = mapping.key
            entry = self._draft.entries.get(digest(key))
            if entry is None or key in self._seen:
                continue  # the draft has said why
            self._seen.add(key)
            redirect = entries.read_redirect(entries.bare_redirect(entry))
            status = _status(redirect) if redirect else _STATUS.get(entry[:1])
            host, path, _ = split_key(key)
            if status is None:
                what = _WORDS.get(mapping.kind, mapping.kind.value)
                self.findings.append(not_said(what, key))
            elif self._draft.chains.is_live(host, path):
                message = "Cổng mới tự phục vụ đường dẫn này nên ánh xạ không được xuất."
                self._find("shadowed-by-live", message, key)
            else:
                location = _uri(redirect[0]) if redirect else ""
                any_query = self._takes_any_query(site, key)
                spellings = tuple(_spellings(site, mapping))
                longest = max(len(text.encode()) for text in (*spellings, location))
                if longest + len(host) > LONGEST:
                    self._find("too-long", f"Địa chỉ dài hơn {LONGEST} byte.", key)
                    continue
                if entries.passes_query(entry):
                    message = "Máy chủ này bỏ tham số của người truy cập."
                    self._find(NOT_PASSED, message, key)
                yield Answer(key, host, spellings, status, location, any_query)

    def _takes_any_query(self, site: Site, key: CanonicalUrl) -> bool:
        """Our ladder drops what no mapping of a path speaks of; here that is all of the query."""
        _, path, query = split_key(key)
        mode = key_maker(site).policy_of(path).query.mode
        return not query and mode != "significant" and key not in self._queried

    def _find(self, code: str, message: str, where: str) -> None:
        self.findings.append(Finding("warning", code, message, where))


def _status(redirect: tuple[str, bool, int | None]) -> int:
    return TEMPORARY if redirect[1] else MOVED


def _queried_path(key: CanonicalUrl) -> str:
    path, question, _ = key.partition("?")
    return path if question else ""


def _spellings(site: Site, mapping: Mapping) -> Iterator[str]:
    """Give the spellings of an address that have its key."""
    maker = key_maker(site)
    make = maker.exact_key if keeps_case(mapping.key) else maker.key
    host, _, _ = split_key(mapping.key)
    for text in dict.fromkeys(_candidates(mapping)):
        path, _, query = text.partition("?")
        if make(host, path.encode(), query.encode()) == mapping.key:
            yield text


def _candidates(mapping: Mapping) -> Iterator[str]:
    _, path, query = split_key(mapping.key)
    canonical = f"{path}?{query}" if query else path
    yield _uri(canonical)
    yield _uri(normalize("NFD", canonical))
    yield from _plain(canonical)
    rest = mapping.raw.strip().partition("://")[2] or mapping.raw.strip()
    target = rest[rest.find("/") :].partition("#")[0] if "/" in rest else "/"
    url = parse_url(f"http://old.invalid{target}")
    found = f"{url.path}?{url.query}" if url.query else url.path
    for text in (found, target):
        spelling = text if query else text.partition("?")[0]
        yield _uri(spelling)
        yield from _plain(spelling)


def _plain(text: str) -> Iterator[str]:
    if _PLAIN.fullmatch(text) and text.isprintable():
        yield text


def _uri(text: str) -> str:
    """Escape what RFC 3986 does not let stand in a URI, and what some server reads as its own."""
    return quote(text, safe=_UNRESERVED + "#", encoding="utf-8", errors="replace")
