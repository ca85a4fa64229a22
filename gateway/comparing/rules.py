"""Ignore rules: what may differ between two servers without a caller noticing, as data.

A TOML file, written by whoever compares:

    headers = ["x-served-by"]            # not compared
    header_values = ["x-build"]          # must be there on both sides, may say anything
    json = ["$.thoiGian", "$..maYeuCau"]
    json_unordered = ["$.DuLieu"]        # the order of its items says nothing
    xpath = ["//t:ThoiDiem", "//@id"]
    text = ["Cập nhật lúc [0-9:]+"]      # RE2, for bodies that are neither JSON nor XML

    [namespaces]
    t = "http://tempuri.org/"
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import re2
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from pydantic import BaseModel, ConfigDict, ValidationError

from gateway.comparing.json_paths import JsonPath, JsonPathError, read_json_path


class RulesError(Exception):
    """Ignore rules that cannot be used; the message names the file and the culprit."""


class Rules(BaseModel):
    """Ignore rules as they are written; `compiled` makes them ready."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    headers: tuple[str, ...] = ()
    header_values: tuple[str, ...] = ()
    json_paths: tuple[str, ...] = ()
    json_unordered: tuple[str, ...] = ()
    xpath: tuple[str, ...] = ()
    text: tuple[str, ...] = ()
    namespaces: dict[str, str] = {}


class Ignored:
    """Ignore rules made ready for many comparisons."""

    def __init__(self, rules: Rules | None = None) -> None:
        """Raises RulesError that names the rule which cannot be used."""
        rules = rules or Rules()
        self.headers = frozenset(name.lower() for name in rules.headers)
        self.header_values = frozenset(name.lower() for name in rules.header_values)
        self.json_paths = tuple(_json_path(text) for text in rules.json_paths)
        self.json_unordered = tuple(_json_path(text) for text in rules.json_unordered)
        self.xpaths = tuple(_xpath(text, rules.namespaces) for text in rules.xpath)
        self.texts = tuple(_pattern(text) for text in rules.text)


def read_rules(path: Path) -> Ignored:
    """Read ignore rules from a TOML file. Raises RulesError."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        if "json" in values:  # a field of this name would hide pydantic's own
            values["json_paths"] = values.pop("json")
        return Ignored(Rules(**values))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RulesError(f"{path}: cannot be read: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        raise RulesError(f"{path}: {name}: {first['msg']}") from error
    except RulesError as error:
        raise RulesError(f"{path}: {error}") from error


def _json_path(text: str) -> JsonPath:
    try:
        return read_json_path(text)
    except JsonPathError as error:
        raise RulesError(str(error)) from error


def _xpath(text: str, namespaces: dict[str, str]) -> etree.XPath:
    try:
        xpath = etree.XPath(text, namespaces=namespaces)
        xpath(etree.Element("a"))  # a prefix that nothing declares is told only now
    except (etree.XPathError, TypeError, ValueError) as error:
        raise RulesError(f"not an XPath: {text!r}: {error}") from error
    return xpath


def _pattern(text: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise RulesError(f"not a pattern of RE2: {text!r}") from error
