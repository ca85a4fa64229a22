"""Reads Apache's redirects, as they stand in a configuration, an .htaccess or a RewriteMap."""

from __future__ import annotations

import re

from redirects.formats.reading import Reading
from redirects.site import Site

_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)')
_STATUS_WORDS = {"permanent": "301", "temp": "302", "seeother": "303", "gone": "410"}
_STATUS = re.compile(r"\d{3}")
_FIXED = {
    "redirect": "302",
    "redirectmatch": "302",
    "redirectpermanent": "301",
    "redirecttemp": "302",
}
_SILENT = (
    "<virtualhost", "</virtualhost", "<ifmodule", "</ifmodule", "serveralias",
    "rewriteengine", "rewritebase", "options", "#",
)  # fmt: skip
_HOST_EXPRESSION = re.compile(r"\^?((?:[\w-]|\\?\.|\(www\\?\.\)\?)+)\$?")
_FLAG = re.compile(r"(?:R|redirect)(?:=(\w+))?", re.IGNORECASE)
_HARMLESS = frozenset({"l", "last", "nc", "nocase", "ne", "noescape", "qsd", "qsdiscard", "end"})
_GONE = frozenset({"g", "gone"})
_MARKS = ("1", "410", "gone")
_CONDITION = "Dòng này có điều kiện (RewriteCond) mà ở đây không diễn đạt được."
_USES_MAP = "Hãy nhập riêng tệp của RewriteMap này với --format rewritemap."


def read_apache(content: bytes, reading: Reading) -> None:
    """Read every directive into `reading`; ServerName says whose the next ones are."""
    owner = reading.site
    conditions: list[list[str]] = []
    for number, line in enumerate(reading.text_of(content).splitlines(), start=1):
        words = [quoted.replace('\\"', '"') or bare for quoted, bare in _WORD.findall(line)]
        if not words or words[0].lower().startswith(_SILENT):
            continue
        name = words[0].lower()
        if name == "servername" and (site := reading.sites.of_host(words[-1])):
            reading.site = owner = site
        elif name in _FIXED:
            _read(number, line.strip(), name, words[1:], reading)
        elif name == "rewritecond":
            conditions.append(words[1:])
        elif name == "rewriterule":
            _read_rewrite(number, line.strip(), words[1:], conditions, reading)
            reading.site = owner
            conditions = []
        elif name == "rewritemap":
            reading.refuse(number, "", line.strip(), _USES_MAP)
        else:
            reading.refuse(number, "", line.strip())


def read_rewrite_map(content: bytes, reading: Reading) -> None:
    """Read a RewriteMap of type txt: a path, or host and path, and where it leads.

    "1", "410" or "gone" in the place of a target says that the address is gone.
    """
    for number, line in enumerate(reading.text_of(content).splitlines(), start=1):
        words = line.split("#", 1)[0].split() if line.lstrip().startswith("#") else line.split()
        match words:
            case []:
                continue
            case [source, target]:
                gone = target.lower() in _MARKS
                kind = "410" if gone else "301"
                reading.add_mapping(number, source, "" if gone else target, kind=kind)
            case _:
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
        reading.add_expression(number, source, target, kind=kind)
        return
    reading.add_mapping(number, source, target, kind=kind)
    if "." not in source.rpartition("/")[2]:
        # Redirect speaks of everything below its path as well, and hangs the rest behind.
        below = f"{target.rstrip('/')}/:splat" if target else ""
        reading.add_rule(number, f"{source.rstrip('/')}/*", below, kind=kind)


def _read_rewrite(
    number: int, line: str, words: list[str], conditions: list[list[str]], reading: Reading
) -> None:
    if conditions:
        site = _asked_host(conditions, reading)
        if site is None:
            reading.refuse(number, "", line, _CONDITION)
            return
        reading.site = site
    if len(words) not in (2, 3):
        reading.refuse(number, "", line)
        return
    expression, target, flags = (*words, "")[:3]
    kind = _kind_of(target, flags)
    if kind is None or "%{" in target or "${" in target or "%" in target.partition("?")[2]:
        reading.refuse(number, "", line)
        return
    target = "" if kind == "410" else target.removesuffix("?")
    if target and not target.startswith(("/", "http://", "https://")):
        target = f"/{target}"
    reading.add_expression(number, _from_the_root(expression), target, kind=kind)


def _asked_host(conditions: list[list[str]], reading: Reading) -> Site | None:
    """Find the site that the conditions speak of, when they speak of one host only."""
    match conditions:
        case [["%{HTTP_HOST}", expression, *flags]] if flags in ([], ["[NC]"]):
            found = _HOST_EXPRESSION.fullmatch(expression)
            host = re.sub(r"\(www\\?\.\)\?", "", found[1]).replace("\\", "") if found else ""
            return reading.sites.of_host(host)
        case _:
            return None


def _kind_of(target: str, flags: str) -> str | None:
    """Say with which status a rule leaves the server; None where it does not, or does more."""
    kind = "302" if target.startswith(("http://", "https://")) else None
    for flag in filter(None, (one.strip() for one in flags.strip("[]").split(","))):
        if flag.lower() in _GONE:
            return "410"
        if found := _FLAG.fullmatch(flag):
            status = (found[1] or "302").lower()
            kind = _STATUS_WORDS.get(status, status)
        elif flag.lower() not in _HARMLESS:
            return None
    return kind


def _from_the_root(expression: str) -> str:
    """Write an expression of an .htaccess, which sees no first slash, as one of whole paths."""
    rest = expression.removeprefix("^")
    if rest == expression or rest.startswith(("/", "(/", "(?:/")):
        return expression if not expression.startswith("^/?") else f"^/{expression[3:]}"
    return f"^/{rest}"
