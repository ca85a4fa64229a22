"""The machine interfaces answer like the systems they copy, quirks included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2 as httpx

    Fetch = Callable[..., httpx.Response]

CITY = "http://haiphong.gov.vn.localhost"
PROVINCE = "http://www.haiduong.gov.vn.localhost"
DISTRICT = "http://gialoc.haiduong.gov.vn.localhost"
SOAP = f"{CITY}/webservice/DMDVHC.asmx"


def units(fetch: Fetch, operation: str, day: str) -> list[tuple[str, ...]]:
    call = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<t:{operation} xmlns:t="http://tempuri.org/"><t:DenNgay>{day}</t:DenNgay></t:{operation}>'
        "</s:Body></s:Envelope>"
    )
    reply = fetch(SOAP, "POST", content=call.encode(), headers={"content-type": "text/xml"})
    tables = ET.fromstring(reply.content).iter("TABLE")
    return [tuple(field.text or "" for field in table) for table in tables]


@pytest.mark.parametrize(
    ("operation", "before", "after"),
    [("DanhMucTinh", 2, 1), ("DanhMucQuanHuyen", 6, 0), ("DanhMucPhuongXa", 14, 5)],
)
def test_lists_of_units_depend_on_the_day(
    fetch: Fetch, operation: str, before: int, after: int
) -> None:
    assert len(units(fetch, operation, "30/06/2025")) == before
    assert len(units(fetch, operation, "01/07/2025")) == after


def test_one_code_means_another_commune_after_the_merger(fetch: Fetch) -> None:
    before = dict(units(fetch, "DanhMucPhuongXa", "30/06/2025"))
    after = dict(units(fetch, "DanhMucPhuongXa", "01/07/2025"))
    assert (before["11050"], after["11050"]) == ("Xã Hồng Hưng", "Xã Gia Phúc")


def test_a_broken_envelope_is_a_fault(fetch: Fetch) -> None:
    reply = fetch(SOAP, "POST", content=b"<broken")
    assert reply.status_code == 500
    assert b"soap:Fault" in reply.content


def test_the_wsdl_names_the_public_address(fetch: Fetch) -> None:
    reply = fetch(f"{SOAP}?WSDL")
    assert f'location="{SOAP}"' in reply.text
    ET.fromstring(reply.content)


def test_json_has_a_byte_order_mark_and_pages(fetch: Fetch) -> None:
    one = fetch(f"{CITY}/api/vanban?so=&page=1").content
    two = fetch(f"{CITY}/API/VanBan?so=&page=2").content
    assert one.startswith(b"\xef\xbb\xbf")
    first, second = (json.loads(body.decode("utf-8-sig")) for body in (one, two))
    assert first["TongSo"] == second["TongSo"] == 18
    assert len(first["DuLieu"]) == 5
    assert first["DuLieu"] != second["DuLieu"]


def test_jsonp_calls_only_a_plain_name(fetch: Fetch) -> None:
    assert fetch(f"{CITY}/api/vanban?callback=jQuery1_2").text.startswith("jQuery1_2({")
    assert fetch(f"{CITY}/api/vanban?callback=alert(1)").content.startswith(b"\xef\xbb\xbf{")


def test_a_letter_gets_the_same_receipt_each_time(fetch: Fetch) -> None:
    one, two = (fetch(f"{CITY}/gop-y", "POST", data={"noidung": "Đèn hỏng"}) for _ in "12")
    assert one.content == two.content
    assert one.headers["cache-control"] == "no-store"
    assert "<form" in fetch(f"{CITY}/gop-y").text


def test_a_paper_receipts_code_shows_where_the_file_stands(fetch: Fetch) -> None:
    code = "000.00.19.H23-250620-0114"
    assert "Đã có kết quả" in fetch(f"{PROVINCE}/tra-cuu-tien-do?doccode={code}").text
    assert "Không có hồ sơ" in fetch(f"{PROVINCE}/tra-cuu-tien-do?doccode=x").text
    url = f"{PROVINCE}/o/rest/v2/dossiers/{code}"
    assert fetch(url).status_code == 403
    assert fetch(url, headers={"groupId": "20182"}).json()["dossierNo"] == code
    assert fetch(f"{url}9", headers={"groupId": "20182"}).status_code == 404


def test_the_open_data_table_pages_like_ckan(fetch: Fetch) -> None:
    url = f"{PROVINCE}/api/3/action/datastore_search"
    whole = fetch(f"{url}?resource_id=thong-ke-tin-bai").json()["result"]
    part = fetch(f"{url}?resource_id=thong-ke-tin-bai&limit=3&offset=2").json()["result"]
    assert part["records"] == whole["records"][2:5]
    assert fetch(f"{url}?resource_id=x").status_code == 404


@pytest.mark.parametrize(
    ("url", "item"),
    [
        (f"{PROVINCE}/rss/tin-tuc.xml", "item"),
        (f"{CITY}/_layouts/listfeed.aspx?List=%7B7C1B0A5E-4F0D-4B7C-9E55-2B6F1A7D311F%7D", "item"),
        (f"{DISTRICT}/index.php?format=feed&type=rss", "item"),
        (f"{DISTRICT}/index.php?format=feed&type=atom", "{http://www.w3.org/2005/Atom}entry"),
    ],
)
def test_feeds_are_xml_with_ten_or_more_entries(fetch: Fetch, url: str, item: str) -> None:
    assert len(list(ET.fromstring(fetch(url).content).iter(item))) >= 10


def test_odd_doors_of_the_city_are_open(fetch: Fetch, world) -> None:  # noqa: ANN001 - the fixture's type is spelled in conftest
    file = next(t.attachments[0] for t in world.truths if t.site == "haiphong" and t.attachments)
    path = file.url.removeprefix(CITY)
    assert len(fetch(f"{CITY}/_layouts/15/download.aspx?SourceUrl={path}").content) == file.size
    ident = path.split("/")[4]
    assert len(fetch(f"{CITY}/handlers/tailieu.ashx?id={ident}").content) == file.size
    login = fetch(f"{CITY}/_layouts/15/Authenticate.aspx?Source=%2Ftin-tuc").headers["location"]
    assert login == "/Pages/dang-nhap.aspx?ReturnUrl=%2Ftin-tuc"
    assert "Đăng nhập" in fetch(CITY + login).text
    assert "javascript" in fetch(f"{CITY}/ScriptResource.axd?d=x").headers["content-type"]
    assert "Disallow: /_layouts/" in fetch(f"{CITY}/robots.txt").text


def test_odd_doors_of_the_province_are_open(fetch: Fetch) -> None:
    login = fetch(f"{PROVINCE}/c/portal/login?p_l_id=20186").headers["location"]
    assert "Đăng nhập" in fetch(PROVINCE + login).text
    picture = fetch(f"{PROVINCE}/image/journal/article?img_id=101&t=1")
    assert picture.content.startswith(b"GIF89a")
    assert "Sitemap: http://www.haiduong.gov.vn.localhost/sitemap.xml" in fetch(
        f"{PROVINCE}/robots.txt"
    ).text  # fmt: skip


def test_head_has_no_body_but_its_length(fetch: Fetch) -> None:
    reply = fetch(f"{PROVINCE}/trang-chu", "HEAD")
    assert reply.content == b""
    assert int(reply.headers["content-length"]) > 1000
