"""The main content: the smallest part of a page that holds most of its own words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.blocks import Block

MOST = 0.8  # share of a page's own words that the content must hold
LINK_COST = 2  # a character of link takes this many characters of text away
LISTING_ITEMS = 3
LISTING_SHARE = 0.6
TEASER = 600  # characters of an item that still only leads on; a longer one says something itself
FEW_WORDS = 120  # characters beside links that do not make a page of links an article
_PARTS = frozenset(
    ("p", "tr", "tbody", "thead", "table", "ul", "ol", "li", "dl", "span", "font", "b")
)
_NAVIGATION = ("nav", "header", "footer", "aside")
_DECLARED = (
    "[itemprop=articleBody]",
    ".journal-content-article",
    ".asset-full-content",
    ".noidung",
    ".article-content",
    "article",
)


@dataclass(frozen=True, slots=True)
class Content:
    """The content's element and its blocks, in order."""

    node: LexborNode
    blocks: tuple[Block, ...]
    page_chars: int  # of the page's own words, inside and outside the content
    page_link_chars: int  # of these, in links


def find_content(
    tree: LexborHTMLParser, blocks: Sequence[Block], furniture: frozenset[int]
) -> Content | None:
    """Return the main content of a page, or None where nothing on it is its own."""
    own = [
        block for block in blocks if not is_furniture(block, furniture) and not _navigates(block)
    ]
    weights: Counter[int] = Counter()
    for block in own:
        weight = max(0, len(block.text) - LINK_COST * block.link_chars)
        for mem_id in block.path:
            weights[mem_id] += weight
    if tree.body is None or not weights[tree.body.mem_id]:
        return None
    node = _declared(tree, weights) or _deepest(tree.body, weights)
    inside = tuple(block for block in own if node.mem_id in block.path)
    chars = sum(len(block.text) for block in own)
    return Content(node, inside, chars, sum(block.link_chars for block in own))


def is_furniture(block: Block, furniture: frozenset[int]) -> bool:
    """Return whether a block is part of the site's template; numbers alone never are."""
    return block.has_letters and block.digest in furniture


def _navigates(block: Block) -> bool:
    node: LexborNode | None = block.node
    while node is not None and node.tag != "body":
        if node.tag in _NAVIGATION:
            return not _holds_article(node)
        node = node.parent
    return False


def _holds_article(node: LexborNode) -> bool:
    """A header inside an article holds its title: only furniture of the page is navigation."""
    parent = node.parent
    while parent is not None:
        if parent.tag == "article":
            return node.tag == "header"
        parent = parent.parent
    return False


def _declared(tree: LexborHTMLParser, weights: Counter[int]) -> LexborNode | None:
    """Return the one element that says of itself that it is the content, if it holds most of it."""
    assert tree.body is not None
    whole = weights[tree.body.mem_id]
    for selector in _DECLARED:
        found = tree.css(selector)
        if len(found) == 1 and weights[found[0].mem_id] >= whole / 2:
            return found[0]
    return None


def _deepest(body: LexborNode, weights: Counter[int]) -> LexborNode:
    whole = weights[body.mem_id]
    node = body
    while True:
        heavy = next(
            (child for child in node.iter() if weights[child.mem_id] >= MOST * whole), None
        )
        if heavy is None:
            return _whole(node)
        node = heavy


def _whole(node: LexborNode) -> LexborNode:
    """Step up from a part of a table, a list or a paragraph to the element that holds all of it."""
    while node.tag in _PARTS and node.parent is not None and node.tag != "body":
        node = node.parent
    return node


def is_listing(content: Content, page_links: Iterable[LexborNode]) -> bool:
    """Return whether the content only leads on: like items, each with a link to a page.

    `page_links` are the links of the content that lead to pages of the site, not to files.
    """
    linked = {node.mem_id for node in page_links}
    whole = sum(len(block.text) for block in content.blocks)
    if content.page_link_chars >= LISTING_SHARE * content.page_chars and whole < FEW_WORDS:
        return True
    if len(linked) < LISTING_ITEMS:
        return False
    link_chars = sum(block.link_chars for block in content.blocks)
    if link_chars >= LISTING_SHARE * whole:
        return True
    return _items_share(content, linked) >= LISTING_SHARE * whole


def _items_share(content: Content, linked: set[int]) -> int:
    """Count the characters of the largest family of sibling items that hold a page link each."""
    families: defaultdict[tuple[int, str, str], list[LexborNode]] = defaultdict(list)
    seen: set[int] = set()
    for anchor in content.node.css("a[href]"):
        if anchor.mem_id not in linked:
            continue
        node: LexborNode | None = anchor
        while node is not None and node.mem_id != content.node.mem_id:
            parent = node.parent
            if parent is not None and node.mem_id not in seen:
                seen.add(node.mem_id)
                name = (node.attributes.get("class") or "").rstrip("0123456789")
                families[parent.mem_id, node.tag or "", name].append(node)
            node = parent
    lengths = (
        [len(" ".join(node.text(separator=" ").split())) for node in members]
        for members in families.values()
        if len(members) >= LISTING_ITEMS
    )
    teasers = ([length for length in each if length <= TEASER] for each in lengths)
    return max((sum(each) for each in teasers if len(each) >= LISTING_ITEMS), default=0)
