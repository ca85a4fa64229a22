"""Portal A: a provincial portal on Liferay, whose slugs lost the letter đ."""

from __future__ import annotations

import datetime as dt
import gzip
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote, quote_plus, unquote

from demo import api, web
from demo.article import SECTION_NAMES
from demo.shelf import Shelf
from demo.truth import Attachment, DemoSite, Truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.article import Article, StoredFile
    from demo.web import Reply, Request

SITE: Final = DemoSite(
    name="haiduong",
    title="Cổng thông tin điện tử tỉnh Hải Dương",
    host="www.haiduong.gov.vn.localhost",
    aliases=("haiduong.gov.vn.localhost",),
    unit="30",
    seeds=("http://www.haiduong.gov.vn.localhost/",),
    cms="liferay",
    query_mode="significant",
    query_names=(
        "p_p_id", "_101_INSTANCE_K3x9_urlTitle", "_cur", "uuid", "img_id", "doccode",
        "resource_id", "offset", "limit",
    ),
)  # fmt: skip

PAGE_SIZE: Final = 10
GROUP: Final = "20182"
PORTLET: Final = "101_INSTANCE_K3x9"
STALE_SLUGS: Final = (
    "thong-bao-tam-dung-he-thong-thu-ien-tu",
    "lich-phat-song-tuan-27",
    "chuc-mung-nam-moi-2018",
    "danh-sach-at-chuan-nam-2016",
)
"""Entries of the sitemap whose pages were deleted long ago."""

_article_paths = re.compile(
    r"(?:/web/[\w-]+/[^/]+)?/-/(?:asset_publisher/K3x9/content/)?(?P<slug>[a-z0-9-]+)"
)
_document_path = re.compile(r"/documents/20182/\d+/[^/]+/(?P<uuid>[0-9a-f-]{36})")
_not_slug = re.compile(r"[^a-z0-9]+")


def slug_of(title: str) -> str:
    """The slug Liferay made: no marks, and a hyphen for whatever is not a-z or 0-9 (so also đ)."""
    decomposed = unicodedata.normalize("NFD", title.lower())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return _not_slug.sub("-", bare).strip("-")[:150]


def uuid_of(file: StoredFile) -> str:
    """The identifier under which the document library keeps a file."""
    d = web.digest(f"{SITE.name}/{file.ident}")
    return f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:32]}"


@dataclass(frozen=True, slots=True)
class _Entry:
    """An article at its place."""

    article: Article
    slug: str

    @property
    def section(self) -> str:
        if self.article.kind == "tin-tuc" and self.article.ident % 9 == 0:
            return "/web/so-tai-chinh/tin-tuc"
        return f"/web/guest/{self.article.kind}"

    @property
    def short(self) -> str:
        if "marked-path" in self.article.hazards:
            return self.marked("NFC")
        prefix = "/en" if self.article.kind == "english" else ""
        return f"{prefix}/-/{self.slug}"

    def marked(self, form: Literal["NFC", "NFD"]) -> str:
        """A path with Vietnamese letters, composed or decomposed."""
        words = "-".join(self.article.title.lower().split())
        return "/web/guest/" + quote(unicodedata.normalize(form, words))

    @property
    def publisher(self) -> str:
        return f"{self.section}/-/asset_publisher/K3x9/content/{self.slug}"

    @property
    def portlet(self) -> str:
        return (
            f"{self.section}?p_p_id={PORTLET}&p_p_lifecycle=0&p_p_state=maximized"
            f"&_{PORTLET}_urlTitle={self.slug}"
        )


