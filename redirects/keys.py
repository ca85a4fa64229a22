"""The keys of one site, as its policies and its system's preset say: compiled once, asked often.

Nearly every site needs no more than its query policy, and pays for no more.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote

from redirects.canonical import (
    Folding,
    canonical_host,
    canonical_path,
    canonicalize_parts,
    compose_text,
    fold_text,
    format_query,
    read_query,
    settled_path,
)
from redirects.mapping import CanonicalUrl
from redirects.presets import PRESETS, PageInQuery, Preset, Shape
from redirects.site import KeyPolicy, QueryPolicy, Site

_NOTHING = Preset()
_MOST_TURNS = 64
_EVERYTHING = QueryPolicy("significant", frozenset({"*"}))
_LEADING_NUMBER = re.compile(r"(\d+)[:-].*", re.DOTALL)
_ESCAPE = re.compile(r"%[0-9A-F]{2}")
_UPPER = re.compile(rb"[A-Z]|[\x80-\xff]|%[0-9A-Fa-f]{2}|%[uU]")

Parameters = list[tuple[str, str]]


class KeyMaker:
    """Makes the keys of a site's addresses."""

    def __init__(self, site: Site) -> None:
        preset = PRESETS.get(site.cms or "", _NOTHING)
        self._host = None if site.has_many_hosts else canonical_host(site.host)
        self._preset = preset
        self._policy = site.policy
        self._below = sorted(
            ((canonical_path(one.prefix.encode()), one.policy) for one in site.below),
            key=lambda one: -len(one[0]),
        )
        self._is_plain = (
            preset.shapes == ()
            and preset.paths_in_query == ()
            and preset.page_in_query is None
            and not (preset.numbers or self._below or site.index_files)
            and site.case == "fold"
        )

    def key(self, host: str, raw_path: bytes, raw_query: bytes = b"") -> CanonicalUrl:
        """Make the key of an address as it was asked for; `host` counts where a site has many."""
        if self._is_plain:
            return canonicalize_parts(
                self._host or canonical_host(host), raw_path, raw_query, self._policy.query
            )
        return self._made(host, raw_path, raw_query, keeps_case=False)

    def settled_key(self, host: str, standing: bytes) -> CanonicalUrl | None:
        """Make the key of a path that is canonical as it stands; None where it takes more."""
        path = settled_path(standing) if self._is_plain else None
        if path is None:
            return None
        return CanonicalUrl((self._host or canonical_host(host)) + path)

    def exact_key(self, host: str, raw_path: bytes, raw_query: bytes = b"") -> CanonicalUrl:
        """Make the key that keeps the case an address came in; it is found ahead of the other."""
        return self._made(host, raw_path, raw_query, keeps_case=True)

    def may_differ_in_case(self, raw_path: bytes, raw_query: bytes) -> bool:
        """Say whether the two keys can differ at all, without making either."""
        return bool(_UPPER.search(raw_path) or _UPPER.search(raw_query))

    def policy_of(self, path: str) -> KeyPolicy:
        """Return the policy of a canonical path: that of the longest prefix that has one."""
        if self._below:
            folded = fold_text(path)
            for prefix, policy in self._below:
                if folded == prefix or folded.startswith(prefix.rstrip("/") + "/"):
                    return policy
        return self._policy

    def _made(
        self, host: str, raw_path: bytes, raw_query: bytes, *, keeps_case: bool
    ) -> CanonicalUrl:
        name = self._host or canonical_host(host)
        policy = self.policy_of(canonical_path(raw_path))
        folding = compose_text if keeps_case or policy.case == "exact" else fold_text
        path = canonical_path(raw_path, folding)
        asked = read_query(raw_query, policy.query, folding) if raw_query else []
        for _ in range(_MOST_TURNS):  # a short spelling may be a long one of another still
            before = path, asked
            if self._preset is not _NOTHING:
                path, asked = self._unified(path, asked, raw_query, folding, policy)
            if policy.index_files:
                path = _without_index_file(path, policy.index_files)
            if (path, asked) == before:
                break
        query = format_query(asked) if asked and policy.query.mode != "none" else ""
        return CanonicalUrl(f"{name}{path}?{query}" if query else f"{name}{path}")

    def _unified(
        self,
        path: str,
        asked: Parameters,
        raw_query: bytes,
        folding: Folding,
        policy: KeyPolicy,
    ) -> tuple[str, Parameters]:
        """Bring the system's long spellings to the short one, parameters and all."""
        preset = self._preset
        is_front = _without_index_file(path, policy.index_files) == "/"
        if raw_query and is_front and preset.paths_in_query:
            path, asked = self._path_of_query(path, asked, raw_query, folding)
        if raw_query and preset.page_in_query is not None:
            path, asked = self._page_of_query(
                preset.page_in_query, (path, asked), raw_query, folding
            )
        for shape in preset.shapes:
            found = shape.pattern.fullmatch(path) if shape.hint in path else None
            if found is not None:
                path = canonical_path(quote(found.expand(shape.path), safe="/%").encode(), folding)
                asked = [*_parameters(shape, found, folding), *asked]
                break
        if preset.numbers:
            asked = [(name, self._number(name, value)) for name, value in asked]
        return path, asked

    def _path_of_query(
        self, path: str, asked: Parameters, raw_query: bytes, folding: Folding
    ) -> tuple[str, Parameters]:
        given = {
            fold_text(name): value for name, value in read_query(raw_query, _EVERYTHING, folding)
        }
        for known in self._preset.paths_in_query:
            if all(given.get(name) for name in known.parameters):
                values = {name: quote(given[name], safe="/") for name in known.parameters}
                path = canonical_path(known.path.format(**values).encode(), folding)
                left = [one for one in asked if fold_text(one[0]) not in known.parameters]
                return path, left
        return path, asked

    def _page_of_query(
        self, known: PageInQuery, given: tuple[str, Parameters], raw_query: bytes, folding: Folding
    ) -> tuple[str, Parameters]:
        for name, value in read_query(raw_query, _EVERYTHING, folding):
            found = known.name.fullmatch(name) if value else None
            if found is not None:
                path = known.path.format(quote(value, safe=""))
                whose = fold_text(found["portlet"]), known.beside
                left = [one for one in given[1] if not fold_text(one[0]).startswith(whose)]
                return canonical_path(path.encode(), folding), left
        return given

    def _number(self, name: str, value: str) -> str:
        found = (
            _LEADING_NUMBER.fullmatch(value) if fold_text(name) in self._preset.numbers else None
        )
        return found[1] if found else value


@lru_cache(maxsize=4096)
def key_maker(site: Site) -> KeyMaker:
    """Return what makes the keys of a site; compiled once a site."""
    return KeyMaker(site)


def keeps_case(key: CanonicalUrl) -> bool:
    """Say whether a key was made with its case kept, and so goes before the folded one."""
    return key != key.lower() and _letters(key) != _letters(key).lower()


def _letters(key: CanonicalUrl) -> str:
    return _ESCAPE.sub("", key)


def _parameters(shape: Shape, found: re.Match[str], folding: Folding) -> Parameters:
    named = [(name, folding(found[name])) for name in shape.parameters]
    pieces = (found[shape.pairs] or "").split("/")[1:] if shape.pairs else []
    return named + [
        (fold_text(name), value) for name, value in zip(pieces[::2], pieces[1::2], strict=True)
    ]


def _without_index_file(path: str, index_files: frozenset[str]) -> str:
    folded = fold_text(path)
    ends = [name for name in index_files if folded.endswith(f"/{name}")]
    return path[: -1 - len(max(ends, key=len))] or "/" if ends else path
