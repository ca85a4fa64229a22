"""Portal C: a district's portal, on DNN until 2014 and on Joomla since, in three charsets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from demo import api, corners, web
from demo.article import SECTION_NAMES
from demo.charsets import to_tcvn3, to_windows_1258
from demo.liferay import slug_of
from demo.shelf import Shelf
from demo.truth import Attachment, DemoSite, Truth

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from demo.article import Article, StoredFile
    from demo.web import Reply, Request

SITE: Final = DemoSite(
    name="gialoc",
    title="Trang thông tin điện tử huyện Gia Lộc",
    host="gialoc.haiduong.gov.vn.localhost",
    aliases=("huyengialoc.haiduong.gov.vn.localhost",),
    unit="297",
    seeds=("http://gialoc.haiduong.gov.vn.localhost/",),
    cms="dnn",
    query_mode="significant",
    query_names=(
        "option", "view", "id", "tabid", "ctl", "mid", "ItemID", "start", "fileticket", "month",
        "format", "type",
    ),
)  # fmt: skip

PAGE_SIZE: Final = 10
JOOMLA_SINCE: Final = 2015
Encoding = Literal["utf-8", "windows-1258", "windows-1258-lie", "tcvn3"]

_ENCODINGS: Final[tuple[Encoding, ...]] = (
    "windows-1258", "windows-1258", "tcvn3", "utf-8", "utf-8",
    "windows-1258", "windows-1258-lie", "tcvn3", "utf-8", "utf-8",
)  # fmt: skip
"""What one page after another of the DNN era was saved in."""

_tabs: Final[Mapping[str, int]] = {
    "tin-tuc": 36, "thong-bao": 41, "van-ban": 52, "hoi-dap": 60, "gioi-thieu": 30,
}  # fmt: skip
_categories: Final[Mapping[str, int]] = {
    "tin-tuc": 8, "thong-bao": 9, "van-ban": 12, "hoi-dap": 14, "gioi-thieu": 2,
}  # fmt: skip
_details = re.compile(r"/tabid/(\d+)/ctl/details/mid/478/itemid/(\d+)/default\.aspx", re.IGNORECASE)
_tab = re.compile(r"/tabid/(\d+)/default\.aspx", re.IGNORECASE)
_friendly = re.compile(r"/index\.php/(?:[\w-]+/)+(\d+)-[\w-]*")


@dataclass(frozen=True, slots=True)
class _Entry:
    """An article at its place in one of the two eras."""

    article: Article
    encoding: Encoding

    @property
    def in_dnn(self) -> bool:
        return self.article.published.year < JOOMLA_SINCE

    @property
    def tab(self) -> int:
        return _tabs[self.article.kind]

    @property
    def slug(self) -> str:
        return slug_of(self.article.title.replace("đ", "d").replace("Đ", "D"))[:70].strip("-")

    @property
    def path(self) -> str:
        if self.in_dnn:
            return f"/tabid/{self.tab}/ctl/Details/mid/478/ItemID/{self.article.ident}/default.aspx"
        return (
            f"/index.php?option=com_content&view=article&id={self.article.ident}:{self.slug}"
            f"&catid={_categories[self.article.kind]}&Itemid=45"
        )

    @property
    def reordered(self) -> str:
        """The Joomla address as other menus wrote it, without its category."""
        ident = f"{self.article.ident}:{self.slug}"
        return f"/index.php?view=article&Itemid=45&id={ident}&option=com_content"

    @property
    def friendly(self) -> str:
        """The other address the portal itself used for the article."""
        if self.in_dnn:
            return f"/Default.aspx?tabid={self.tab}&ctl=Details&mid=478&ItemID={self.article.ident}"
        return f"/index.php/{self.article.kind}/{self.article.ident}-{self.slug}"

    def file_path(self, file: StoredFile) -> str:
        if self.in_dnn:
            ticket = web.digest(f"{SITE.name}/{file.ident}")[:22]
            return f"/LinkClick.aspx?fileticket={ticket}%3d&tabid={self.tab}"
        return f"/images/stories/vanban/{quote(file.name, safe='()')}"


class DistrictPortal:
    """Answers as the old portal of the district did."""

    site = SITE

    def __init__(self, articles: Sequence[Article]) -> None:
        entries = _with_encodings(articles)
        self.by_ident = {entry.article.ident: entry for entry in entries}
        self.files = {_file_key(e.file_path(f)): f for e in entries for f in e.article.files}
        newest_first = sorted(entries, key=_by_date, reverse=True)
        public = [e for e in newest_first if e.article.is_listed]
        self.joomla_news = [e for e in public if not e.in_dnn]
        self.shelf = Shelf(
            public, group=lambda e: (e.in_dnn, e.article.kind), ident=lambda e: e.article.ident
        )
        self.spam_path = next((e.path for e in entries if "spam" in e.article.hazards), "/")
        self.truths = (
            *_listing_truths(public),
            *map(_truth, entries),
            *_missing_truths(entries),
            *corners.truths(SITE.host, SITE.name),
        )

    def answer(self, request: Request) -> Reply:
        """Any request."""
        return self._reply(request).with_headers(("server", "Apache/2.2.15 (CentOS)"))

    def _reply(self, request: Request) -> Reply:
        path, params = request.path, request.params
        if entry := self._asked_article(path, params):
            if "spam" in entry.article.hazards and "Googlebot" in request.headers.get(
                "user-agent", ""
            ):
                return web.redirect(corners.CASINO)
            return self._article_page(entry, request)
        return (
            corners.answer(request, self._page)
            or self._dnn_listing(path, params, request)
            or self._joomla_listing(path, params, request)
            or self._file(path, request)
            or self._missing(request)
        )

    def _asked_article(self, path: str, params: Mapping[str, str]) -> _Entry | None:
        lower = {name.lower(): value for name, value in params.items()}
        if found := _details.fullmatch(path):
            return self._entry(found[2], in_dnn=True)
        if path.lower() == "/default.aspx" and lower.get("ctl", "").lower() == "details":
            return self._entry(lower.get("itemid", ""), in_dnn=True)
        if path in ("/", "/index.php") and params.get("view") == "article":
            return self._entry(params.get("id", "").split(":")[0], in_dnn=False)
        if found := _friendly.fullmatch(path.rstrip("/")):
            return self._entry(found[1], in_dnn=False)
        return None

    def _entry(self, ident: str, *, in_dnn: bool) -> _Entry | None:
        entry = self.by_ident.get(web.number(ident, -1))
        return entry if entry and entry.in_dnn == in_dnn else None

    def _dnn_listing(self, path: str, params: Mapping[str, str], request: Request) -> Reply | None:
        found = _tab.fullmatch(path)
        asked = found[1] if found else params.get("tabid", "36")
        if not found and path.lower() != "/default.aspx":
            return None
        for kind, tab in _tabs.items():
            if asked == str(tab):
                entries = self.shelf.of((True, kind))
                return self._page(
                    request, "dnn/section.html", title=SECTION_NAMES[kind], entries=entries,
                    crumbs=[(f"/Default.aspx?tabid={tab}", SECTION_NAMES[kind])],
                )  # fmt: skip
        return None

    def _joomla_listing(
        self, path: str, params: Mapping[str, str], request: Request
    ) -> Reply | None:
        if path not in ("/", "/index.php"):
            return None
        if params.get("format") == "feed":
            return self._feed(params.get("type", "rss"), request)
        if params.get("view") != "category":
            stories = self.shelf.of((False, "tin-tuc"))[:9]
            return self._page(
                request, "joomla/home.html", title="Trang nhất", crumbs=[], entries=stories
            )
        for kind, category in _categories.items():
            if params.get("id", "").split(":")[0] == str(category):
                return self._joomla_category(kind, category, params, request)
        return None

    def _feed(self, form: str, request: Request) -> Reply:
        news = self.joomla_news[:10]
        links = [request.origin + e.path for e in news]
        form = "atom" if form == "atom" else "rss"
        return api.feed([e.article for e in news], links, self.site.title, form)

    def _joomla_category(
        self, kind: str, category: int, params: Mapping[str, str], request: Request
    ) -> Reply:
        entries = self.shelf.of((False, kind))
        start = web.number(params.get("start"))
        return self._page(
            request, "joomla/category.html", title=SECTION_NAMES[kind],
            crumbs=[(_category_path(category), SECTION_NAMES[kind])],
            entries=entries[start : start + PAGE_SIZE], start=start,
            starts=range(0, max(1, len(entries)), PAGE_SIZE), base=_category_path(category),
        )  # fmt: skip

    def _article_page(self, entry: _Entry, request: Request) -> Reply:
        article = entry.article
        declared = {"utf-8": "utf-8", "windows-1258": "windows-1258", "tcvn3": "iso-8859-1"}
        reply = self._page(
            request, "dnn/article.html" if entry.in_dnn else "joomla/article.html",
            title=article.title, article=article, related=self.shelf.neighbours(entry),
            crumbs=[(
                f"/Default.aspx?tabid={entry.tab}" if entry.in_dnn
                else _category_path(_categories[article.kind]), article.section,
            )],
            files=[(entry.file_path(f), f.name) for f in article.files],
            charset=declared.get(entry.encoding, "utf-8"), friendly=entry.friendly,
            broken=_broken_path(article),
        )  # fmt: skip
        return _encoded(reply, entry.encoding)

    def _file(self, path: str, request: Request) -> Reply | None:
        ticket = request.params.get("fileticket")
        file = self.files.get(f"{path}?{ticket}" if ticket else quote(path, safe="/()"))
        if file:
            return web.download(file.body, file.media_type, file.name)
        if path == "/robots.txt":
            return web.raw(b"User-agent: *\nDisallow: /administrator/\n", "text/plain")
        return None

    def _missing(self, request: Request) -> Reply:
        page = self._page(request, "joomla/missing.html", title="404 - Không tìm thấy", crumbs=[])
        return web.Reply(404, page.headers, page.body)

    def _page(self, request: Request, template: str, /, **context: object) -> Reply:
        text = web.render(
            template,
            **{"charset": "utf-8", **context},
            site=self.site,
            sections=[(_category_path(c), SECTION_NAMES[k]) for k, c in _categories.items()],
            tabs=[(f"/Default.aspx?tabid={t}", SECTION_NAMES[k]) for k, t in _tabs.items()],
            latest=self.joomla_news[:5],
            spam_path=self.spam_path,
            session=web.digest(request.raw_path + request.query)[:26],
        )
        return web.html(text)


def _file_key(path: str) -> str:
    """A file's address without what does not tell it from others: the tab and the last sign."""
    return path.replace("fileticket=", "").split("&")[0].replace("%3d", "=")


