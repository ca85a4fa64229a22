"""Nesting: cut hostile depth before a parser meets it.

HTML parsers are quadratic in the depth of open elements (200,000 nested divs take minutes), so
tags beyond a limit are dropped and their text kept.
"""

from __future__ import annotations

import re

MAX_DEPTH = 512  # browsers cut at the same order of magnitude
_SUSPICIOUS = 10_000  # tags; a page with fewer cannot cost much
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]*)[^>]*>")
_VOID_LIST = "area base br col embed hr img input link meta param source track wbr"
_VOID = frozenset(_VOID_LIST.split())


def cut_depth(markup: str, limit: int = MAX_DEPTH, *, suspicious: int = _SUSPICIOUS) -> str:
    """Return the markup without tags nested deeper than `limit`; small pages come back as is."""
    if markup.count("<") < suspicious:
        return markup
    depth = 0

    def keep(match: re.Match[str]) -> str:
        nonlocal depth
        if match[2].lower() in _VOID or match[0].endswith("/>"):
            return match[0]
        if match[1]:
            depth = max(0, depth - 1)
            return match[0] if depth < limit else ""
        depth += 1
        return match[0] if depth <= limit else ""

    return _TAG.sub(keep, markup)
