"""Looking at an answer for where it leads: links, lists, and whether its words are new.

Discovery only; what a page says is read later from the archive (`crawler.extract`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from catalogue.coding import CodingError, undo_codings
from crawler.extract.nesting import cut_depth
from crawler.fetch import Fetched
from crawler.links import Link, links_of
from crawler.sitemap import Listing, SitemapError, read_listing
from crawler.traps import own_lines

EXPANDS_AT_MOST = 10  # times the plan's max_bytes, once content coding is undone
_HTML_START = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype\s+html|html|head|body|frameset)", re.IGNORECASE
)
_LISTING_URL = re.compile(
    r"(?:\.xml|\.gz|sitemap[^/]*\.txt|rss|feed|listfeed\.aspx[^/]*)$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Sight:
    """What an answer shows: the own `lines` of an HTML page, its links, or a list of addresses.

    `broken` says why the payload cannot be read at all.
    """

    lines: frozenset[int] | None = None
    links: tuple[Link, ...] = ()
    listing: Listing | None = None
    broken: str | None = None


def look(fetched: Fetched, limit: int) -> Sight:
    """Look at a 2xx answer; `limit` bounds its bytes once content coding is undone."""
    try:
        payload = plain_payload(fetched, limit)
    except CodingError as error:
        return Sight(broken=f"content coding: {error}")
    content_type = (fetched.header("content-type") or "").lower()
    if is_html(content_type, payload):
        return _look_at_html(payload, fetched.url)
    if "xml" in content_type or _LISTING_URL.search(fetched.url.partition("?")[0]):
        return _look_at_listing(payload)
    return Sight()


def plain_payload(fetched: Fetched, limit: int) -> bytes:
    """Undo the content coding. Raises CodingError."""
    return undo_codings(fetched.payload, fetched.header("content-encoding") or "", limit=limit)


def is_html(content_type: str, payload: bytes) -> bool:
    """Return whether this is a page: by its type, else (none, text, octets) by how it starts."""
    media_type = content_type.partition(";")[0].strip()
    if media_type in ("text/html", "application/xhtml+xml"):
        return True
    if media_type in ("", "text/plain", "application/octet-stream", "text/xml", "application/xml"):
        return _HTML_START.match(payload) is not None
    return False


def _look_at_html(payload: bytes, url: str) -> Sight:
    # Addresses are ASCII or UTF-8 whatever the page's charset: no need to decide it here.
    tree = LexborHTMLParser(cut_depth(payload.decode("utf-8", "replace")))
    links = tuple(links_of(tree, url))
    return Sight(lines=own_lines(tree), links=links)


def _look_at_listing(payload: bytes) -> Sight:
    try:
        return Sight(listing=read_listing(payload))
    except SitemapError as error:
        return Sight(broken=f"sitemap: {error}")
