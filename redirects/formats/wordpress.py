"""Reads what the WordPress plugin Redirection exports as JSON."""

from __future__ import annotations

import json
import re
from typing import Any

from redirects.formats.json_items import items_of
from redirects.formats.reading import Reading, re2_pattern, re2_target
from redirects.mapping import QueryHandling

_LIST = re.compile(r'"redirects"\s*:\s*\[')


def read_wordpress(content: bytes, reading: Reading) -> None:
    """Read every redirect into `reading`, each under the line it starts on."""
    text = reading.text_of(content)
    try:
        known = json.loads(text)
    except json.JSONDecodeError as error:
        reading.refuse(error.lineno, "", "", f"Không phải JSON: {error.msg}")
        return
    except RecursionError:
        reading.refuse(1, "", "", "Không phải JSON: lồng quá sâu.")
        return
    start = _LIST.search(text)
    if start is None or not isinstance(known, dict):
        reading.refuse(1, "redirects", "", "Tệp không có danh sách redirects.")
        return
    for line, item in items_of(text, start.end()):
        if isinstance(item, dict):
            _read(line, item, reading)
        else:
            reading.refuse(line, "redirects", str(item))


def _read(line: int, item: dict[str, Any], reading: Reading) -> None:
    source, kind = str(item.get("url", "")), str(item.get("action_code", ""))
    data = item.get("action_data")
    target = str(data.get("url", "") if isinstance(data, dict) else data or "")
    action = item.get("action_type", "url")
    if item.get("enabled", True) in (False, 0, "0", "disabled"):
        reading.refuse(line, "enabled", source, "Chuyển hướng này đang tắt.")
    elif item.get("match_type", "url") != "url":
        reading.refuse(line, "match_type", str(item["match_type"]))
    elif action == "error" and kind == "410":
        _add(line, item, "", reading)
    elif action == "url":
        _add(line, item, target, reading)
    else:
        reading.refuse(line, "action_type", str(action))


def _add(line: int, item: dict[str, Any], target: str, reading: Reading) -> None:
    source, kind = str(item.get("url", "")), str(item.get("action_code", "301"))
    query = _query(item)
    if item.get("regex") in (True, 1, "1"):
        reading.add_rule(line, re2_pattern(source), re2_target(target), kind=kind, query=query)
    else:
        reading.add_mapping(line, source, target, kind=kind, query=query)


def _query(item: dict[str, Any]) -> QueryHandling:
    """Read whether a query is ignored and passed on; of the plugin's other ways it is dropped."""
    match item.get("match_data"):
        case {"source": {"flag_query": "pass"}}:
            return "pass"
        case _:
            return "drop"