class LiferayPortal:
    """Answers as the old portal of the province did."""

    site = SITE

    def __init__(self, articles: Sequence[Article]) -> None:
        self.entries = _with_slugs(articles)
        self.by_slug = {entry.slug: entry for entry in self.entries}
        self.marked = {unquote(e.short): e for e in self.entries if _is_marked(e)}
        self.files = {uuid_of(f): f for a in articles for f in a.files}
        newest_first = sorted(self.entries, key=_by_date, reverse=True)
        public = [e for e in newest_first if e.article.is_listed]
        self.latest = [e for e in public if e.article.kind in ("tin-tuc", "thong-bao")][:6]
        self.shelf = Shelf(public, group=lambda e: e.article.kind, ident=lambda e: e.article.ident)
        self.truths = (*_listing_truths(public), *map(_truth, self.entries), *_stale_truths())

    def answer(self, request: Request) -> Reply:
        """Any request; pages carry ETag and Last-Modified."""
        reply = self._reply(request)
        changed = dt.datetime(2025, 6, 27, 10, 0, tzinfo=dt.UTC)
        return web.with_validators(reply, request, changed).with_headers(("server", "Apache"))

    def _reply(self, request: Request) -> Reply:
        path = _without_languages(_without_session(request.path)).rstrip("/") or "/"
        if article := self._asked_article(path, request.params):
            return self._article_page(article, request)
        if path == "/web/guest/dang-nhap":
            return self._page(request, "liferay/login.html", title="Đăng nhập", crumbs=[])
        if path in ("/", "/trang-chu", "/web/guest", "/web/guest/trang-chu"):
            return self._home(request)
        if path.startswith("/web/") and path.rsplit("/", 1)[1] in SECTION_NAMES:
            return self._section(path.rsplit("/", 1)[1], request)
        return (
            self._interface(path, request)
            or self._library(path, request)
            or self._machine_file(path, request)
            or self._missing(request)
        )

    def _asked_article(self, path: str, params: Mapping[str, str]) -> _Entry | None:
        if params.get("p_p_id") == PORTLET and f"_{PORTLET}_urlTitle" in params:
            return self.by_slug.get(params[f"_{PORTLET}_urlTitle"])
        if path in self.marked:
            return self.marked[path]
        found = _article_paths.fullmatch(path)
        return self.by_slug.get(found["slug"]) if found else None

    def _library(self, path: str, request: Request) -> Reply | None:
        found = _document_path.fullmatch(path)
        uuid = found["uuid"] if found else request.params.get("uuid", "")
        if path.startswith("/image/journal/article"):
            return web.raw(_pixel(request.params.get("img_id", "0")), "image/gif")
        if uuid in self.files and (found or path == "/c/document_library/get_file"):
            file = self.files[uuid]
            return web.download(file.body, file.media_type, file.name)
        return None

    def _interface(self, path: str, request: Request) -> Reply | None:
        if path.startswith("/o/rest/v2/dossiers/"):
            return api.dossier_json(path.rsplit("/", 1)[1], request)
        match path:
            case "/tra-cuu-tien-do":
                return api.dossier_page(request)
            case "/api/3/action/datastore_search":
                return api.datastore_search([e.article for e in self.entries], request)
            case "/rss/tin-tuc.xml":
                news = self.shelf.of("tin-tuc")[:15]
                links = [request.origin + e.short for e in news]
                return api.feed([e.article for e in news], links, self.site.title, "rss")
            case _:
                return None

    def _machine_file(self, path: str, request: Request) -> Reply | None:
        match path:
            case "/robots.txt":
                lines = (
                    f"User-agent: *\nDisallow: /c/portal/\nSitemap: {request.origin}/sitemap.xml\n"
                )
                return web.raw(lines.encode(), "text/plain; charset=utf-8")
            case "/sitemap.xml":
                return web.raw(_sitemap_index(request.origin).encode(), "text/xml; charset=utf-8")
            case "/sitemap-1.xml":
                return web.raw(self._sitemap(0, request.origin), "text/xml; charset=utf-8")
            case "/sitemap-2.xml.gz":
                packed = gzip.compress(self._sitemap(1, request.origin), mtime=0)
                return web.raw(packed, "application/x-gzip")
            case "/c/portal/login":
                return web.redirect("/web/guest/dang-nhap?p_p_id=58&saveLastPath=0")
            case _:
                return None

    def _sitemap(self, half: int, origin: str) -> bytes:
        entries = self.entries[half::2]
        locations = [origin + entry.short for entry in entries]
        locations += [f"{origin}/-/{slug}" for slug in STALE_SLUGS[half::2]]
        return web.render("sitemap.xml", locations=locations).encode()

    def _home(self, request: Request) -> Reply:
        news = self.shelf.of("tin-tuc")
        return self._page(
            request, "liferay/home.html", title="Trang chủ", crumbs=[],
            lead_story=news[0], stories=news[1:7], most_read=news[3::7][:8],
            documents=self.shelf.of("van-ban")[:6],
        )  # fmt: skip

    def _section(self, kind: str, request: Request) -> Reply:
        entries = self.shelf.of(kind)
        current = max(1, web.number(request.params.get("_cur"), 1))
        shown = entries[(current - 1) * PAGE_SIZE : current * PAGE_SIZE]
        if not shown:
            return self._missing(request)
        return self._page(
            request, "liferay/section.html", title=SECTION_NAMES[kind],
            crumbs=[(f"/web/guest/{kind}", SECTION_NAMES[kind])], entries=shown, current=current,
            pages=_page_count(len(entries)), kind=kind,
        )  # fmt: skip

    def _article_page(self, entry: _Entry, request: Request) -> Reply:
        article = entry.article
        broken = (
            f"/-/{STALE_SLUGS[article.ident % 4]}" if "broken-link" in article.hazards else None
        )
        reply = self._page(
            request, "liferay/article.html", title=article.title, entry=entry, broken=broken,
            crumbs=[(f"/web/guest/{article.kind}", article.section)],
            related=self.shelf.neighbours(entry),
            files=[(_library_url(f), f.name, len(f.body)) for f in article.files],
        )  # fmt: skip
        return _decomposed(reply) if "nfd-text" in article.hazards else reply

    def _missing(self, request: Request) -> Reply:
        page = self._page(request, "liferay/missing.html", title="Không tìm thấy", crumbs=[])
        return web.Reply(404, page.headers, page.body)

    def _page(self, request: Request, template: str, **context: object) -> Reply:
        session = web.digest(request.raw_path)[:32].upper()
        text = web.render(
            template,
            site=self.site,
            sections=[(f"/web/guest/{k}", n) for k, n in SECTION_NAMES.items() if k != "english"],
            latest=self.latest,
            session=f"{session}.node1",
            marked=[e.marked("NFD") for e in self.marked.values()],
            here=request.raw_path.split(";")[0],
            **context,
        )
        return web.html(text)


