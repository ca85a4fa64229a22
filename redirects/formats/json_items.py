"""JSON taken apart item by item, so that what is wrong with one can be said with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

_BETWEEN = re.compile(r"[\s,]*")


def items_of(text: str, at: int) -> Iterator[tuple[int, Any]]:
    """Give the values of the list that opens before `at`, with the line each starts on.

    `text` is known to be JSON.
    """
    decoder = json.JSONDecoder()
    line, counted = 1, 0
    while True:
        between = _BETWEEN.match(text, at)
        at = between.end() if between else at
        if text[at] == "]":
            return
        item, end = decoder.raw_decode(text, at)
        line += text.count("\n", counted, at)
        yield line, item
        counted, at = at, end
