"""Mappings as JSON, one object a line: every kind, nothing lost, for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable

from redirects.mapping import Mapping


def write_json_lines(mappings: Iterable[Mapping]) -> bytes:
    """Write mappings as one JSON object a line, without what they do not have."""
    return "".join(f"{json.dumps(_fields(one), ensure_ascii=False)}\n" for one in mappings).encode()


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
