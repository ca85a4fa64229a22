"""The trap portal: 33 articles among links without end, to prove that a crawl comes home."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from demo import web
from demo.newsroom import Newsroom
from demo.places import HAI_DUONG
from demo.truth import DemoSite, Truth

if TYPE_CHECKING:
    from demo.article import Article
    from demo.web import Reply, Request

SITE: Final = DemoSite(
    name="bay",
    title="Trang tin thử bẫy",
    host="bay.haiduong.gov.vn.localhost",
    aliases=(),
    unit="30",
    seeds=("http://bay.haiduong.gov.vn.localhost/",),
    query_mode="ignored",
    query_names=(),
)

_article = re.compile(r"/bai-viet/(\d+)(?:/(?:vi|en))*/?")
_month = re.compile(r"/lich/([0-9]{4})/([0-9]{1,2})/?")
_listing = re.compile(r"/(?:tin)?(?:/(?:vi|en))*/?")


class TrapPortal:
    """Every page leads to ever new addresses: languages, sorting, calendars, session ids."""

    site = SITE

    def __init__(self, seed: int) -> None:
        region = replace(HAI_DUONG, name=SITE.name)
        self.articles = Newsroom(region, seed, 1, set()).articles()
        self.by_ident = {article.ident: article for article in self.articles}
        self.truths = tuple(map(_truth, self.articles))

    def answer(self, request: Request) -> Reply:
        """Any request; the same address always shows the same page."""
        path = request.path
        if found := _article.fullmatch(path):
            article = self.by_ident.get(web.number(found[1], -1))
            return self._page(request, article.title, article) if article else _missing()
        if found := _month.fullmatch(path):
            return self._month(request, int(found[1]), int(found[2]))
        if path == "/robots.txt":
            return web.raw(b"User-agent: *\nDisallow:\n", "text/plain")
        return self._page(request, "Tin tức", None) if _listing.fullmatch(path) else _missing()

    def _month(self, request: Request, year: int, month: int) -> Reply:
        if not 1 <= month <= 12:  # noqa: PLR2004 - the months of a year
            return _missing()
        return self._page(request, f"Lịch công tác tháng {month}/{year}", None, (year, month))

    def _page(
        self,
        request: Request,
        title: str,
        article: Article | None,
        month: tuple[int, int] = (2025, 6),
    ) -> Reply:
        start = int(web.digest(request.raw_path + request.query)[:4], 16) % len(self.articles)
        turned = (*self.articles[start:], *self.articles[:start])
        text = web.render(
            "trap.html",
            title=title,
            article=article,
            here=request.raw_path.rstrip("/"),
            page=web.number(request.params.get("trang"), 1),
            shown=turned[:6] if article or request.query else self.articles,
            months=[_shifted(month, step) for step in (-1, 1)],
            session=web.digest(request.raw_path + request.query)[:20],
        )
        return web.html(text)


def _shifted(month: tuple[int, int], step: int) -> str:
    index = month[0] * 12 + month[1] - 1 + step
    return f"/lich/{index // 12:04d}/{index % 12 + 1}"


def _missing() -> Reply:
    return web.html("<!DOCTYPE html><html><body><h1>404</h1></body></html>", 404)


def _truth(article: Article) -> Truth:
    return Truth(
        site=SITE.name,
        url=f"http://{SITE.host}/bai-viet/{article.ident}",
        kind=article.kind,
        section=article.section,
        title=article.title,
        expected="document",
        text=article.text,
        published=article.published,
        hazards=frozenset({"endless-links"}),
    )
