"""Sitemaps and feeds: addresses a portal lists by itself.

Read with lxml without entities, DTDs or network, bounded in size before and after gzip.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

MAX_BYTES = 50 * 1024 * 1024  # sitemaps.org: 50 MB uncompressed
MAX_ENTRIES = 50_000  # sitemaps.org: entries per file
_GZIP = b"\x1f\x8b"
_FEED_ROOTS = frozenset(("rss", "feed", "RDF"))


class SitemapError(Exception):
    """A list of addresses that cannot be read, naming why."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a sitemap or feed lists: `pages` to fetch, further `indexes` to read."""

    pages: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    is_feed: bool = False


def read_listing(payload: bytes) -> Listing | None:
    """Read a sitemap (urlset, index, plain text, gzip of these) or an RSS, RDF or Atom feed.

    Returns None for XML that is neither. Raises SitemapError for what cannot be read.
    """
    payload = _unpacked(payload)
    if not payload.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return _plain(payload)
    root = _root(payload)
    match etree.QName(root).localname:
        case "urlset":
            return Listing(_locations(root, "url"))
        case "sitemapindex":
            return Listing((), _locations(root, "sitemap"))
        case name if name in _FEED_ROOTS:
            return Listing(_feed_links(root), is_feed=True)
        case _:
            return None


def _unpacked(payload: bytes) -> bytes:
    if not payload.startswith(_GZIP):
        return payload
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(payload, MAX_BYTES)
    except zlib.error as error:
        raise SitemapError(f"gzip cannot be undone: {error}") from error
    if unpacker.unconsumed_tail:
        raise SitemapError(f"more than {MAX_BYTES} bytes once unpacked")
    if not unpacker.eof:
        raise SitemapError("gzip ends too early")
    return text


def _plain(payload: bytes) -> Listing | None:
    lines = payload.decode("utf-8", "replace").split()
    if not lines or not all(line.startswith(("http://", "https://")) for line in lines):
        return None
    return Listing(tuple(lines[:MAX_ENTRIES]))


def _root(payload: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(payload, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise SitemapError(f"not well-formed: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None and b"<!ENTITY" in payload:
        raise SitemapError("declares entities")
    return root


def _locations(root: etree._Element, name: str) -> tuple[str, ...]:
    found = root.xpath("//*[local-name()=$name]/*[local-name()='loc']/text()", name=name)
    return tuple(str(text).strip() for text in found[:MAX_ENTRIES])


def _feed_links(root: etree._Element) -> tuple[str, ...]:
    texts = root.xpath("//*[local-name()='item']/*[local-name()='link']/text()")
    hrefs = root.xpath("//*[local-name()='entry']/*[local-name()='link']/@href")
    enclosures = root.xpath("//*[local-name()='enclosure']/@url")
    found = [str(text).strip() for text in (*texts, *hrefs, *enclosures)]
    return tuple(dict.fromkeys(text for text in found if text))[:MAX_ENTRIES]
