"""Which paths the new portal itself answers: on a host it shares with an old portal, these win.

They are kept narrow: an old portal may well have had a /tin-tuc/ of its own.
"""

from __future__ import annotations

from catalogue.document import SECTIONS

_SECTIONS = "|".join(SECTIONS)

LIVE_PATHS: tuple[str, ...] = (
    "/",
    "/tim-kiem",
    "/don-vi",
    "/don-vi/:code",
    "/luu-tru",
    "/luu-tru/tep",
    "/lien-he",
    "/tro-giup",
    "/tai-lieu-ky-thuat",
    "/static/:name",
    "/robots.txt",
    "/sitemap.xml",
    "/sitemap/:name",
    "/opensearch.xml",
    "/atom.xml",
    "/metrics",
    r"^/api/(?:openapi\.json|v1/.*|dmdvhc\.asmx)$",
    rf"^/(?:{_SECTIONS})(?:/atom\.xml|/[^/]+-[0-9]+)?$",
    r"^/tep/[0-9]+/[^/]+$",
)
