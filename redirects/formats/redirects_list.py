"""Reads `_redirects`, the list that Netlify and Cloudflare Pages take: a line a redirect."""

from __future__ import annotations

import re

from redirects.formats.reading import Reading
from redirects.url import UrlError, parse_url

_STATUS = re.compile(r"(\d{3})!?")
_PARAMETER = re.compile(r"[^=/:]+=.+")
_PATTERN = re.compile(r"\*|[/=]:[A-Za-z_]")
_KNOWN = ("301", "302", "303", "307", "308", "410")


def read_redirects_list(content: bytes, reading: Reading) -> None:
    """Read every line into `reading`."""
    for number, line in enumerate(reading.text_of(content).splitlines(), start=1):
        words = re.sub(r"(?:^|\s)#.*", "", line).split()
        if words:
            _read(number, line.strip(), words, reading)


def _read(number: int, line: str, words: list[str], reading: Reading) -> None:
    source, *rest = words
    parameters: list[str] = []
    while rest and _PARAMETER.fullmatch(rest[0]):
        parameters.append(rest.pop(0))
    if rest == ["410"]:
        rest = ["-", *rest]  # what is gone leads nowhere
    target, *rest = rest or [""]
    status = _STATUS.fullmatch(rest[0]) if rest else None
    if not target or len(rest) > 1 or (rest and not status):
        reading.refuse(number, "", line)
        return
    kind = status[1] if status else "301"
    if kind not in _KNOWN:
        reading.refuse(number, "kind", kind)
        return
    query = "?" + "&".join(parameters) if parameters else ""
    _add(number, source + query, "" if kind == "410" else target, kind, reading)


def _add(number: int, source: str, target: str, kind: str, reading: Reading) -> None:
    if not _PATTERN.search(source.partition("://")[2] or source):
        reading.add_mapping(number, source, target, kind=kind)
        return
    if source.startswith("/"):
        reading.add_rule(number, source, target, kind=kind)
        return
    try:
        host = parse_url(source).host
    except UrlError:
        host = ""
    site = reading.sites.of_host(host)
    if site is None:
        reading.refuse(number, "old_url", source, f"Không có cổng cũ nào mang tên miền {host}.")
        return
    path = "/" + source.partition("://")[2].partition("/")[2]
    reading.add_rule(number, path, target, kind=kind, site=site)
