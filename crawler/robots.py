"""Robots: what a server asks crawlers to leave alone (RFC 9309)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from protego import Protego

MAX_BYTES = 500 * 1024  # RFC 9309, 2.5: parse at least 500 kibibytes
AGENT = "hopnhat"


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one server, or the verdict that stands in for rules that cannot be read."""

    rules: Protego | None
    allows_by_default: bool

    def allows(self, url: str) -> bool:
        """Return whether the URL may be fetched."""
        if self.rules is None:
            return self.allows_by_default
        return bool(self.rules.can_fetch(url, AGENT))

    @property
    def crawl_delay(self) -> float | None:
        """Seconds between requests that the server asks for, if it does."""
        delay = self.rules.crawl_delay(AGENT) if self.rules else None
        return float(delay) if delay is not None else None

    @property
    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps it names."""
        return tuple(self.rules.sitemaps) if self.rules else ()


ALLOW_ALL = Robots(None, allows_by_default=True)
DISALLOW_ALL = Robots(None, allows_by_default=False)


def robots_of(status: int, payload: bytes, content_type: str = "") -> Robots:
    """Read a fetched robots.txt.

    "Unavailable" (4xx) allows everything, "unreachable" (5xx) forbids everything (RFC 9309, 2.3.1).
    A page of HTML in its place is a soft error of the portal, and says nothing.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        text = payload[:MAX_BYTES].decode("utf-8-sig", "replace")
        if "html" in content_type.lower() or text.lstrip()[:1] == "<":
            return ALLOW_ALL
        return Robots(Protego.parse(text), allows_by_default=True)
    return DISALLOW_ALL if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ALLOW_ALL
