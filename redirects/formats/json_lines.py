"""Mappings as JSON, one object a line: every kind, nothing lost, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from redirects.formats.cells import write_targets
from redirects.formats.reading import Reading
from redirects.formats.table import decode
from redirects.mapping import Mapping, SplitTarget


def write_json_lines(mappings: Iterable[Mapping]) -> bytes:
    """Write mappings as one JSON object a line, without what they do not have."""
    return "".join(f"{json.dumps(_fields(one), ensure_ascii=False)}\n" for one in mappings).encode()


def read_json_lines(content: bytes, reading: Reading) -> None:
    """Read what `write_json_lines` writes into `reading`; a key is made anew, never believed."""
    for number, line in enumerate(decode(content).splitlines(), start=1):
        if not line.strip():
            continue
        try:
            _read(number, json.loads(line), reading)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            reading.refuse(number, "", line, f"Không đọc được dòng này: {error}")


def _read(number: int, item: dict[str, Any], reading: Reading) -> None:
    targets = [
        SplitTarget(str(one["label"]), str(one["target"])) for one in item.get("targets", ())
    ]
    target = write_targets(tuple(targets)) or str(item.get("target", ""))
    kind, reason = str(item.get("kind", "")), str(item.get("reason", ""))
    reading.add_mapping(number, str(item["old_url"]), target, kind=kind, reason=reason)


def _fields(mapping: Mapping) -> dict[str, object]:
    targets = [{"label": one.label, "target": one.target} for one in mapping.targets]
    fields = {
        "old_url": mapping.raw,
        "key": mapping.key,
        "kind": mapping.kind.value,
        "target": mapping.target,
        "targets": targets,
        "reason": mapping.reason,
    }
    return {name: value for name, value in fields.items() if value}
