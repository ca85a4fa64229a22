"""The machine interfaces of the old portals, which other systems call and which must not change."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from demo import web
from demo.truth import ApiCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from demo.article import Article
    from demo.web import Reply, Request

XML: Final = "text/xml; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"
BOM: Final = b"\xef\xbb\xbf"
DOSSIER_HOST: Final = "www.haiduong.gov.vn.localhost"
CITY_HOST: Final = "haiphong.gov.vn.localhost"
DISTRICT_HOST: Final = "gialoc.haiduong.gov.vn.localhost"

_provinces: Final = (("30", "Tỉnh Hải Dương"), ("31", "Thành phố Hải Phòng"))
_merged_provinces: Final = (("31", "Thành phố Hải Phòng"),)
_districts: Final = (
    ("288", "Thành phố Hải Dương"), ("290", "Thành phố Chí Linh"), ("291", "Huyện Nam Sách"),
    ("294", "Huyện Thanh Hà"), ("297", "Huyện Gia Lộc"), ("298", "Huyện Tứ Kỳ"),
)  # fmt: skip
_communes: Final = (
    ("10999", "Thị trấn Gia Lộc"), ("11008", "Xã Thống Nhất"), ("11020", "Xã Yết Kiêu"),
    ("11035", "Xã Gia Phúc"), ("11038", "Xã Gia Tiến"), ("11041", "Xã Lê Lợi"),
    ("11044", "Xã Toàn Thắng"), ("11047", "Xã Hoàng Diệu"), ("11050", "Xã Hồng Hưng"),
    ("11053", "Xã Phạm Trấn"), ("11056", "Xã Đoàn Thượng"), ("11059", "Xã Thống Kênh"),
    ("11065", "Xã Nhật Quang"), ("11071", "Xã Quang Đức"),
)  # fmt: skip
_merged_communes: Final = (
    ("10999", "Xã Gia Lộc"), ("11002", "Phường Thạch Khôi"), ("11020", "Xã Yết Kiêu"),
    ("11050", "Xã Gia Phúc"), ("11065", "Xã Trường Tân"),
)  # fmt: skip
_dossiers: Final[Mapping[str, tuple[str, str]]] = {
    "000.00.19.H23-250612-0007": ("Cấp đổi giấy chứng nhận quyền sử dụng đất", "Đang thẩm định"),
    "000.00.19.H23-250620-0114": ("Đăng ký khai sinh", "Đã có kết quả"),
    "H23.297-250624-0031": ("Cấp giấy xác nhận tình trạng hôn nhân", "Chờ bổ sung hồ sơ"),
}
_operations: Final = ("DanhMucTinh", "DanhMucQuanHuyen", "DanhMucPhuongXa")


def unit_service(request: Request) -> Reply:
    """The statistics office's SOAP service; lists depend on DenNgay, districts end on 1/7/2025."""
    if request.method == "GET":
        wsdl = web.render("api/dmdvhc.wsdl", operations=_operations, origin=request.origin)
        return web.raw(wsdl.encode(), XML)
    body = request.body.decode("utf-8", "replace")
    operation = next(
        (name for name in _operations if re.search(rf"<(?:\w+:)?{name}\b", body)), None
    )
    day = re.search(r"<(?:\w+:)?DenNgay>\s*(\d\d)/(\d\d)/(\d{4})\s*<", body)
    if operation is None or day is None:
        fault = web.render("api/fault.xml", text="Server was unable to read request.")
        return web.raw(fault.encode(), XML, 500)
    merged = (day[3], day[2], day[1]) >= ("2025", "07", "01")
    answer = web.render(
        "api/units.xml", operation=operation, units=_units(operation, merged=merged)
    )
    return web.raw(answer.encode(), XML)


def _named_in(body: str) -> str | None:
    return next((n for n in _operations if re.search(rf"<(?:\w+:)?{n}\b", body)), None)


def _units(operation: str, *, merged: bool) -> Sequence[tuple[str, str]]:
    match operation:
        case "DanhMucTinh":
            return _merged_provinces if merged else _provinces
        case "DanhMucQuanHuyen":
            return () if merged else _districts
        case _:
            return _merged_communes if merged else _communes


@dataclass(frozen=True, slots=True)
class DocumentApi:
    """JSON over a portal's documents, as its own programmers made it: a BOM, HTML-escaped text."""

    documents: Sequence[Article]
    page_size: int = 5

    def answer(self, request: Request) -> Reply:
        """`so` filters by number, `page` counts from 1, `callback` asks for JSONP."""
        params = {name.lower(): value for name, value in request.params.items()}
        found = [
            d for d in self.documents if params.get("so", "").lower() in (d.number or "").lower()
        ]
        page = max(1, web.number(params.get("page"), 1))
        shown = found[(page - 1) * self.page_size : page * self.page_size]
        text = json.dumps(
            {"TongSo": len(found), "Trang": page, "DuLieu": [_record(d) for d in shown]},
            ensure_ascii=False,
        )
        callback = params.get("callback", "")
        if re.fullmatch(r"[A-Za-z_$][\w$.]{0,60}", callback):
            return web.raw(f"{callback}({text});".encode(), "application/javascript; charset=utf-8")
        reply = web.raw(BOM + text.encode(), JSON)
        return reply.with_headers(("access-control-allow-origin", "*"))


def _record(document: Article) -> dict[str, object]:
    return {
        "ID": document.ident,
        "SoKyHieu": document.number,
        "TrichYeu": html.escape(document.title),
        "NgayBanHanh": document.date,
        "CoQuan": document.agency,
    }


