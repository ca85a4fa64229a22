"""Links: every address a page points at, in whatever way old portals do that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ada_url import join_url
from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_LINKS = 5_000  # per page; more is a generator, not a page
_IN_SCRIPT = re.compile(
    r"""(?:window\.open\s*\(|(?:window\.|document\.|self\.|top\.|parent\.)?location(?:\.href)?\s*=(?!=)|"""
    r"""location\.(?:replace|assign)\s*\()\s*(['"])([^'"\\\s<>]{1,800})\1""",
    re.IGNORECASE,
)
_REFRESH = re.compile(r"""^\s*[\d.]*\s*[;,]?\s*url\s*=\s*['"]?([^'"]+)""", re.IGNORECASE)
_STYLE_URL = re.compile(r"""url\(\s*['"]?([^'")]+)""", re.IGNORECASE)
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "text/xml", "application/xml")
_PAGE_RELS = frozenset(("alternate", "canonical", "next", "prev", "shortlink", "amphtml"))
_UNFETCHABLE = (
    "javascript:",
    "mailto:",
    "tel:",
    "data:",
    "#",
    "about:",
    "file:",
    "zalo:",
    "sms:",
    "callto:",
    "skype:",
    "blob:",
    "ftp:",
)


class LinkKind(StrEnum):
    """How a page points: what is a page to read, what is a picture in one."""

    PAGE = "page"
    IMAGE = "image"
    FEED = "feed"
    REDIRECT = "redirect"  # meta refresh or a script that moves on at once


@dataclass(frozen=True, slots=True)
class Link:
    """An absolute http(s) URL without fragment, and how the page points at it."""

    url: str
    kind: LinkKind


def links_of(tree: LexborHTMLParser, url: str) -> list[Link]:
    """Return the page's links in document order, each once; `url` is the page's own address."""
    base = base_of(tree, url)
    found: dict[str, Link] = {}
    for kind, raw in _raw_links(tree):
        target = absolute(raw, base)
        if target is not None and target not in found:
            found[target] = Link(target, kind)
            if len(found) >= MAX_LINKS:
                break
    return list(found.values())


def base_of(tree: LexborHTMLParser, url: str) -> str:
    """Return the address relative links start from (HTML, 2.4.3: the first base with href)."""
    base = tree.css_first("base[href]")
    return (absolute(base.attributes.get("href") or "", url) or url) if base is not None else url


def absolute(raw: str, base: str) -> str | None:
    """Return the absolute http(s) URL of a link as browsers read it, without its fragment."""
    raw = raw.strip()
    if not raw or raw.lower().startswith(_UNFETCHABLE):
        return None
    try:
        target = join_url(base, raw)
    except ValueError:
        return None
    target = target.partition("#")[0]
    return target if target.startswith(("http://", "https://")) else None


def _raw_links(tree: LexborHTMLParser) -> Iterator[tuple[LinkKind, str]]:
    for node in tree.css("meta[http-equiv]"):
        yield from _from_refresh(node)
    for node in tree.css("a[href], area[href]"):
        yield from _from_href(node)
    for node in tree.css("frame[src], iframe[src], embed[src], object[data]"):
        yield LinkKind.PAGE, node.attributes.get("src") or node.attributes.get("data") or ""
    for node in tree.css("link[href]"):
        yield from _from_link(node)
    yield from _from_scripts(tree)
    yield from _images(tree)


def _from_href(node: LexborNode) -> Iterator[tuple[LinkKind, str]]:
    href = node.attributes.get("href") or ""
    if href.strip().lower().startswith("javascript:"):
        for match in _IN_SCRIPT.finditer(href):
            yield LinkKind.PAGE, match[2]
        return
    yield LinkKind.PAGE, href


def _from_link(node: LexborNode) -> Iterator[tuple[LinkKind, str]]:
    rels = set((node.attributes.get("rel") or "").lower().split())
    href = node.attributes.get("href") or ""
    if "alternate" in rels and (node.attributes.get("type") or "").lower() in _FEED_TYPES:
        yield LinkKind.FEED, href
    elif rels & _PAGE_RELS and "stylesheet" not in rels:
        yield LinkKind.PAGE, href


def _from_refresh(node: LexborNode) -> Iterator[tuple[LinkKind, str]]:
    if (node.attributes.get("http-equiv") or "").strip().lower() == "refresh":
        match = _REFRESH.match(node.attributes.get("content") or "")
        if match:
            yield LinkKind.REDIRECT, match[1]


def _from_scripts(tree: LexborHTMLParser) -> Iterator[tuple[LinkKind, str]]:
    for node in tree.css("script:not([src])"):
        for match in _IN_SCRIPT.finditer(node.text() or ""):
            yield LinkKind.PAGE, match[2]
    for node in tree.css("[onclick]"):
        for match in _IN_SCRIPT.finditer(node.attributes.get("onclick") or ""):
            yield LinkKind.PAGE, match[2]


def _images(tree: LexborHTMLParser) -> Iterator[tuple[LinkKind, str]]:
    for node in tree.css("img, source, video, audio, input[type=image]"):
        for name in ("src", "data-src", "data-original", "poster"):
            raw = node.attributes.get(name)
            if raw:
                yield LinkKind.IMAGE, raw
        for candidate in (node.attributes.get("srcset") or "").split(","):
            if candidate.strip():
                yield LinkKind.IMAGE, candidate.split()[0]
    for node in tree.css("[background]"):
        yield LinkKind.IMAGE, node.attributes.get("background") or ""
    for node in tree.css("[style*='url(']"):
        for match in _STYLE_URL.finditer(node.attributes.get("style") or ""):
            yield LinkKind.IMAGE, match[1]
