"""Reading a page: all of extraction in order, on one screen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.charset import decode_page
from crawler.extract.blocks import Block, blocks_of, fold, make_quiet
from crawler.extract.content import Content, find_content, is_furniture, is_listing
from crawler.extract.fragment import clean_fragment
from crawler.extract.metadata import (
    agency_of,
    breadcrumb_of,
    date_of,
    declared_titles,
    number_of,
    title_of,
)
from crawler.extract.nesting import cut_depth
from crawler.extract.page import Page, PageLink
from crawler.extract.template import SampledPage, SiteTemplate, layout_of, sampled
from crawler.links import LinkKind, absolute, base_of, links_of
from crawler.syllables import count_marked

_ENGLISH_WORDS = 40  # words; fewer prove no language
_ENGLISH_MARKED = 0.02  # Vietnamese has marks on most words
IsPage = Callable[[str], bool]


def sample_page(payload: bytes, content_type: str, url: str) -> SampledPage:
    """Read only what the site's template is learnt from."""
    tree = LexborHTMLParser(cut_depth(decode_page(payload, content_type).text))
    title = tree.css_first("title")
    name = " ".join(title.text().split()) if title is not None else ""
    layout = layout_of(tree)
    make_quiet(tree)
    return sampled(url, layout, blocks_of(tree), name)


def read_page(
    payload: bytes,
    content_type: str,
    url: str,
    *,
    template: SiteTemplate,
    is_page: IsPage,
    today: date,
) -> Page:
    """Read a page. `is_page` says whether an address is a page of the site, and not a file."""
    decoded = decode_page(payload, content_type)
    tree = LexborHTMLParser(cut_depth(decoded.text))
    base = base_of(tree, url)
    redirects = [link.url for link in links_of(tree, url) if link.kind is LinkKind.REDIRECT]
    head = LexborHTMLParser(tree.head.html or "") if tree.head is not None else tree
    layout = layout_of(tree)
    hidden = make_quiet(tree)
    blocks = blocks_of(tree)
    furniture = template.of(url, layout)
    content = find_content(tree, blocks, furniture)
    title = title_of(declared_titles(head, template), blocks, content, furniture)
    found_date, date_block = date_of(head, blocks, content, furniture, today)
    breadcrumb = breadcrumb_of(tree, blocks)
    own = _own_blocks(content, title, date_block, breadcrumb)
    text = "\n\n".join(block.text for block in own)
    number = number_of(title, own)
    return Page(
        url=url,
        title=title,
        html=_fragment(content, own, base),
        text=text,
        said=_said(blocks, template.common(layout)),
        date=found_date,
        breadcrumb=breadcrumb,
        number=number,
        agency=agency_of(own, number),
        links=_links(tree, blocks, furniture, base),
        images=_images(content, base),
        hidden=tuple(hidden),
        refresh=redirects[0] if redirects else None,
        is_listing=content is not None and is_listing(content, _page_links(content, base, is_page)),
        is_english=_is_english(f"{title} {text}"),
        charset=decoded.charset,
        repairs=decoded.repairs,
    )


def _said(blocks: list[Block], common: frozenset[int]) -> str:
    return " ".join(block.text for block in blocks if not is_furniture(block, common))


def _own_blocks(
    content: Content | None, title: str, date_block: Block | None, breadcrumb: tuple[str, ...]
) -> list[Block]:
    if content is None:
        return []
    trail = fold(" ".join(breadcrumb))
    return [
        block
        for place, block in enumerate(content.blocks)
        if block is not date_block
        and not (place < 4 and block.folded == fold(title))  # noqa: PLR2004 - titles stand first
        and not (
            trail and block.link_chars and fold(" ".join(block.text.split(" > "))).endswith(trail)
        )
    ]


def _fragment(content: Content | None, own: list[Block], base: str) -> str:
    """Clean the content's HTML; every block of it that is not its own is left out."""
    if content is None:
        return ""
    markup = content.node.inner_html or ""
    kept = {block.folded for block in own}
    inside = blocks_of_node(content.node)
    drop = {block.folded for block in inside} - kept
    return clean_fragment(markup, base, drop)


def blocks_of_node(node: LexborNode) -> list[Block]:
    """Return the blocks inside one element."""
    tree = LexborHTMLParser(node.html or "")
    return blocks_of(tree)


def _links(
    tree: LexborHTMLParser, blocks: list[Block], furniture: frozenset[int], base: str
) -> tuple[PageLink, ...]:
    """Return links that are the page's own: not those of the template."""
    furnishing = {block.node.mem_id for block in blocks if is_furniture(block, furniture)}
    found: dict[str, PageLink] = {}
    for anchor in tree.css("a[href]"):
        if _stands_in(anchor, furnishing):
            continue
        target = absolute(anchor.attributes.get("href") or "", base)
        if target is not None:
            found.setdefault(target, PageLink(target, " ".join(anchor.text(separator=" ").split())))
    return tuple(found.values())


def _stands_in(node: LexborNode, mem_ids: set[int]) -> bool:
    current: LexborNode | None = node
    for _ in range(3):
        if current is None:
            return False
        if current.mem_id in mem_ids:
            return True
        current = current.parent
    return False


def _images(content: Content | None, base: str) -> tuple[str, ...]:
    if content is None:
        return ()
    sources = (node.attributes.get("src") or "" for node in content.node.css("img"))
    return tuple(dict.fromkeys(url for source in sources if (url := absolute(source, base))))


def _page_links(content: Content, base: str, is_page: IsPage) -> list[LexborNode]:
    found = []
    for anchor in content.node.css("a[href]"):
        target = absolute(anchor.attributes.get("href") or "", base)
        if target is not None and is_page(target):
            found.append(anchor)
    return found


def _is_english(text: str) -> bool:
    words = len(text.split())
    _, marked = count_marked(text)
    return words >= _ENGLISH_WORDS and marked <= _ENGLISH_MARKED * words
