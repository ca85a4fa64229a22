"""The site's template: text that stands on most pages of a site is furniture, not content."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser

from crawler.extract.blocks import Block
from crawler.traps import template_of

ON_MOST_PAGES = 0.5  # of all sampled pages, or of those with one layout
ON_MOST_OF_A_FAMILY = 0.9  # of those with one layout whose addresses have one template
MIN_PAGES = 4  # fewer pages show no template
_TITLE_SEPARATOR = re.compile(r"\s+[-|\u2013\u2014\u00bb\u00b7:]\s+")


@dataclass(frozen=True, slots=True)
class SampledPage:
    """What a sampled page adds to the template: address, layout, block digests, <title>."""

    url: str
    layout: str
    digests: frozenset[int]
    title: str


@dataclass(frozen=True, slots=True)
class SiteTemplate:
    """Digests of furniture, for the site and for parts of it; the site's own names in titles."""

    everywhere: frozenset[int] = frozenset()
    by_part: dict[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def of(self, url: str, layout: str) -> frozenset[int]:
        """Return the digests of furniture on a page with this layout at this address."""
        parts = (self.by_part.get(part, frozenset()) for part in _parts(url, layout))
        return self.everywhere.union(*parts)

    def common(self, layout: str) -> frozenset[int]:
        """Return the digests of furniture on every page with this layout."""
        return self.everywhere | self.by_part.get((layout, ""), frozenset())

    def title_of(self, title: str) -> str:
        """Take the site's name off a <title>; "" where nothing else is in it."""
        parts = [part.strip() for part in _TITLE_SEPARATOR.split(title) if part.strip()]
        kept = [part for part in parts if part.casefold() not in self.names]
        if len(kept) == len(parts):
            return title.strip()
        return " - ".join(kept)


def learn(pages: Iterable[SampledPage]) -> SiteTemplate:
    """Learn a site's template from a sample of its pages; copies of one page count once."""
    sample = list({page.digests: page for page in pages}.values())
    parts: defaultdict[tuple[str, str], list[SampledPage]] = defaultdict(list)
    for page in sample:
        for part in _parts(page.url, page.layout):
            parts[part].append(page)
    return SiteTemplate(
        everywhere=_frequent(sample, ON_MOST_PAGES),
        by_part={
            part: _frequent(members, ON_MOST_OF_A_FAMILY if part[1] else ON_MOST_PAGES)
            for part, members in parts.items()
        },
        names=_site_names(sample),
    )


def sampled(url: str, layout: str, blocks: Iterable[Block], title: str) -> SampledPage:
    """Reduce a page to what the template is learnt from."""
    digests = frozenset(block.digest for block in blocks if block.has_letters)
    return SampledPage(url, layout, digests, title)


def layout_of(tree: LexborHTMLParser) -> str:
    """Return what tells one design of a site from another: the names of its outermost elements."""
    if tree.body is None:
        return ""
    outer = [tree.body, *tree.body.iter()]
    names = (f"{node.tag}#{node.id or ''}" for node in outer if node.tag not in ("script", "style"))
    return " ".join(dict.fromkeys(names))[:500]


def _parts(url: str, layout: str) -> Sequence[tuple[str, str]]:
    return ((layout, ""), (layout, template_of(url)))


def _frequent(pages: list[SampledPage], share: float) -> frozenset[int]:
    if len(pages) < MIN_PAGES:
        return frozenset()
    counts = Counter(digest for page in pages for digest in page.digests)
    least = max(MIN_PAGES - 1, share * len(pages))
    return frozenset(digest for digest, count in counts.items() if count >= least)


def _site_names(pages: list[SampledPage]) -> frozenset[str]:
    if len(pages) < MIN_PAGES:
        return frozenset()
    counts: Counter[str] = Counter()
    for page in pages:
        parts = {part.strip().casefold() for part in _TITLE_SEPARATOR.split(page.title)}
        counts.update(part for part in parts if part)
    least = max(MIN_PAGES - 1, ON_MOST_PAGES * len(pages))
    return frozenset(part for part, count in counts.items() if count >= least)