def _by_date(entry: _Entry) -> tuple[dt.date, int]:
    return entry.article.published, entry.article.ident


def _with_slugs(articles: Sequence[Article]) -> list[_Entry]:
    """Every article with its slug; a title used again gets -1, -2 as Liferay gave it."""
    entries, used = [], dict[str, int]()
    for article in articles:
        slug = slug_of(article.title)
        count = used.get(slug, 0)
        used[slug] = count + 1
        entries.append(_Entry(article, f"{slug}-{count}" if count else slug))
    return entries


def _truth(entry: _Entry) -> Truth:
    article, origin = entry.article, f"http://{SITE.host}"
    short = origin + entry.short
    spellings = [
        short.replace("http:", "https:"),
        short.replace("www.", ""),
        f"{short};jsessionid={web.digest(entry.slug)[:32].upper()}.node2",
        f"{short}?fbclid=IwAR{web.digest(entry.slug)[:20]}",
        f"{short}/",
        origin + entry.publisher,
        origin + entry.portlet,
    ]
    if _is_marked(entry):
        spellings += [origin + entry.marked("NFD"), f"{origin}/-/{entry.slug}"]
    return Truth(
        site=SITE.name,
        url=short,
        kind=article.kind,
        section=article.section,
        title=article.title,
        expected=article.expected,
        text=article.text,
        published=article.published,
        number=article.number,
        agency=article.agency,
        spellings=tuple(spellings),
        hazards=article.hazards | _own_hazards(entry),
        attachments=tuple(_attachment(file) for file in article.files),
        linked="orphan" not in article.hazards,
    )


