"""The content fragment: cleaned so that it can be shown on the new portal, links made absolute."""

from __future__ import annotations

from collections.abc import Iterable

import nh3
from bs4 import BeautifulSoup

from crawler.extract.blocks import fold
from crawler.extract.nesting import cut_depth
from crawler.links import absolute

_FRAGMENT_DEPTH = 100
_LARGE = 300_000  # characters; larger fragments are cleaned without a tree of Python objects
_TAG_LIST = (
    "a abbr b blockquote br caption cite code col colgroup dd del div dl dt em figcaption figure "
    "h2 h3 h4 h5 h6 hr i img ins li ol p pre q s small strong sub sup table tbody td tfoot th "
    "thead tr u ul"
)
_TAGS = set(_TAG_LIST.split())
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start", "type"},
    "col": {"span"},
    "colgroup": {"span"},
    "abbr": {"title"},
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_DROPPED = ["script", "style", "noscript", "template", "form input", "select", "button", "textarea"]
_EMPTY_BLOCKS = ["p", "div", "li", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "tr"]
_HOLDS = ["img", "table", "hr", "td", "th", "iframe"]


def clean_fragment(markup: str, base: str, drop: Iterable[str] = ()) -> str:
    """Return a safe fragment of the content's inner HTML.

    `drop` are folded texts of blocks to leave out: the title, the date line, furniture.
    """
    markup = cut_depth(markup, _FRAGMENT_DEPTH, suspicious=2_000)
    if len(markup) > _LARGE:
        return _clean(markup, base)
    soup = BeautifulSoup(markup, "lxml")
    for node in soup.select(", ".join(_DROPPED)):
        node.decompose()
    _drop_blocks(soup, set(drop))
    _resolve(soup, base)
    _link_frames(soup)
    for heading in soup.find_all("h1"):
        heading.name = "h2"
    _drop_empty(soup)
    body = soup.body
    return _clean(body.decode_contents() if body is not None else "", base)


def _clean(markup: str, base: str) -> str:
    return nh3.clean(
        markup,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", base),
    ).strip()


def _drop_blocks(soup: BeautifulSoup, folded: set[str]) -> None:
    """Remove the largest element whose whole text is one of the unwanted blocks."""
    if not folded:
        return
    longest = max(map(len, folded)) * 2 + 40
    for node in soup.find_all(
        ["h1", "h2", "h3", "h4", "p", "div", "span", "li", "ul", "tr", "font", "b", "strong", "td"]
    ):
        if node.decomposed or node.find(["img", "table"]):
            continue
        text = node.get_text(" ", strip=True)
        if text and len(text) <= longest and fold(text) in folded:
            node.decompose()


def _resolve(soup: BeautifulSoup, base: str) -> None:
    for node in soup.find_all(["a", "img", "iframe", "embed"]):
        name = "href" if node.name == "a" else "src"
        raw = node.get(name) or (node.get("data-src") if node.name == "img" else None)
        if not isinstance(raw, str):
            continue
        target = absolute(raw, base)
        if target is not None:
            fragment = raw.partition("#")[2]
            node[name] = f"{target}#{fragment}" if fragment and node.name == "a" else target
        elif node.name == "a" and not raw.lower().startswith(("mailto:", "tel:")):
            node.unwrap()
        elif node.name != "a":
            node.decompose()


def _link_frames(soup: BeautifulSoup) -> None:
    """An embedded video or map becomes a link to it: nothing foreign runs on the new portal."""
    for frame in soup.find_all(["iframe", "embed"]):
        source = frame.get("src")
        if not isinstance(source, str):
            frame.decompose()
            continue
        link = soup.new_tag("a", href=source)
        link.string = source
        paragraph = soup.new_tag("p")
        paragraph.append(link)
        frame.replace_with(paragraph)


def _drop_empty(soup: BeautifulSoup) -> None:
    for node in reversed(soup.find_all(_EMPTY_BLOCKS)):
        if not node.get_text(strip=True) and not node.find(_HOLDS):
            node.decompose()