def _by_date(entry: _Entry) -> tuple[dt.date, int]:
    return entry.article.published, entry.article.ident


def _category_path(category: int) -> str:
    return f"/index.php?option=com_content&view=category&id={category}&Itemid=45"


def _with_encodings(articles: Sequence[Article]) -> list[_Entry]:
    """Every article with the charset it was saved in: since Joomla always UTF-8."""
    entries, rank = [], 0
    for article in articles:
        encoding: Encoding = "utf-8"
        if article.published.year < JOOMLA_SINCE:
            encoding = _ENCODINGS[rank % len(_ENCODINGS)]
            rank += 1
        entries.append(_Entry(article, encoding))
    return entries


def _encoded(reply: Reply, encoding: Encoding) -> Reply:
    text = reply.body.decode()
    match encoding:
        case "utf-8":
            return reply
        case "windows-1258" | "windows-1258-lie":
            return web.raw(to_windows_1258(text), "text/html")
        case "tcvn3":
            return web.raw(to_tcvn3(text), "text/html; charset=iso-8859-1")


def _truth(entry: _Entry) -> Truth:
    article, origin = entry.article, f"http://{SITE.host}"
    spellings = [
        f"https://{SITE.host}{entry.path}",
        f"http://{SITE.aliases[0]}{entry.path}",
        origin + entry.friendly,
    ]
    if entry.in_dnn:
        spellings.append(
            origin + entry.path.replace("/tabid/", "/TabID/").replace("default", "Default")
        )
    else:
        session = web.digest(entry.slug)[:26]
        spellings.append(origin + entry.reordered)
        spellings.append(f"{origin}{entry.path}&PHPSESSID={session}")
        spellings.append(f"{origin}{entry.path}&fbclid=IwAR{session}")
    return Truth(
        site=SITE.name,
        url=origin + entry.path,
        kind=article.kind,
        section=article.section,
        title=article.title,
        expected=article.expected,
        text=article.text,
        published=article.published,
        number=article.number,
        agency=article.agency,
        spellings=tuple(spellings),
        attachments=tuple(_attachment(entry, file) for file in article.files),
        hazards=article.hazards | _own_hazards(entry),
        linked="orphan" not in article.hazards,
    )


