"""What a caller is told of a failure, in the format it can read."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree as ET

import httpx2 as httpx
import pytest
import zeep
from zeep.transports import Transport

from gateway.passthrough.failures import TooManyCalls, UpstreamDown, UpstreamUnreachable
from gateway.passthrough.telling import Format, failure_answer, format_of, retired_answer
from redirects.route import ApiRoute, RateLimit, Upstream
from tests.gateway.passthrough.recorder import HELLO, PORTAL, Gateway, Recorder
from tests.gateway.passthrough.test_descriptions import WSDL, SoapServer

ROUTE = ApiRoute(
    "don-vi",
    "old.test",
    "/*",
    (Upstream("http://u"),),
    contact="Sở Nội vụ & bạn",
    successor="https://haiphong.gov.vn/api/v1/don-vi",
)


def call(query: bytes = b"", method: str = "GET", **headers: str) -> dict[str, Any]:
    fields = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"method": method, "query_string": query, "headers": fields}


@pytest.mark.parametrize(
    ("scope", "read"),
    [
        (call(), Format.PROBLEM),
        (call(method="POST", content_type="application/json"), Format.PROBLEM),
        (call(method="POST", content_type="text/xml; charset=utf-8"), Format.SOAP_11),
        (call(method="POST", soapaction='"http://tempuri.org/X"'), Format.SOAP_11),
        (call(method="POST", content_type="Application/SOAP+xml"), Format.SOAP_12),
        (call(b"a=1&callback=nhan"), Format.JSONP),
        (call(b"jsonp=jQuery.cb%5B0%5D"), Format.JSONP),
        (call(b"callback=nhan", method="POST"), Format.PROBLEM),
        (call(b"callback=alert(1)"), Format.PROBLEM),
        (call(b"callback=%3Cscript%3E"), Format.PROBLEM),
        (call(b"callback=" + b"a" * 200), Format.PROBLEM),
        (call(b"callback=nh%C3%A2n"), Format.PROBLEM),
        (call(b"callback="), Format.PROBLEM),
    ],
)
def test_a_caller_reads_what_it_asked_in(scope: dict[str, Any], read: Format) -> None:
    assert format_of(scope) is read


def test_a_soap_caller_gets_a_fault_with_the_problem_in_its_detail() -> None:
    error = UpstreamDown("http://u", retry_after=7)
    answer = failure_answer(PORTAL, ROUTE, error, call(method="POST", content_type="text/xml"))
    fields = dict(answer.fields)
    assert (answer.status, fields[b"retry-after"]) == (503, b"7")
    assert fields[b"content-type"] == b"text/xml; charset=utf-8"
    soap = "{http://schemas.xmlsoap.org/soap/envelope/}"
    fault = ET.fromstring(answer.body).find(f"{soap}Body/{soap}Fault")
    assert fault is not None
    assert fault.findtext("faultcode") == "soap:Server"
    assert fault.findtext("faultstring") == "Hệ thống phía sau đang gặp sự cố."
    problem = "detail/{urn:ietf:rfc:7807}problem/{urn:ietf:rfc:7807}"
    assert fault.findtext(f"{problem}status") == "503"
    assert fault.findtext(f"{problem}don_vi_quan_ly") == "Sở Nội vụ & bạn"
    phone = f"{problem}lien_he/{{urn:ietf:rfc:7807}}dien_thoai"
    assert fault.findtext(phone) == "0225 123 456"


def test_a_soap_12_caller_gets_a_fault_of_its_version_that_says_whose_fault_it_is() -> None:
    error = TooManyCalls("don-vi", retry_after=3)
    scope = call(method="POST", content_type="application/soap+xml")
    answer = failure_answer(PORTAL, ROUTE, error, scope)
    soap = "{http://www.w3.org/2003/05/soap-envelope}"
    fault = ET.fromstring(answer.body).find(f"{soap}Body/{soap}Fault")
    assert fault is not None
    assert fault.findtext(f"{soap}Code/{soap}Value") == "soap:Sender"
    assert fault.findtext(f"{soap}Reason/{soap}Text") == TooManyCalls.detail
    assert answer.status == 429


def test_a_jsonp_caller_gets_a_call_of_its_function() -> None:
    error = UpstreamUnreachable("http://u: refused")
    answer = failure_answer(PORTAL, ROUTE, error, call(b"callback=cong.nhan"))
    fields = dict(answer.fields)
    assert answer.status == 502
    assert fields[b"content-type"] == b"application/javascript; charset=utf-8"
    assert fields[b"x-content-type-options"] == b"nosniff"
    text = answer.body.decode()
    assert text.startswith("/**/cong.nhan({")
    assert json.loads(text[len("/**/cong.nhan(") : -2])["status"] == 502


def test_a_script_of_another_page_may_read_what_went_wrong() -> None:
    error = UpstreamDown("http://u", retry_after=7)
    answer = failure_answer(PORTAL, ROUTE, error, call(origin="https://bao.test"))
    assert dict(answer.fields)[b"access-control-allow-origin"] == b"*"
    plain = failure_answer(PORTAL, ROUTE, error, call())
    assert b"access-control" not in plain.lines


def test_an_api_that_has_ended_names_its_successor() -> None:
    answer = retired_answer(PORTAL, ROUTE, call())
    found = json.loads(answer.body)
    assert (answer.status, found["status"], found["title"]) == (410, 410, "Gone")
    assert found["thay_the"] == "https://haiphong.gov.vn/api/v1/don-vi"


def test_who_calls_too_often_is_told_when_to_come_again(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    limit = RateLimit(calls=2, seconds=600, burst=2, key="header:X-Api-Key")
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder), rate_limit=limit)
    answers = [httpx.get(f"{origin}/a", headers={"x-api-key": "k"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert 299 <= int(answers[2].headers["retry-after"]) <= 300
    assert httpx.get(f"{origin}/a", headers={"x-api-key": "l"}).status_code == 200
    assert len(recorder.heads) == 3


def test_a_body_longer_than_its_route_takes_is_refused(
    upstream: Callable[..., str], gateway: Gateway, talk_raw: Callable[..., bytes]
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(upstream(recorder), max_body=10)
    assert httpx.post(f"{origin}/a", content=b"x" * 10).status_code == 200
    heads = len(recorder.heads)
    answer = httpx.post(f"{origin}/a", content=b"x" * 11)
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")
    assert len(recorder.heads) == heads, "it was announced: nobody was asked"
    chunked = b"POST /a HTTP/1.1\r\nHost: old.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 413 " in talk_raw(origin, chunked + b"b\r\n" + b"x" * 11 + b"\r\n0\r\n\r\n")


def test_an_answer_longer_than_its_route_allows_is_502_or_is_cut_off(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    long = b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + b"x" * 11
    answer = httpx.get(f"{gateway(upstream(Recorder(long)), max_answer=10)}/a")
    assert answer.status_code == 502
    assert "dài hơn" in answer.json()["detail"]
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"6\r\nxxxxxx\r\n" * 2
    origin = gateway(upstream(Recorder(chunks + b"0\r\n\r\n")), max_answer=10)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{origin}/a")
    short = gateway(upstream(Recorder(long)), max_answer=11)
    assert httpx.get(f"{short}/a").content == b"x" * 11


def test_an_answer_that_nobody_read_is_no_part_of_the_next_one(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    class Changing(Recorder):
        async def __call__(
            self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.connections += 1
                body = b"x" * (11 if self.connections == 1 else 5)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()

    origin = gateway(upstream(Changing(b"")), max_answer=10)
    answers = [httpx.get(f"{origin}/a") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [502, 200]
    assert answers[1].content == b"xxxxx"


def test_zeep_reads_a_failure_as_a_fault(
    upstream: Callable[..., str], serve_routes: Callable[..., str], closed: str
) -> None:
    server = SoapServer()
    server.origin = upstream(server)
    describes = ApiRoute("wsdl", "old.test", "/*", (Upstream(server.origin),), **WSDL)
    answers = ApiRoute("soap", "old.test", "/dv.asmx", (Upstream(closed),), frozenset({"POST"}))
    origin = serve_routes(describes, answers)
    client = zeep.Client(f"{origin}/dv.asmx?WSDL", transport=Transport(timeout=5))
    with pytest.raises(zeep.exceptions.Fault) as caught:
        client.service.Hoi()
    assert caught.value.message == "Không kết nối được đến hệ thống phía sau."
    assert caught.value.code == "soap:Server"
    problem = caught.value.detail.find("{urn:ietf:rfc:7807}problem")
    assert problem.findtext("{urn:ietf:rfc:7807}status") == "502"
