"""Nesting cut before a parser sees it: reading deep markup costs the square of its depth.

An HTML parser looks through its open elements at every block it opens (WHATWG HTML, 13.2.4.2), so
half a megabyte of nothing but `<div>` keeps it busy for a minute.
"""

from __future__ import annotations

import re
from collections import Counter

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
# Closed by what follows them: a hundred of these in a row are neighbours, not nested.
_CLOSED_BY_NEXT = frozenset(
    {"p", "li", "dt", "dd", "tr", "td", "th", "thead", "tbody", "tfoot", "option", "colgroup"}
)


def shallow(markup: str, deepest: int) -> str:
    """Drop the tags of elements nested deeper than `deepest`; their text stays.

    A closing tag counts only where its element is open, so that stray ones cannot hide a depth.
    """
    open_elements: Counter[str] = Counter()
    depth = 0

    def keep(tag: re.Match[str]) -> str:
        nonlocal depth
        name = tag[2].lower()
        if name in _VOID or name in _CLOSED_BY_NEXT:
            return tag[0]
        if tag[1]:
            if not open_elements[name]:
                return "" if depth >= deepest else tag[0]
            open_elements[name] -= 1
            depth -= 1
            return tag[0]
        if depth >= deepest:
            return ""
        open_elements[name] += 1
        depth += 1
        return tag[0]

    return _TAG.sub(keep, markup)
