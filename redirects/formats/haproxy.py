"""Mappings as HAProxy maps: text files of keys, and the lines of a frontend that ask them."""

from __future__ import annotations

from collections.abc import Iterable

from redirects.compiling import Locate
from redirects.formats.answers import (
    GONE,
    MOVED,
    TEMPORARY,
    Answer,
    Export,
    answers_of,
)
from redirects.mapping import Mapping
from redirects.site import Portal, Site

CONFIG, HOSTS = "hopnhat.cfg", "hopnhat-hosts.map"

_HEAD = """\
# Put these lines into the frontend; the maps are looked for in /etc/haproxy.
http-request set-var(txn.hopnhat_name) req.hdr(host),field(1,:),lower
http-request set-var(txn.hopnhat_host) var(txn.hopnhat_name),map_str(/etc/haproxy/hopnhat-hosts.map)
http-request set-var(txn.hopnhat_pathq) pathq,lower
http-request set-var(txn.hopnhat_path) path,lower
"""
_ASK = (
    "http-request set-var(txn.hopnhat_{kind}) var(txn.hopnhat_host),"
    "concat(,txn.hopnhat_{part}),map_str(/etc/haproxy/{file})"
    " if !{{ var(txn.hopnhat_{kind}) -m found }}\n"
)
_REDIRECT = (
    "http-request redirect location %[var(txn.hopnhat_{kind})] code {status}"
    " if {{ var(txn.hopnhat_{kind}) -m found }}{condition}\n"
)
_WITHDRAW = "http-request return status 410 if { var(txn.hopnhat_gone) -m found }\n"
_STATUSES = {"moved": (MOVED, 308), "temporary": (TEMPORARY, 307), "gone": (GONE, GONE)}


def write_haproxy(
    mappings: Iterable[Mapping], *, portal: Portal, sites: Iterable[Site], locate: Locate
) -> Export:
    """Write two maps a kind, and the lines that ask them."""
    told = answers_of(mappings, portal=portal, sites=sites, locate=locate)
    files = {HOSTS: _lines(f"{name} {main}" for name, main in told.hosts.items())}
    config = _HEAD
    for kind, (status, with_body) in _STATUSES.items():
        for any_query in (False, True):
            file = f"hopnhat-{kind}-{'path' if any_query else 'exact'}.map"
            part = "path" if any_query else "pathq"
            files[file] = _entries(told.of(status, any_query=any_query))
            config += _ASK.format(kind=kind, part=part, file=file)
        config += _answer(kind, status, with_body)
    return Export({CONFIG: config.encode(), **files}, told.findings)


def _answer(kind: str, status: int, with_body: int) -> str:
    if status == GONE:
        return _WITHDRAW
    bodyless = _REDIRECT.format(kind=kind, status=status, condition=" METH_GET")
    return bodyless + _REDIRECT.format(kind=kind, status=with_body, condition="")


def _entries(answers: Iterable[Answer]) -> bytes:
    return _lines(f"{key} {a.location or 1}" for a in answers for key in a.folded)


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
