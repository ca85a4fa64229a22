"""Mappings as Caddy maps, in one file to import into the sites of the old portals."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from redirects.compiling import Locate
from redirects.formats.answers import (
    GONE,
    MOVED,
    TEMPORARY,
    Answer,
    Answers,
    Export,
    answers_of,
)
from redirects.mapping import Mapping
from redirects.site import Portal, Site

FILE = "hopnhat.caddy"
# Escapes that decode to what parts a path, and such as are none; characters of Caddy's language.
_AMBIGUOUS = re.compile(r"%(?:2f|5c|25|3f|23|(?![0-9a-f]{2}))", re.IGNORECASE)
_UNQUOTABLE = re.compile(r"[\"\\{}`\ufffd]")

_HEAD = """\
# Import in every site block of an old portal's name.
"""
_REDIRECT = """\
@hopnhat_{name} {{
\t{method}
\tvars {{hopnhat_{part}_status}} {status}
}}
redir @hopnhat_{name} {{hopnhat_{part}_location}} {answer}
"""
_WITHDRAW = """\
@hopnhat_{part}_gone vars {{hopnhat_{part}_status}} {status}
respond @hopnhat_{part}_gone {status}
"""
_BODYLESS = {True: "method GET HEAD", False: "not method GET HEAD"}
_REDIRECTS = ((MOVED, MOVED, True), (MOVED, 308, False), (TEMPORARY, TEMPORARY, True),
              (TEMPORARY, 307, False))  # fmt: skip
_SOURCES = {
    "exact": "map {host}{http.request.orig_uri}",
    "path": "map {host}{http.request.orig_uri.path}",  # decoded, so any escapes are found
}


def write_caddy(
    mappings: Iterable[Mapping], *, portal: Portal, sites: Iterable[Site], locate: Locate
) -> Export:
    """Write both maps, and the lines that answer from them."""
    told = answers_of(mappings, portal=portal, sites=sites, locate=locate)
    text = _HEAD
    for part, source in _SOURCES.items():
        lines = "".join(f"\t{line}\n" for line in _entries(told, any_query=part == "path"))
        destinations = f"{{hopnhat_{part}_status}} {{hopnhat_{part}_location}}"
        text += f'{source} {destinations} {{\n{lines}\tdefault "" ""\n}}\n'
        for status, answer, bodyless in _REDIRECTS:
            method = _BODYLESS[bodyless]
            name = f"{part}_{answer}"
            text += _REDIRECT.format(
                name=name, part=part, method=method, status=status, answer=answer
            )
        text += _WITHDRAW.format(part=part, status=GONE)
    return Export({FILE: text.encode()}, told.findings)


def _entries(told: Answers, *, any_query: bool) -> Iterator[str]:
    """Give a line for each name of a host and each spelling: Caddy knows no aliases of keys."""
    names: dict[str, list[str]] = {}
    for name, main in told.hosts.items():
        names.setdefault(main, []).append(name)
    for answer in told.answers:
        decoded = list(_decoded(answer)) if answer.any_query else []
        texts: Iterable[str] = decoded if any_query else () if decoded else answer.spellings
        for name in names[answer.host]:
            for text in texts:
                yield f'"{name}{text}" {answer.status} "{answer.location}"'


def _decoded(answer: Answer) -> Iterator[str]:
    """Give the paths of an answer as Caddy decodes them; none where one could be two addresses."""
    found: dict[str, None] = {}
    for spelling in answer.spellings:
        text = unquote(spelling, errors="replace")
        if _AMBIGUOUS.search(spelling) or _UNQUOTABLE.search(text) or not text.isprintable():
            return
        found[text] = None
    yield from found
