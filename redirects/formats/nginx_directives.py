"""Reads nginx maps, simple rewrites and returns: what says by itself where an address leads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from redirects.formats.reading import Reading

_TOKEN = re.compile(
    r"""\#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|([;{}])|((?:\$\{\w+\}|\\.|[^\s;{}])+)""",
    re.DOTALL,
)
_SERVERS_OWN = re.compile(r"\$\{?(?:request_uri|uri|args|is_args|query_string|host|scheme|arg_)")
_ASKED = ("$uri", "$request_uri", "$hopnhat_path")
_FLAGS = {"permanent": "301", "redirect": "302"}
_STATUSES = ("301", "302", "303", "307", "308", "410")
_BLOCKS = ("http", "server", "map", "location")
_OURS = {"$hopnhat_temporary": "302", "$hopnhat_gone": "410"}
_NOTHING = ("", "0", "-")

_Words = list[str]


def read_nginx(content: bytes, reading: Reading) -> None:
    """Read every directive into `reading`; server_name says whose the next ones are."""
    owner = reading.site
    blocks: list[_Words] = []
    for line, words, end in _statements(reading.text_of(content)):
        if end == "{":
            blocks.append(words)
            if words[:1] == ["server"]:
                reading.site = owner
            elif not words or words[0] not in _BLOCKS:
                reading.refuse(line, "", " ".join(words))
            continue
        if end == ";":
            _read(line, words, blocks[-1] if blocks else [], reading)
        elif words:
            reading.refuse(line, "", " ".join(words), "Dòng này thiếu dấu chấm phẩy.")
        if end == "}":
            blocks[-1:] = []
    reading.site = owner


def _statements(text: str) -> Iterator[tuple[int, _Words, str]]:
    """Give the words up to each `;`, `{` and `}`, with the line the first of them stands on."""
    words: _Words = []
    first = line = 1
    counted = 0
    for token in _TOKEN.finditer(text):
        double, single, end, bare = token.groups()
        line += text.count("\n", counted, token.start())
        counted = token.start()
        if token[0].startswith("#"):
            continue
        if not words:
            first = line
        if end:
            yield first, words, end
            words = []
        else:
            quoted = double if double is not None else single
            words.append(bare if quoted is None else re.sub(r"\\([\"'\\])", r"\1", quoted))
    if words:
        yield first, words, ""


def _read(line: int, words: _Words, block: _Words, reading: Reading) -> None:
    match block, words:
        case ["map", asked, variable], [key, value] if asked.endswith(_ASKED):
            _read_entry(line, key, value.replace("${hopnhat_dollar}", "$"), variable, reading)
        case _, ["server_name", *names]:
            _read_names(line, names, reading)
        case _, ["rewrite", expression, target, *flags]:
            _read_rewrite(line, expression, target, flags, reading)
        case ["location", *place], ["return", *answer]:
            _read_return(line, place, answer, reading)
        case _:
            reading.refuse(line, "", " ".join(words))


def _read_entry(line: int, key: str, value: str, variable: str, reading: Reading) -> None:
    if key == "default" and (value in _NOTHING or value.startswith("$")):
        return  # what was not mapped is not our business
    kind = _OURS.get(variable.removesuffix("_path"), "301")
    target = "" if kind == "410" else value
    if key.startswith("~"):
        expression = key[1:].removeprefix("*")
        reading.add_expression(line, expression, target, kind=kind)
    else:
        reading.add_mapping(line, key.removeprefix("\\"), target, kind=kind)


def _read_names(line: int, names: _Words, reading: Reading) -> None:
    found = [site for name in names if (site := reading.sites.of_host(name))]
    if found:
        reading.site = found[0]
    else:
        message = "Không có cổng cũ nào mang tên miền này."
        reading.refuse(line, "server_name", " ".join(names), message)


def _read_rewrite(line: int, expression: str, target: str, flags: _Words, reading: Reading) -> None:
    leaves = target.startswith(("http://", "https://"))
    kind = _FLAGS.get(flags[0]) if flags else ("302" if leaves else None)
    if kind is None or _SERVERS_OWN.search(target):
        reading.refuse(line, "", " ".join(["rewrite", expression, target, *flags]))
        return
    target = target.removesuffix("?")  # which tells nginx not to hang the query behind
    reading.add_expression(line, expression, target, kind=kind)


def _read_return(line: int, place: _Words, answer: _Words, reading: Reading) -> None:
    if answer[:1] and answer[0].startswith(("http://", "https://")):
        answer = ["302", *answer]
    kind, target = (*answer, "", "")[:2]
    expression = place[0] in ("~", "~*") if place else False
    fixed = "$" in target and not expression
    if kind not in _STATUSES or fixed or _SERVERS_OWN.search(target):
        reading.refuse(line, "", " ".join(["return", *answer]))
        return
    target = "" if kind == "410" else target
    match place:
        case ["=", path]:
            reading.add_mapping(line, path, target, kind=kind)
        case ["~" | "~*", pattern]:
            reading.add_expression(line, pattern, target, kind=kind)
        case [path] | ["^~", path]:
            reading.add_rule(line, f"{path}*", target, kind=kind)
        case _:
            reading.refuse(line, "", " ".join(["location", *place]))
