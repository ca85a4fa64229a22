"""Mappings as JSON, an object a line or all in one list: every kind, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from redirects.formats.cells import write_targets
from redirects.formats.json_items import items_of
from redirects.formats.reading import Reading
from redirects.mapping import Mapping, SplitTarget


def write_json_lines(mappings: Iterable[Mapping]) -> bytes:
    """Write mappings as one JSON object a line, without what they do not have."""
    return "".join(f"{json.dumps(_fields(one), ensure_ascii=False)}\n" for one in mappings).encode()


def read_json_lines(content: bytes, reading: Reading) -> None:
    """Read what `write_json_lines` writes into `reading`; a key is made anew, never believed."""
    text = reading.text_of(content)
    if text.lstrip().startswith("[") and (start := _list_start(text)) is not None:
        for number, item in items_of(text, start):
            _take(number, item, reading)
        return
    for number, line, item in _lines(text):
        if isinstance(item, Exception):
            reading.refuse(number, "", line, f"Không đọc được dòng này: {item}")
        else:
            _take(number, item, reading)


def _list_start(text: str) -> int | None:
    """Where the first item of the list may be; None where the text as a whole is no JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return None
    return text.index("[") + 1


def _lines(text: str) -> Iterator[tuple[int, str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield number, line, json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, line, error


def _take(number: int, item: Any, reading: Reading) -> None:
    try:
        targets = [
            SplitTarget(str(one["label"]), str(one["target"])) for one in item.get("targets", ())
        ]
        target = write_targets(tuple(targets)) or str(item.get("target", ""))
        kind, reason = str(item.get("kind", "")), str(item.get("reason", ""))
        query = str(item.get("query", ""))
        reading.add_mapping(
            number, str(item["old_url"]), target, kind=kind, reason=reason, query=query
        )
    except KeyError as error:
        shown = json.dumps(item, ensure_ascii=False)
        reading.refuse(number, str(error.args[0]), shown, f"Thiếu trường {error.args[0]}.")
    except (TypeError, AttributeError) as error:
        shown = json.dumps(item, ensure_ascii=False)
        reading.refuse(number, "", shown, f"Không đọc được dòng này: {error}")


def _fields(mapping: Mapping) -> dict[str, object]:
    targets = [{"label": one.label, "target": one.target} for one in mapping.targets]
    fields = {
        "old_url": mapping.raw,
        "key": mapping.key,
        "kind": mapping.kind.value,
        "target": mapping.target,
        "targets": targets,
        "reason": mapping.reason,
        "query": mapping.query if mapping.query != "drop" else None,
    }
    return {name: value for name, value in fields.items() if value}
