"""Where a setting stands in its TOML file, so that a finding can name the line."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*\[\[?\s*([\w.-]+)\s*\]\]?")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")


def line_of(text: str, place: tuple[str | int, ...]) -> int | None:
    """Return the 1-based line of a setting, of its table if it is absent, or None.

    `place` is a path of keys and array indexes, such as ("site", 1, "host").
    """
    best: int | None = None
    here: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            *above, name = header[1].split(".")
            here = ()
            for part in above:
                here = (*here, part)
                if here in counts:
                    here = (*here, counts[here])
            here = (*here, name)
            if line.lstrip().startswith("[["):
                counts[here] = counts.get(here, -1) + 1
                here = (*here, counts[here])
            if here == place[: len(here)]:
                best = number
        elif key := _KEY.match(line):
            full = (*here, key[1])
            if full == place[: len(full)]:
                return number
    return best