def _is_marked(entry: _Entry) -> bool:
    return "marked-path" in entry.article.hazards


def _own_hazards(entry: _Entry) -> set[str]:
    found = {"jsessionid", "asset-publisher"}
    if "đ" in entry.article.title.lower():
        found.add("slug-without-d")
    if _is_marked(entry):
        found.add("nfd-url")
    return found


def _attachment(file: StoredFile) -> Attachment:
    origin = f"http://{SITE.host}"
    return Attachment(
        url=origin + _library_url(file),
        name=file.name,
        media_type=file.media_type,
        size=len(file.body),
        sha256=web.digest(file.body),
        spellings=(
            f"{origin}/c/document_library/get_file?uuid={uuid_of(file)}&groupId={GROUP}",
            origin + _library_url(file, form="NFD").split("?")[0],
        ),
    )


def _library_url(file: StoredFile, form: Literal["NFC", "NFD"] = "NFC") -> str:
    name = quote_plus(unicodedata.normalize(form, file.name), safe="()")
    stamp = 1_500_000_000_000 + file.ident * 86_400_001
    return (
        f"/documents/{GROUP}/{file.ident}/{name}/{uuid_of(file)}"
        f"?t={stamp}&version=1.0&download=true"
    )


def _listing_truths(public: Sequence[_Entry]) -> list[Truth]:
    origin = f"http://{SITE.host}"
    addresses = [("", "/", "Trang chủ")]
    for kind, name in SECTION_NAMES.items():
        count = sum(e.article.kind == kind for e in public)
        addresses.append((kind, f"/web/guest/{kind}", name))
        addresses += [
            (kind, f"/web/guest/{kind}?_cur={n}&_delta={PAGE_SIZE}", name)
            for n in range(2, _page_count(count) + 1)
        ]
    return [
        Truth(
            site=SITE.name, url=origin + path, kind="listing", section=name,
            title=name, expected="listing", hazards=frozenset({"language-trap"}),
        )
        for kind, path, name in addresses
    ]  # fmt: skip


def _stale_truths() -> list[Truth]:
    return [
        Truth(
            site=SITE.name, url=f"http://{SITE.host}/-/{slug}", kind="missing", section="",
            title="", expected="gone", hazards=frozenset({"stale-sitemap", "broken-link"}),
        )
        for slug in STALE_SLUGS
    ]  # fmt: skip


def _sitemap_index(origin: str) -> str:
    parts = (f"{origin}/sitemap-1.xml", f"{origin}/sitemap-2.xml.gz")
    return web.render("sitemap_index.xml", locations=parts)


def _without_session(path: str) -> str:
    return re.sub(r";jsessionid=[^/?;]*", "", path)


def _without_languages(path: str) -> str:
    return re.sub(r"^(?:/(?:vi|en))+(?=/|$)", "", path)


def _decomposed(reply: Reply) -> Reply:
    text = unicodedata.normalize("NFD", reply.body.decode())
    return web.Reply(reply.status, reply.headers, text.encode())


def _page_count(entries: int) -> int:
    return max(1, -(-entries // PAGE_SIZE))


def _pixel(ident: str) -> bytes:
    red, green, blue = bytes.fromhex(web.digest(ident)[:6])
    palette = bytes((red, green, blue, 255, 255, 255))
    return (
        b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + palette + b",\x00\x00\x00\x00\x01\x00\x01\x00\x00"
        b"\x02\x02D\x01\x00;"
    )
