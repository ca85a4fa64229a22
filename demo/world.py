"""The demo's world: three old portals built from a seed, with what must be found in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from demo.api import api_cases
from demo.cases import file_cases, file_truths, old_url_cases, search_cases, with_originals
from demo.dnn_joomla import DistrictPortal
from demo.hazards import plant
from demo.liferay import LiferayPortal
from demo.newsroom import Newsroom
from demo.places import REGIONS
from demo.sharepoint import SharePointPortal
from demo.traps import TrapPortal

if TYPE_CHECKING:
    from demo.truth import ApiCase, DemoSite, FileCase, OldUrlCase, SearchCase, Truth
    from demo.web import OldPortal


@dataclass(frozen=True, slots=True)
class World:
    """Everything about the demo: the portals that answer and the truth to hold answers against."""

    seed: int
    scale: int
    portals: tuple[OldPortal, ...]
    truths: tuple[Truth, ...]
    old_url_cases: tuple[OldUrlCase, ...]
    file_cases: tuple[FileCase, ...]
    search_cases: tuple[SearchCase, ...]
    api_cases: tuple[ApiCase, ...]
    trap: OldPortal
    """A fourth portal, not part of the merger: 33 articles among links without end."""

    @property
    def sites(self) -> tuple[DemoSite, ...]:
        """The old portals as sites."""
        return tuple(portal.site for portal in self.portals)


def build_world(seed: int = 2025, scale: int = 1) -> World:
    """The same world for the same seed and scale; scale 1 has about 300 pages, N about N times."""
    titles: set[str] = set()
    written = {region.name: Newsroom(region, seed, scale, titles).articles() for region in REGIONS}
    articles = plant(written, seed)
    portals: tuple[OldPortal, ...] = (
        LiferayPortal(articles["haiduong"]),
        SharePointPortal(articles["haiphong"]),
        DistrictPortal(articles["gialoc"]),
    )
    pages = tuple(truth for portal in portals for truth in portal.truths)
    truths = (*with_originals(pages), *file_truths(pages))
    trap = TrapPortal(seed)
    return World(
        seed=seed,
        scale=scale,
        portals=portals,
        truths=truths,
        old_url_cases=old_url_cases(truths),
        file_cases=file_cases(truths),
        search_cases=search_cases(truths),
        api_cases=api_cases(),
        trap=trap,
    )
