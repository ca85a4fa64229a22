"""The decisions every contender serves and the addresses asked for: Vietnamese, all distinct."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import Portal, Site

MILLION = 1_000_000
HOST = "haiduong.gov.vn"
SITE = Site("haiduong", "Tỉnh Hải Dương", HOST)
PORTAL = Portal("http://127.0.0.1:8080", ("127.0.0.1",))


def path_of(number: int) -> str:
    """A path as a Vietnamese portal writes it."""
    return f"/tin-tức/đại-hội-đảng-bộ-xã-gia-lộc-{number}.html"


def target_of(number: int) -> str:
    """Where it leads."""
    return f"/tai-lieu/{number}"


def location_of(number: int) -> str:
    """Where it leads, as the `Location` of the answer."""
    return PORTAL.url + target_of(number)


def mappings(count: int) -> Iterator[Mapping]:
    """Decisions as a Vietnamese portal would have them."""
    for number in range(count):
        path = path_of(number)
        key, raw = CanonicalUrl(HOST + path), f"http://{HOST}{quote(path)}"
        yield Mapping(key, raw, MappingKind.MOVED, target_of(number), since=0)


def asked_hits(decided: int, asked: int) -> list[str]:
    """Decided addresses spread over all of them, spelled as browsers send them."""
    step = max(1, decided // asked)
    return [quote(path_of(number * step % decided)) for number in range(asked)]


def asked_half(decided: int, asked: int, *, total: int) -> list[str]:
    """Every other address is one nobody decided, also not among the `total` of another server."""
    paths = asked_hits(decided, asked)
    paths[1::2] = [quote(path_of(total + number)) for number in range(1, asked, 2)]
    return paths
