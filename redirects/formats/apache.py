"""Mappings as Apache RewriteMaps: text files of keys, and the rules that ask them.

The rules look at THE_REQUEST, because Apache decodes REQUEST_URI; NE keeps it from encoding a
Location twice, QSD from hanging the old query on the new address.
"""

from __future__ import annotations

from collections.abc import Iterable

from redirects.compiling import Locate
from redirects.finding import Finding
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

_LONGEST_LINE = 1024  # REWRITE_MAX_TXT_MAP_LINE of mod_rewrite
CONFIG, HOSTS = "hopnhat.conf", "hopnhat-hosts.txt"

_HEAD = r"""# Include in every VirtualHost that answers to an old portal's name.
# From 2.4.60 on (and where a distribution has taken over that fix: then define it so there too)
# Apache answers 403 to a location with a "?" unless it is told that it is meant.
<IfVersion >= 2.4.60>
Define hopnhat_flags ",UnsafeAllow3F"
</IfVersion>
<IfVersion < 2.4.60>
Define hopnhat_flags ""
</IfVersion>
RewriteEngine On
RewriteMap hopnhat_lower int:tolower
RewriteMap hopnhat_hosts txt:conf/hopnhat-hosts.txt
RewriteCond ${hopnhat_lower:%{HTTP_HOST}} ^([^:]+?)\.?(?::[0-9]+)?$
RewriteRule ^ - [E=HOPNHAT_HOST:${hopnhat_hosts:%1}]
RewriteCond ${hopnhat_lower:%{THE_REQUEST}} "^[a-z]+ (?:https?://[^/ ]*)?((/[^? ]*)[^ ]*) http/"
RewriteRule ^ - [E=HOPNHAT_ASKED:%1,E=HOPNHAT_PATH:%2]
"""
_MAP = "RewriteMap {name} txt:conf/{file}\n"
_ANSWER = "${{{name}:%{{ENV:HOPNHAT_HOST}}%{{ENV:{variable}}}}}"
_CONDITION = "RewriteCond {answer} ^(.+)$\n"
_BODYLESS = "RewriteCond %{REQUEST_METHOD} ^(?:GET|HEAD)$\n"
_REDIRECT = "RewriteRule ^ %1 [R={status},NE,QSD,L${{hopnhat_flags}}]\n"
_WITHDRAW = "RewriteRule ^ - [G]\n"
_STATUSES = {"moved": (MOVED, 308), "temporary": (TEMPORARY, 307), "gone": (GONE, GONE)}


def write_apache(
    mappings: Iterable[Mapping], *, portal: Portal, sites: Iterable[Site], locate: Locate
) -> Export:
    """Write one map a kind, and the configuration that names them below conf/."""
    told = answers_of(mappings, portal=portal, sites=sites, locate=locate)
    files = {HOSTS: _lines(f"{name} {main}" for name, main in told.hosts.items())}
    findings = list(told.findings)
    config = _HEAD
    for kind, (status, with_body) in _STATUSES.items():
        for any_query in (False, True):
            file = f"hopnhat-{kind}-{'path' if any_query else 'exact'}.txt"
            files[file] = _entries(told.of(status, any_query=any_query), findings)
            config += _rules(file, status, with_body, any_query=any_query)
    return Export({CONFIG: config.encode(), **files}, tuple(findings))


def _rules(file: str, status: int, with_body: int, *, any_query: bool) -> str:
    name = file.removesuffix(".txt").replace("-", "_")
    variable = "HOPNHAT_PATH" if any_query else "HOPNHAT_ASKED"
    answer = _ANSWER.format(name=name, variable=variable)
    asked = _CONDITION.format(answer=answer)
    rules = _MAP.format(name=name, file=file)
    if status == GONE:
        return rules + asked + _WITHDRAW
    rules += _BODYLESS + asked + _REDIRECT.format(status=status)
    return rules + asked + _REDIRECT.format(status=with_body)


def _entries(answers: Iterable[Answer], findings: list[Finding]) -> bytes:
    """Write the lines of a map; what is longer than Apache reads becomes a finding."""
    kept = []
    for answer in answers:
        lines = [f"{key} {answer.location or 1}" for key in answer.folded]
        short = [line for line in lines if len(line.encode()) < _LONGEST_LINE]
        if len(short) < len(lines):
            message = f"Apache không đọc dòng dài hơn {_LONGEST_LINE} byte."
            findings.append(Finding("warning", "too-long", message, answer.key))
        kept += short
    return _lines(kept)


def _lines(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
