"""Portal B: the city's portal on SharePoint, whose host is also the new portal's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

from demo import api, web
from demo.article import SECTION_NAMES
from demo.shelf import Shelf
from demo.truth import Attachment, DemoSite, Truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.article import Article, StoredFile
    from demo.web import Reply, Request

SITE: Final = DemoSite(
    name="haiphong",
    title="Cổng thông tin điện tử thành phố Hải Phòng",
    host="haiphong.gov.vn.localhost",
    aliases=("www.haiphong.gov.vn.localhost",),
    unit="31",
    seeds=("http://haiphong.gov.vn.localhost/",),
    cms="sharepoint",
    query_mode="significant",
    query_names=("ItemID", "DocID", "ID", "thutucID", "SourceUrl", "List", "so", "page", "op"),
)

PAGE_SIZE: Final = 10
FEED_GUID: Final = "{7C1B0A5E-4F0D-4B7C-9E55-2B6F1A7D311F}"
_folders: Final[Mapping[str, str]] = {"van-ban": "VanBan", "thu-tuc": "TTHC"}
_categories: Final[Mapping[str, int]] = {
    "tin-tuc": 12, "thong-bao": 15, "quy-hoach": 21, "hoi-dap": 33, "gioi-thieu": 3,
}  # fmt: skip
_short_ways: Final[Mapping[str, str]] = {
    "/": "/Pages/default.aspx",
    "/trang-chu": "/Pages/home.aspx",
    "/pages/home.aspx": "/Pages/default.aspx",
    "/tin-tuc": "/tin-tuc/Pages/default.aspx",
    "/van-ban": "/VanBan/Pages/default.aspx",
    "/lien-he": "/gioi-thieu/Pages/default.aspx",
}
"""Friendly addresses that lead to the real ones; /trang-chu takes two hops."""

_attachment_path = re.compile(r"/lists/vanban/attachments/(\d+)/(.+)", re.IGNORECASE)


def folder(kind: str) -> str:
    """The folder of a section."""
    return _folders.get(kind, kind)


def path_of(article: Article) -> str:
    """Where an article lives, as the portal itself links it."""
    match article.kind:
        case "van-ban":
            return f"/VanBan/Pages/vbpq.aspx?DocID={article.ident}"
        case "thu-tuc":
            return f"/TTHC/TTHCView.aspx?thutucID={article.ident}"
        case kind:
            return f"/{kind}/Pages/chi-tiet.aspx?ItemID={article.ident}&CateID={_categories[kind]}"


def display_form(article: Article) -> str:
    """The list's own page of a document, which other documents link to."""
    return f"/Lists/VanBan/DispForm.aspx?ID={article.ident}"


def file_path(article: Article, file: StoredFile) -> str:
    """Where a file is attached to its list item."""
    return f"/Lists/VanBan/Attachments/{article.ident}/{quote(file.name, safe='()')}"


