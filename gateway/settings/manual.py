"""The settings explained: the page docs/settings.md and the file `hopnhat init` writes.

Both are made from the declarations themselves, so neither can drift from the program.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.settings.whole import TABLES, Settings

_REPEATED = {"site", "site.below", "route", "route.upstreams", "rule", "host", "office", "caller"}


_TYPE_NAMES: dict[Any, str] = {
    int: "whole number",
    float: "number",
    bool: "true or false",
    date: "day",
    Path: "path",
}


def manual() -> str:
    """Return docs/settings.md: every setting with its type, default and sentence."""
    parts = [
        "# Settings",
        "",
        (
            "Generated from the tables that `gateway/settings/whole.py` names; change a setting "
            "there and run `python scripts/write_settings_manual.py`. The file is `hopnhat.toml`; "
            "settings of plain tables can also come from the environment, which wins: "
            "`HOPNHAT_SERVE__PORT=80`."
        ),
        "",
        *_rows("At the top of the file", Settings, skip=set(TABLES)),
    ]
    for name, table in TABLES.items():
        heading = f"`[[{name}]]`, repeated" if name in _REPEATED else f"`[{name}]`"
        parts += _rows(heading, table, skip=_tables_in(name))
    return "\n".join(parts)


def _rows(heading: str, table: type[BaseModel], skip: set[str]) -> Iterator[str]:
    yield f"## {heading}"
    yield ""
    if table is not Settings:
        yield f"{(table.__doc__ or '').strip()}"
        yield ""
    yield "| setting | type | default | what it does |"
    yield "|---|---|---|---|"
    for name, field in table.model_fields.items():
        if name not in skip:
            yield (
                f"| `{name}` | {_type_name(field.annotation)} | {_default_cell(field)} "
                f"| {field.description} |"
            )
    yield ""


def _default_cell(field: FieldInfo) -> str:
    return "required" if field.is_required() else f"`{_toml(field.default)}`"


def _type_name(annotation: Any) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in get_args(annotation))
    if origin is tuple:
        return "list of text"
    if origin is Annotated:
        return _type_name(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return _type_name(get_args(annotation)[0])
    return _TYPE_NAMES.get(annotation, "text")


def _toml(value: object) -> str:
    match value:
        case None:
            return "—"
        case tuple():
            return json.dumps(list(value), ensure_ascii=False)
        case Path():
            return json.dumps(str(value))
        case _:
            return json.dumps(value, ensure_ascii=False)


def example() -> str:
    """Return the commented file that `hopnhat init` writes; it loads as it stands."""
    lines = ["# hopnhat.toml: one portal out of many. Every setting: docs/settings.md", ""]
    lines += _commented(Settings, skip=set(TABLES))
    for name, table in TABLES.items():
        header = f"[[{name}]]" if name in _REPEATED else f"[{name}]"
        belongs_to_repeated = name.partition(".")[0] in _REPEATED
        lines += ["", f"# {(table.__doc__ or '').strip()}"]
        lines.append(f"# {header}" if belongs_to_repeated else header)
        lines += _commented(table, skip=_tables_in(name))
    return "\n".join(lines) + "\n"


def _tables_in(name: str) -> set[str]:
    """Return the fields of a table that are tables themselves."""
    return {one.rpartition(".")[2] for one in TABLES if one.rpartition(".")[0] == name}


def _commented(table: type[BaseModel], skip: set[str]) -> Iterator[str]:
    for name, field in table.model_fields.items():
        if name in skip:
            continue
        value = "…" if field.is_required() else _toml(field.default)
        yield f"# {field.description}"
        yield f"# {name} = {'' if value == '—' else value}".rstrip()
