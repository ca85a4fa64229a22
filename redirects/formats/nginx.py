"""Mappings as nginx maps: one file for `http`, one for each `server` of an old portal."""

from __future__ import annotations

from collections.abc import Iterable

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

MAPS, SERVER = "hopnhat-maps.conf", "hopnhat-server.conf"

_HEAD = """\
# Include in http {{ }}. Keys are compared without regard to case.
map_hash_bucket_size {bucket};
map_hash_max_size {size};
geo $hopnhat_dollar {{ default "$"; }}
map $request_uri $hopnhat_path {{ "~^(?<hopnhat_asked>[^?]*)" $hopnhat_asked; }}
"""
_FOOT = """\
map $request_method $hopnhat_301 { default ""; GET $hopnhat_moved; HEAD $hopnhat_moved; }
map $request_method $hopnhat_308 { default $hopnhat_moved; GET ""; HEAD ""; }
map $request_method $hopnhat_302 { default ""; GET $hopnhat_temporary; HEAD $hopnhat_temporary; }
map $request_method $hopnhat_307 { default $hopnhat_temporary; GET ""; HEAD ""; }
"""
_SERVER = """\
# Include in every server { } that answers to an old portal's name.
if ($hopnhat_gone) { return 410; }
if ($hopnhat_301) { return 301 $hopnhat_301; }
if ($hopnhat_308) { return 308 $hopnhat_308; }
if ($hopnhat_302) { return 302 $hopnhat_302; }
if ($hopnhat_307) { return 307 $hopnhat_307; }
"""
_KINDS = {"moved": MOVED, "temporary": TEMPORARY, "gone": GONE}
_SMALLEST_BUCKET, _SMALLEST_SIZE = 128, 2048


def write_nginx(
    mappings: Iterable[Mapping], *, portal: Portal, sites: Iterable[Site], locate: Locate
) -> Export:
    """Write the maps and the lines that use them."""
    told = answers_of(mappings, portal=portal, sites=sites, locate=locate)
    keys = [key for answer in told.answers for key in answer.folded]
    keys += told.hosts
    longest = max((len(key.encode()) for key in keys), default=0)
    head = _HEAD.format(
        bucket=_power(2 * longest, _SMALLEST_BUCKET), size=_power(2 * len(keys), _SMALLEST_SIZE)
    )
    hosts = [f"{_quoted(name)} {_quoted(main)};" for name, main in told.hosts.items()]
    maps = [head, *_map("$host", "$hopnhat_host", "", hosts)]
    for name, status in _KINDS.items():
        maps += _kind(told, name, status)
    maps_file = "\n".join([*maps, _FOOT]).encode()
    return Export({MAPS: maps_file, SERVER: _SERVER.encode()}, told.findings)


def _kind(told: Answers, name: str, status: int) -> list[str]:
    by_path = _entries(told.of(status, any_query=True))
    exact = _entries(told.of(status, any_query=False))
    nearer = f"$hopnhat_{name}_path"
    return [
        *_map("$hopnhat_host$hopnhat_path", nearer, "", by_path),
        *_map("$hopnhat_host$request_uri", f"$hopnhat_{name}", nearer, exact),
    ]


def _map(source: str, variable: str, default: str, lines: Iterable[str]) -> list[str]:
    fallback = f"    default {default or _quoted('')};"
    return [f"map {source} {variable} {{", fallback, *(f"    {line}" for line in lines), "}"]


def _entries(answers: Iterable[Answer]) -> list[str]:
    return [
        f"{_quoted(key)} {_value(answer.location or '1')};"
        for answer in answers
        for key in answer.folded
    ]


def _quoted(text: str) -> str:
    """Quote a text in which nginx looks for no variables: a map's key."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _value(text: str) -> str:
    """Quote a map's value: nginx has no escape for "$", so a variable holds one."""
    return _quoted(text).replace("$", "${hopnhat_dollar}")


def _power(wanted: int, least: int) -> int:
    return max(least, 1 << (wanted - 1).bit_length()) if wanted else least
