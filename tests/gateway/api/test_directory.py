"""The statistics office's SOAP service as old programs call it, with a real client of today."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import zeep
from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@pytest.fixture(scope="module")
def client(api: str) -> zeep.Client:
    return zeep.Client(f"{api}/api/dmdvhc.asmx?wsdl")


def rows(answer: Any) -> list[dict[str, str]]:
    return [dict(one["TABLE"].__values__) for one in answer._value_1._value_1]


@pytest.mark.parametrize(
    ("operation", "day", "count"),
    [
        ("DanhMucTinh", "30/06/2025", 63),
        ("DanhMucTinh", "01/07/2025", 34),
        ("DanhMucQuanHuyen", "30/06/2025", 696),
        ("DanhMucQuanHuyen", "01/07/2025", 0),  # an empty table, never a fault
        ("DanhMucPhuongXa", "30/06/2025", 10_035),
        ("DanhMucPhuongXa", "01/07/2025", 3_321),
    ],
)
def test_the_lists_of_a_day(client: zeep.Client, operation: str, day: str, count: int) -> None:
    assert len(rows(client.service[operation](DenNgay=day))) == count


def test_a_row_has_the_columns_programs_read(client: zeep.Client) -> None:
    old = rows(client.service.DanhMucPhuongXa(DenNgay="30/06/2025", Tinh="30", QuanHuyen="297"))
    assert len(old) == 14
    assert old[0] == {
        "MaTinh": "30", "TenTinh": "Tỉnh Hải Dương", "MaQuanHuyen": "297",
        "TenQuanHuyen": "Huyện Gia Lộc", "MaPhuongXa": "10999", "TenPhuongXa": "Thị trấn Gia Lộc",
        "LoaiHinh": "Thị trấn",
    }  # fmt: skip
    new = rows(client.service.DanhMucPhuongXa(DenNgay="01/07/2025", TenTinh="thanh pho hai phong"))
    assert {row["MaQuanHuyen"] for row in new} == {None}
    cities = rows(client.service.DanhMucTinh())
    assert {row["LoaiHinh"] for row in cities} == {"Tỉnh", "Thành phố Trung ương"}
    assert {row["TenTinh"] for row in cities} >= {"Thành phố Đồng Nai"}  # today


def test_soap_12_is_answered_in_soap_12(client: zeep.Client) -> None:
    service = client.bind("DMDVHC", "DMDVHCSoap12")
    assert len(rows(service.DanhMucTinh(DenNgay="30/06/2025"))) == 63
    with pytest.raises(zeep.exceptions.Fault, match="một ngày có thật"):
        service.DanhMucTinh(DenNgay="31/02/2025")


def test_the_description_gives_the_address_of_the_portal(api: str) -> None:
    text = httpx.get(f"{api}/api/dmdvhc.asmx?WSDL").text
    assert text.count(f'location="{api}/api/dmdvhc.asmx"') == 2


def called(api: str, body: bytes) -> httpx.Response:
    return httpx.post(f"{api}/api/dmdvhc.asmx", content=body, headers={"content-type": "text/xml"})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<broken",
        b"<a/>",
        b'<Envelope xmlns="urn:other"/>',
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>'.encode(),
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><Xoa xmlns="http://tempuri.org/"/></s:Body></s:Envelope>'.encode(),
        b"x" * 70_000,
    ],
)
def test_a_bad_call_is_a_fault_that_says_so(api: str, body: bytes) -> None:
    answer = called(api, body)
    assert answer.status_code == 500  # SOAP 1.1, 6.2
    fault = etree.fromstring(answer.content).find(f".//{{{SOAP}}}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") == "soap:Client"
    assert fault.findtext("faultstring")


def test_entities_are_never_expanded(api: str) -> None:
    body = (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><s:Envelope xmlns:s="{SOAP}">'
        '<s:Body><DanhMucTinh xmlns="http://tempuri.org/"><DenNgay>&x;</DenNgay></DanhMucTinh>'
        "</s:Body></s:Envelope>"
    )
    answer = called(api, body.encode())
    assert answer.status_code == 500
    assert "Phong bì SOAP" in answer.text
    assert Path("/etc/hostname").read_text().strip() not in answer.text


def test_other_methods_are_refused(api: str) -> None:
    answer = httpx.delete(f"{api}/api/dmdvhc.asmx")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")