def _missing_truths(entries: Sequence[_Entry]) -> list[Truth]:
    return [
        Truth(
            site=SITE.name, url=f"http://{SITE.host}{_broken_path(e.article)}", kind="missing",
            section="", title="", expected="gone", hazards=frozenset({"broken-link"}),
        )
        for e in entries
        if "broken-link" in e.article.hazards and not e.in_dnn
    ]  # fmt: skip


def _broken_path(article: Article) -> str:
    return f"/index.php/tin-tuc/9{article.ident}-bai-da-xoa"


def _own_hazards(entry: _Entry) -> set[str]:
    found = {"dnn" if entry.in_dnn else "joomla"}
    if entry.encoding != "utf-8":
        found.add(entry.encoding)
    if not entry.in_dnn:
        found.add("phpsessid")
    return found


def _attachment(entry: _Entry, file: StoredFile) -> Attachment:
    url = f"http://{SITE.host}{entry.file_path(file)}"
    return Attachment(url, file.name, file.media_type, len(file.body), web.digest(file.body))


def _listing_truths(public: Sequence[_Entry]) -> list[Truth]:
    origin = f"http://{SITE.host}"
    pages = [("/", "Trang nhất")]
    pages += [(f"/Default.aspx?tabid={tab}", SECTION_NAMES[kind]) for kind, tab in _tabs.items()]
    for kind, category in _categories.items():
        count = sum(e.article.kind == kind and not e.in_dnn for e in public)
        pages += [
            (_category_path(category) + (f"&start={start}" if start else ""), SECTION_NAMES[kind])
            for start in range(0, max(1, count), PAGE_SIZE)
        ]
    return [
        Truth(
            site=SITE.name, url=origin + path, kind="listing", section=name, title=name,
            expected="listing",
        )
        for path, name in pages
    ]  # fmt: skip