class SharePointPortal:
    """Answers as the old portal of the city did: 200 to everything, and gzip for those who ask."""

    site = SITE

    def __init__(self, articles: Sequence[Article]) -> None:
        self.by_ident = {article.ident: article for article in articles}
        newest_first = sorted(articles, key=lambda a: (a.published, a.ident), reverse=True)
        public = [a for a in newest_first if a.is_listed]
        self.shelf = Shelf(public, group=lambda a: a.kind, ident=lambda a: a.ident)
        self.documents = api.DocumentApi([a for a in newest_first if a.kind == "van-ban"])
        self.truths = (
            *_listing_truths(),
            *map(_truth, articles),
            *_error_truths(articles),
        )

    def answer(self, request: Request) -> Reply:
        """Any request; the session cookie is the same for everyone, so that replies repeat."""
        reply = web.gzipped(self._reply(request), request)
        session = web.digest(SITE.host)[:24]
        return reply.with_headers(
            ("server", "Microsoft-IIS/8.5"),
            ("x-powered-by", "ASP.NET"),
            ("set-cookie", f"ASP.NET_SessionId={session}; path=/; HttpOnly"),
        )

    def _reply(self, request: Request) -> Reply:
        path = request.path.lower().rstrip("/") or "/"
        if path in _short_ways:
            return web.redirect(_short_ways[path])
        params = {name.lower(): value for name, value in request.params.items()}
        if article := self._asked_article(path, params):
            return self._article_page(article, request)
        return (
            self._interface(path, request)
            or self._listing(path, request)
            or self._machine(path, params)
            or self._soft_error(request)
        )

    def _asked_article(self, path: str, params: Mapping[str, str]) -> Article | None:
        names = {
            "/vanban/pages/vbpq.aspx": "docid",
            "/lists/vanban/dispform.aspx": "id",
            "/tthc/tthcview.aspx": "thutucid",
        }
        name = names.get(path, "itemid" if path.endswith("/pages/chi-tiet.aspx") else None)
        ident = params.get(name, "") if name else ""
        article = self.by_ident.get(web.number(ident, -1))
        fits = article and path_of(article).lower().split("?")[0] == path
        return article if fits or path.startswith("/lists/") else None

    def _listing(self, path: str, request: Request) -> Reply | None:
        if path == "/pages/default.aspx":
            return self._home(request)
        for kind in SECTION_NAMES:
            if path == f"/{folder(kind)}/pages/default.aspx".lower():
                return self._section(kind, request)
        return None

    def _interface(self, path: str, request: Request) -> Reply | None:
        match path:
            case "/webservice/dmdvhc.asmx":
                return api.unit_service(request)
            case "/api/vanban":
                return self.documents.answer(request)
            case "/gop-y":
                return api.letter_box(request)
            case "/_layouts/listfeed.aspx":
                news = self.shelf.of("tin-tuc")[:10]
                links = [request.origin + path_of(a) for a in news]
                return api.feed(news, links, self.site.title, "rss")
            case _:
                return None

    def _machine(self, path: str, params: Mapping[str, str]) -> Reply | None:
        if path == "/robots.txt":
            return web.raw(b"User-agent: *\r\nDisallow: /_layouts/\r\n", "text/plain")
        if path in ("/scriptresource.axd", "/webresource.axd"):
            return web.raw(b"function WebForm_PostBackOptions(){}\r\n", "text/javascript")
        if path == "/_layouts/15/authenticate.aspx":
            return web.redirect(
                f"/Pages/dang-nhap.aspx?ReturnUrl={quote(params.get('source', '/'), safe='')}"
            )
        if path == "/_layouts/15/download.aspx":
            return self._file(unquote(params.get("sourceurl", "")))
        if path == "/handlers/tailieu.ashx":
            article = self.by_ident.get(web.number(params.get("id"), -1))
            return (
                self._file(file_path(article, article.files[0]))
                if article and article.files
                else None
            )
        return self._file(path)

    def _file(self, path: str) -> Reply | None:
        found = _attachment_path.fullmatch(unquote(path))
        article = self.by_ident.get(web.number(found[1], -1)) if found else None
        if found is None or article is None:
            return None
        for file in article.files:
            if file.name.lower() == found[2].lower():
                return web.download(file.body, file.media_type, file.name)
        return None

    def _home(self, request: Request) -> Reply:
        news = self.shelf.of("tin-tuc")
        return self._page(
            request, "sharepoint/home.html", title="Trang chủ", crumbs=[], stories=news[:8],
            notices=self.shelf.of("thong-bao")[:5],
        )  # fmt: skip

    def _section(self, kind: str, request: Request) -> Reply:
        articles = self.shelf.of(kind)
        current = _posted_page(request) if request.method == "POST" else 1
        return self._page(
            request, "sharepoint/section.html", title=SECTION_NAMES[kind],
            crumbs=[(f"/{folder(kind)}/Pages/default.aspx", SECTION_NAMES[kind])],
            articles=articles[(current - 1) * PAGE_SIZE : current * PAGE_SIZE], current=current,
            pages=max(1, -(-len(articles) // PAGE_SIZE)),
        )  # fmt: skip

    def _article_page(self, article: Article, request: Request) -> Reply:
        reply = self._page(
            request,
            "sharepoint/article.html",
            title=article.title,
            article=article,
            older=self.shelf.following(article, 8),
            crumbs=[(f"/{folder(article.kind)}/Pages/default.aspx", article.section)],
            files=[(file_path(article, f), f.name) for f in article.files],
            broken=_missing_path(article) if "broken-link" in article.hazards else None,
        )
        return web.Reply(reply.status, reply.headers, reply.body, 0.5 * ("slow" in article.hazards))

    def _soft_error(self, request: Request) -> Reply:
        if request.path.lower() == "/pages/dang-nhap.aspx":
            return self._page(request, "sharepoint/login.html", title="Đăng nhập", crumbs=[])
        return self._page(request, "sharepoint/missing.html", title="Thông báo lỗi", crumbs=[])

    def _page(self, request: Request, template: str, **context: object) -> Reply:
        address = request.raw_path + (f"?{request.query}" if request.query else "")
        text = web.render(
            template,
            site=self.site,
            sections=[
                (f"/{folder(k)}/Pages/default.aspx", n)
                for k, n in SECTION_NAMES.items()
                if k != "english"
            ],
            latest=self.shelf.of("tin-tuc")[:5],
            path_of=path_of,
            display_form=display_form,
            view_state=web.digest(request.raw_path) * 3,
            here=address,
            **context,
        )
        return web.html(text)


def _posted_page(request: Request) -> int:
    found = re.search(rb"__EVENTARGUMENT=(\d{1,6})", request.body)
    return int(found[1]) if found else 1


def _missing_path(article: Article) -> str:
    return f"/tin-tuc/Pages/chi-tiet.aspx?ItemID={90000 + article.ident}&CateID=12"


def _truth(article: Article) -> Truth:
    path, origin = path_of(article), f"http://{SITE.host}"
    place, query = path.split("?")
    spellings = [
        f"https://{SITE.host}{path}",
        f"http://www.{SITE.host}{path}",
        f"{origin}{_other_case(place)}?{query.lower()}",
        f"{origin}{path}&utm_source=zalo&utm_medium=chiase",
        f"{origin}{path}&ReturnUrl=%2FPages%2Fdefault.aspx",
    ]
    if "&" in query:
        item, category = query.split("&")
        spellings += [f"{origin}{place}?{category}&{item}", f"{origin}{place}?{item}"]
    if article.kind == "van-ban":
        spellings.append(origin + display_form(article))
    hazards = {"case-variants"} | ({"parameter-order"} if "&" in query else set())
    return Truth(
        site=SITE.name,
        url=origin + path,
        kind=article.kind,
        section=article.section,
        title=article.title,
        expected=article.expected,
        text=article.text,
        published=article.published,
        number=article.number,
        agency=article.agency,
        spellings=tuple(spellings),
        attachments=tuple(_attachment(article, file) for file in article.files),
        hazards=article.hazards | hazards,
        linked="orphan" not in article.hazards,
    )


def _other_case(path: str) -> str:
    return "/".join(
        part.capitalize() if part.islower() else part.lower() for part in path.split("/")
    )


def _attachment(article: Article, file: StoredFile) -> Attachment:
    origin, path = f"http://{SITE.host}", file_path(article, file)
    return Attachment(
        url=origin + path,
        name=file.name,
        media_type=file.media_type,
        size=len(file.body),
        sha256=web.digest(file.body),
        spellings=(origin + path.replace("/Lists/VanBan/", "/lists/vanban/"),),
    )


def _listing_truths() -> list[Truth]:
    origin = f"http://{SITE.host}"
    pages = [("/Pages/default.aspx", "Trang chủ")]
    pages += [
        (f"/{folder(kind)}/Pages/default.aspx", name)
        for kind, name in SECTION_NAMES.items()
        if kind != "english"
    ]
    return [
        Truth(
            site=SITE.name, url=origin + path, kind="listing", section=name, title=name,
            expected="listing", hazards=frozenset({"postback-pager", "session-cookie"}),
        )
        for path, name in pages
    ]  # fmt: skip


def _error_truths(articles: Sequence[Article]) -> list[Truth]:
    origin = f"http://{SITE.host}"
    missing = [_missing_path(a) for a in articles if "broken-link" in a.hazards]
    errors = [
        Truth(
            site=SITE.name, url=origin + path, kind="missing", section="", title="",
            expected="soft_error", hazards=frozenset({"soft-404", "broken-link"}),
        )
        for path in missing
    ]  # fmt: skip
    ways = [
        Truth(
            site=SITE.name, url=origin + path, kind="way", section="", title="",
            expected="redirect", hazards=frozenset({"redirect-chain"}), linked=path == "/",
        )
        for path in _short_ways
    ]  # fmt: skip
    return [*errors, *ways]
