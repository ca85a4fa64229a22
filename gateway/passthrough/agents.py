"""Families of programs that call: "curl", not "curl/8.5.0 (x86_64-pc-linux-gnu)"."""

from __future__ import annotations

import re

UNNAMED = "-"

# Told by what others do not say; Chrome's own name is in nearly all of them.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("coc_coc", "Cốc Cốc"),
    ("SamsungBrowser", "Samsung"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Trident", "Internet Explorer"),
    ("MSIE", "Internet Explorer"),
    ("Safari", "Safari"),
)
# The first word of a product: no digits, so that no version, number or name of a device is kept.
_PRODUCT = re.compile(r"\s*([A-Za-z][A-Za-z._+-]{0,23})(?=[/\s(;]|\d|$)")


def family_of(agent: str) -> str:
    """Return the family of a User-Agent; "-" where it names none."""
    if agent.startswith("Mozilla/"):
        known = next((family for mark, family in _BROWSERS if mark in agent), None)
        return known or "Mozilla"
    found = _PRODUCT.match(agent)
    return found[1].rstrip("-._+") if found else UNNAMED
