"""Plants the old web's hazards among the articles, each labelled in the truth."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.article import Article

Articles = dict[str, tuple["Article", ...]]


def plant(written: Mapping[str, Sequence[Article]], seed: int) -> Articles:
    """The articles of each site with hazards planted, the same ones for the same seed."""
    rng = random.Random(f"{seed}/hazards")
    return {site: tuple(_labelled(articles, rng)) for site, articles in written.items()}


def _labelled(articles: Sequence[Article], rng: random.Random) -> list[Article]:
    """Broken links on 4 % of the pages, orphans among 3 %, decomposed text on 5 %."""
    return [_with(article, *_labels(rng)) for article in articles]


def _labels(rng: random.Random) -> list[str]:
    shares = (("broken-link", 0.04), ("orphan", 0.03), ("nfd-text", 0.05))
    return [label for label, share in shares if rng.random() < share]


def _with(article: Article, *labels: str) -> Article:
    return replace(article, hazards=article.hazards | set(labels)) if labels else article
