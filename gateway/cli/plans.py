"""From an operator's settings to the crawler's plan."""

from __future__ import annotations

from crawler.plan import CrawlPlan
from gateway.settings.sites import SiteSettings


def plan_of(site: SiteSettings) -> CrawlPlan:
    """Return how the crawler is to go about one old portal."""
    return CrawlPlan(
        site=site.as_site(),
        seeds=site.seeds or (f"http://{site.host}/",),
        address=site.address,
        include=site.include,
        exclude=site.exclude,
        obey_robots=site.obey_robots,
        delay=site.delay,
        connections=site.connections,
        max_bytes=site.max_bytes,
        timeout=site.timeout,
        max_depth=site.max_depth,
        sitemaps=site.sitemaps,
        logs=site.logs,
        inventory=site.inventory,
        tries=site.tries,
        retry_delay=site.retry_delay,
    )
