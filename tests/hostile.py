"""Hostile addresses: our own small table, the published lists where they are, and the judge.

The judge is a WHATWG URL parser (Ada), because a browser is what would be led astray.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

from ada_url import URL

SECURITY = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "security"
PUBLISHED = ("open-redirect.json", "crlf.txt")

OWN = (
    "//evil.example/",
    "///evil.example/",
    "////evil.example//x",
    "/\\evil.example/",
    "\\\\evil.example/",
    "\\/evil.example",
    "/%09/evil.example",
    "/%5cevil.example/%2e%2e",
    "//%5cevil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "https://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "HTTPS:\\\\evil.example",
    "/https://evil.example/%2f..",
    "/..//evil.example",
    "/.//evil.example/",
    "/./\\evil.example",
    "/%2e%2e//evil.example",
    "//evil.example@haiphong.gov.vn/",
    "https://haiphong.gov.vn@evil.example/",
    "https://haiphong.gov.vn.evil.example/",
    "https://haiphong.gov.vn:443@evil.example/",
    "https://evil.example#haiphong.gov.vn",
    "https://evil.example?haiphong.gov.vn",
    "@evil.example/",
    ".evil.example/",
    ":80@evil.example/",
    "//evil\u3002example/",
    "//[::ffff:127.0.0.1]/",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "/%0d%0aSet-Cookie:crlf=injection",
    "/%E5%98%8A%E5%98%8DSet-Cookie:crlf=injection",
    "/\u560a\u560dSet-Cookie:crlf=injection",
    "/%u000d%u000aSet-Cookie:crlf=injection",
    "/x?u=%0d%0aLocation:%20https://evil.example/",
    "/%00//evil.example",
    "/;@evil.example",
    "/?next=//evil.example&ve=//evil.example&url=//evil.example",
)
"""Written for hopnhat; they are tried wherever the published lists are not at hand."""


def published() -> list[str]:
    """The payloads of the lists on this machine; none where there are no lists."""
    found: list[str] = []
    for name in PUBLISHED:
        path = SECURITY / name
        if path.exists():
            text = path.read_text(encoding="utf-8")
            is_json = name.endswith("json")
            found += [row["payload"] for row in json.loads(text)] if is_json else text.split("\n")
    return [payload for payload in found if payload]


def payloads() -> list[str]:
    """Every hostile address there is, each once."""
    return list(dict.fromkeys([*OWN, *published()]))


def escapes(location: str, base: str, allowed: Iterable[str]) -> str | None:
    """Say why a browser on `base` that follows `location` would leave the portal, or None."""
    if re.search(r"[\x00-\x20\x7f-\U0010ffff\\]", location):
        return "breaks the header or is read in two ways"
    try:
        arrival = URL(location, base)
    except ValueError:
        return None  # a browser goes nowhere
    if arrival.protocol not in ("http:", "https:"):
        return f"is {arrival.protocol}"
    if arrival.username or arrival.password:
        return "carries a user name"
    return None if arrival.hostname in set(allowed) else f"leads to {arrival.hostname}"
