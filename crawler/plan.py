"""A plan: how one old portal is to be crawled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from redirects.site import Site


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """What the operator decided about one site's crawl.

    `address` is `host:port` to connect to while the request still names the old host; a private
    address may be reached only because it is named here; "https://10.0.0.5:8443" connects with
    TLS. `include` and `exclude` are patterns over `path?query` in which `*` is anything. `delay`
    is seconds between two requests to one server, `timeout` seconds for one fetch, `max_bytes` the
    largest payload kept. A passing failure is tried `tries` times: the first wait between two tries
    is `retry_delay` seconds, and it doubles.
    """

    site: Site
    seeds: tuple[str, ...]
    address: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    obey_robots: bool = True
    delay: float = 1.0
    connections: int = 1
    max_bytes: int = 20_000_000
    timeout: float = 30.0
    max_depth: int = 50
    sitemaps: tuple[str, ...] = ()
    logs: tuple[Path, ...] = ()
    inventory: tuple[Path, ...] = ()
    tries: int = 4
    retry_delay: float = 1.0