def datastore_search(articles: Sequence[Article], request: Request) -> Reply:
    """An open data table in the way of CKAN: how many pages of each kind appeared each year."""
    params = request.params
    counts: dict[tuple[int, str], int] = {}
    for article in articles:
        key = (article.published.year, article.section)
        counts[key] = counts.get(key, 0) + 1
    rows = [
        {"_id": n, "nam": year, "chuyen_muc": section, "so_tin": count}
        for n, ((year, section), count) in enumerate(sorted(counts.items()), 1)
    ]
    if params.get("resource_id") != "thong-ke-tin-bai":
        error = {"success": False, "error": {"__type": "Not Found Error", "message": "Not found"}}
        return web.raw(json.dumps(error).encode(), JSON, 404)
    offset, limit = (web.number(params.get(k), d) for k, d in (("offset", 0), ("limit", 100)))
    fields = [{"id": k, "type": "int"} for k in ("_id", "nam", "so_tin")]
    result = {"fields": fields, "records": rows[offset:][:limit], "total": len(rows)}
    text = json.dumps({"success": True, "result": result}, ensure_ascii=False)
    return web.raw(text.encode(), JSON)


def dossier_page(request: Request) -> Reply:
    """Where a citizen's file stands: the page that QR codes on paper receipts lead to."""
    code = request.params.get("doccode", "")
    name, state = _dossiers.get(code, ("", ""))
    return web.html(web.render("api/dossier.html", code=code, name=name, state=state))


def dossier_json(number: str, request: Request) -> Reply:
    """The same for programs, which must name their group in a header."""
    if "groupid" not in request.headers:
        return web.raw(b'{"code":403,"message":"groupId header is required"}', JSON, 403)
    if number not in _dossiers:
        return web.raw(b'{"code":404,"message":"dossier not found"}', JSON, 404)
    name, state = _dossiers[number]
    record = {"dossierNo": number, "serviceName": name, "dossierStatusText": state}
    return web.raw(json.dumps(record, ensure_ascii=False).encode(), JSON)


def feed(articles: Sequence[Article], links: Sequence[str], title: str, form: str) -> Reply:
    """The newest articles as RSS 2.0 or Atom."""
    entries = list(zip(articles, links, strict=True))
    text = web.render(f"api/{form}.xml", title=title, entries=entries)
    kind = "application/atom+xml" if form == "atom" else "application/rss+xml"
    return web.raw(text.encode(), f"{kind}; charset=utf-8")


def letter_box(request: Request) -> Reply:
    """The form for citizens' letters: a receipt number that depends on the letter alone."""
    if request.method != "POST":
        return web.html(web.render("api/letter.html"))
    receipt = web.digest(request.body)[:10].upper()
    return web.html(web.render("api/receipt.html", receipt=receipt)).with_headers(
        ("cache-control", "no-store")
    )


def api_cases() -> tuple[ApiCase, ...]:
    """Calls that other systems were recorded making; none depends on the clock."""
    soap = "/webservice/DMDVHC.asmx"
    calls = [ApiCase("GET", CITY_HOST, f"{soap}?WSDL")]
    calls += [
        ApiCase("POST", CITY_HOST, soap, _soap_headers(operation), _soap_call(operation, day))
        for operation in _operations
        for day in ("30/06/2025", "01/07/2025")
    ]
    calls.append(ApiCase("POST", CITY_HOST, soap, _soap_headers("X"), b"<broken"))
    calls += [
        ApiCase("GET", CITY_HOST, path)
        for path in (
            "/api/vanban?so=&page=1", "/api/vanban?so=&page=2",
            "/API/VanBan?so=Q%C4%90-UBND&page=1",
            "/api/vanban?so=/2023/&page=1", "/api/vanban?so=&page=1&callback=jQuery1113_1561",
            "/_layouts/listfeed.aspx?List=%7B7C1B0A5E-4F0D-4B7C-9E55-2B6F1A7D311F%7D",
        )
    ]  # fmt: skip
    form = (("content-type", "application/x-www-form-urlencoded"),)
    letter = "hoten=C%C3%B4ng+d%C3%A2n&noidung=%C4%90%C3%A8n+h%E1%BB%8Fng"
    calls.append(ApiCase("POST", CITY_HOST, "/gop-y", form, letter.encode()))
    calls += [
        # A code that is none is answered in words by whoever comes after the old server.
        ApiCase("GET", DOSSIER_HOST, f"/tra-cuu-tien-do?doccode={code}")
        for code in _dossiers
    ]
    group = (("groupId", "20182"), ("accept", "application/json"))
    calls += [
        ApiCase("GET", DOSSIER_HOST, f"/o/rest/v2/dossiers/{code}", group)
        for code in (*_dossiers, "khong-co")
    ]
    calls.append(ApiCase("GET", DOSSIER_HOST, f"/o/rest/v2/dossiers/{next(iter(_dossiers))}"))
    table = "/api/3/action/datastore_search?resource_id=thong-ke-tin-bai"
    calls += [
        ApiCase("GET", DOSSIER_HOST, path)
        for path in (table, f"{table}&limit=5&offset=5", "/api/3/action/datastore_search",
            "/rss/tin-tuc.xml")
    ]  # fmt: skip
    calls += [
        ApiCase("GET", DISTRICT_HOST, f"/index.php?format=feed&type={kind}")
        for kind in ("rss", "atom")
    ]
    return tuple(calls)


def _soap_headers(operation: str) -> tuple[tuple[str, str], ...]:
    return (
        ("content-type", "text/xml; charset=utf-8"),
        ("soapaction", f'"http://tempuri.org/{operation}"'),
    )


def _soap_call(operation: str, day: str) -> bytes:
    return web.render("api/call.xml", operation=operation, day=day).encode()
