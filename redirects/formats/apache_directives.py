"""Reads Apache's Redirect directives, as they stand in a configuration or an .htaccess."""

from __future__ import annotations

import re

from redirects.formats.reading import Reading, re2_pattern, re2_target
from redirects.formats.table import decode

_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)')
_STATUS_WORDS = {"permanent": "301", "temp": "302", "seeother": "303", "gone": "410"}
_STATUS = re.compile(r"\d{3}")
_FIXED = {
    "redirect": "302",
    "redirectmatch": "302",
    "redirectpermanent": "301",
    "redirecttemp": "302",
}
_SILENT = ("<virtualhost", "</virtualhost", "serveralias")


def read_apache(content: bytes, reading: Reading) -> None:
    """Read every directive into `reading`; ServerName says whose the next ones are."""
    for number, line in enumerate(decode(content).splitlines(), start=1):
        words = [quoted.replace('\\"', '"') or bare for quoted, bare in _WORD.findall(line)]
        if not words or words[0].startswith("#") or words[0].lower().startswith(_SILENT):
            continue
        name = words[0].lower()
        if name == "servername" and (site := reading.sites.of_host(words[-1])):
            reading.site = site
        elif name in _FIXED:
            _read(number, line.strip(), name, words[1:], reading)
        else:
            reading.refuse(number, "", line.strip())


def _read(number: int, line: str, name: str, words: list[str], reading: Reading) -> None:
    kind = _FIXED[name]
    if name in ("redirect", "redirectmatch") and words:
        first = words[0].lower()
        if first in _STATUS_WORDS or _STATUS.fullmatch(first):
            kind = _STATUS_WORDS.get(first, first)
            words = words[1:]
    if len(words) != (1 if kind == "410" else 2):
        reading.refuse(number, "", line)
        return
    source, target = (*words, "")[:2]
    if name == "redirectmatch":
        reading.add_rule(number, re2_pattern(source), re2_target(target), kind=kind)
        return
    reading.add_mapping(number, source, target, kind=kind)
    if "." not in source.rpartition("/")[2]:
        # Redirect speaks of everything below its path as well, and hangs the rest behind.
        below = f"{target.rstrip('/')}/:splat" if target else ""
        reading.add_rule(number, f"{source.rstrip('/')}/*", below, kind=kind)
