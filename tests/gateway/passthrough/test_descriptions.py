"""SOAP descriptions that name the server that made them name the public host instead."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
import zeep
from starlette.types import Message
from zeep.transports import Transport

from gateway.passthrough.descriptions import MOST_HELD_BYTES, Renaming
from gateway.passthrough.public_names import PublicName
from redirects.route import ApiRoute, Rewriting, Upstream
from tests.gateway.passthrough.recorder import Gateway, Recorder

WSDL: Any = {"rewriting": Rewriting(wsdl=True), "server_names": ("may-chu-01",)}
DESCRIPTION = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions targetNamespace="http://tempuri.org/" xmlns:tns="http://tempuri.org/"
  xmlns:s="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
  xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/">
  <wsdl:types><s:schema targetNamespace="http://tempuri.org/" elementFormDefault="qualified">
    <s:include schemaLocation="{origin}/dv.asmx?xsd=xsd0"/>
  </s:schema></wsdl:types>
  <wsdl:message name="Hoi"><wsdl:part name="p" element="tns:Hoi"/></wsdl:message>
  <wsdl:message name="Dap"><wsdl:part name="p" element="tns:Dap"/></wsdl:message>
  <wsdl:portType name="Dv"><wsdl:operation name="Hoi">
    <wsdl:input message="tns:Hoi"/><wsdl:output message="tns:Dap"/>
  </wsdl:operation></wsdl:portType>
  <wsdl:binding name="DvSoap" type="tns:Dv">
    <soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="Hoi"><soap:operation soapAction="http://tempuri.org/Hoi"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input>
      <wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation>
  </wsdl:binding>
  <wsdl:service name="Dv"><wsdl:documentation>Địa chỉ: http://may-chu-01/dv.asmx</wsdl:documentation>
    <wsdl:port name="DvSoap" binding="tns:DvSoap"><soap:address location="{origin}/dv.asmx"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>"""
SCHEMA = """<s:schema targetNamespace="http://tempuri.org/" elementFormDefault="qualified"
  xmlns:s="http://www.w3.org/2001/XMLSchema"><s:element name="Hoi"><s:complexType/></s:element>
  <s:element name="Dap" type="s:string"/></s:schema>"""
REPLY = """<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>
  <Dap xmlns="http://tempuri.org/">Hải Phòng</Dap></e:Body></e:Envelope>"""


def answer(body: bytes, *fields: bytes, content_type: bytes = b"text/xml; charset=utf-8") -> bytes:
    lines = (b"Content-Type: " + content_type, b"Content-Length: %d" % len(body), *fields)
    return b"HTTP/1.1 200 OK\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body


class SoapServer:
    """A service that describes itself by the address it listens on, packed as it is asked."""

    def __init__(self) -> None:
        self.origin = ""
        self.heads: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.heads.append(head)
            if head.startswith(b"POST"):
                await reader.readuntil(b"Envelope>")
                writer.write(answer(REPLY.encode()))
            elif b"xsd=xsd0" in head:
                writer.write(answer(SCHEMA.encode()))
            else:
                body = gzip.compress(DESCRIPTION.format(origin=self.origin).encode())
                writer.write(answer(body, b"Content-Encoding: gzip"))
            await writer.drain()


def test_zeep_finds_the_service_by_its_description_and_calls_it_through_the_gateway(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    server = SoapServer()
    server.origin = upstream(server)
    origin = gateway(server.origin, **WSDL)
    client = zeep.Client(f"{origin}/dv.asmx?WSDL", transport=Transport(timeout=5))
    assert client.service.Hoi() == "Hải Phòng"
    assert client.service._binding_options["address"] == f"{origin}/dv.asmx"
    assert len(server.heads) == 3
    assert all(b"\r\nvia: 1.1 hopnhat\r\n" in head for head in server.heads)


PLAIN = "<a x='{0}/dv.asmx?xsd=1' y=\"{0}\">http://may-chu-01:81/b HTTPS://MAY-CHU-01</a>"
HEADS = {
    "plain": (b"", lambda text: text),
    "gzip": (b"Content-Encoding: gzip\r\n", gzip.compress),
    "deflate": (b"Content-Encoding: deflate\r\n", zlib.compress),
}


@pytest.mark.parametrize("packing", HEADS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "target", ["/dv.asmx?wsdl", "/dv.svc?singleWsdl", "/a?x=1&disco", "/a.WSDL"]
)
def test_every_address_of_the_server_becomes_the_public_one(
    upstream: Callable[..., str], gateway: Gateway, packing: str, encoding: str, target: str
) -> None:
    place: list[str] = []
    field, pack = HEADS[packing]

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"\r\nrange:" not in head
        body = pack(PLAIN.format(place[0]).encode(encoding))
        writer.write(
            b'HTTP/1.1 200 OK\r\nContent-Type: application/wsdl+xml\r\nETag: "a"\r\n'
            b"Content-MD5: x\r\nTransfer-Encoding: chunked\r\n" + field + b"\r\n"
        )
        for start in range(0, len(body), 20):
            piece = body[start : start + 20]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\nX-Dem: 1\r\n\r\n")
        await reader.read()

    place.append(upstream(talk))
    headers = {"host": "www.haiduong.gov.vn", "x-forwarded-proto": "https", "range": "bytes=1-2"}
    answered = httpx.get(gateway(place[0], **WSDL) + target, headers=headers)
    public = "https://www.haiduong.gov.vn"
    text = f"<a x='{public}/dv.asmx?xsd=1' y=\"{public}\">{public}/b {public}</a>"
    assert answered.content.decode(encoding) == text
    assert answered.headers["content-length"] == str(len(answered.content))
    assert answered.headers["etag"] == 'W/"a"'
    assert not {"content-encoding", "content-md5", "trailer"} & answered.headers.keys()


LONG = b"<a>" + b"x" * MOST_HELD_BYTES + b"http://may-chu-01/</a>"


@pytest.mark.parametrize(
    ("target", "whole"),
    [
        ("/a?wsdl", answer(b"<a>http://la.test/</a>", b'ETag: "a"', b"Content-MD5: x")),
        ("/a?wsdl", answer(gzip.compress(b"<a>khac</a>"), b"Content-Encoding: gzip")),
        ("/a?wsdl", answer(b"<p>http://may-chu-01/</p>", content_type=b"text/html")),
        ("/a?ma=wsdl", answer(b"<a>http://may-chu-01/</a>")),
        ("/a?wsdl", answer(b"\x1b\x00http://may-chu-01/", b"Content-Encoding: br")),
        ("/a?wsdl", answer(b"no gzip", b"Content-Encoding: gzip")),
        ("/a?wsdl", answer(gzip.compress(LONG), b"Content-Encoding: gzip")),
        ("/a?wsdl", answer(LONG)),
        ("/a?wsdl", answer(b"<a>http://may-chu-01/</a>").replace(b"200 OK", b"404 Not Found")),
    ],
    ids=["other", "packed", "html", "no question", "brotli", "broken", "bomb", "long", "404"],
)
def test_what_is_no_description_or_cannot_be_read_crosses_as_it_came(
    upstream: Callable[..., str],
    gateway: Gateway,
    talk_raw: Callable[..., bytes],
    target: str,
    whole: bytes,
) -> None:
    origin = gateway(upstream(Recorder(whole)), **WSDL)
    ask = f"GET {target} HTTP/1.1\r\nHost: old.test\r\nConnection: close\r\n\r\n".encode()
    came = talk_raw(origin, ask)
    head, _, body = whole.partition(b"\r\n\r\n")
    assert came.partition(b"\r\n\r\n")[2] == body
    for line in head.split(b"\r\n")[1:]:
        assert line.lower() in came.lower()


def test_the_head_alone_promises_no_length(upstream: Callable[..., str], gateway: Gateway) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 50\r\n\r\n"
    origin = gateway(upstream(Recorder(head)), **WSDL)
    answered = httpx.head(f"{origin}/a?wsdl")
    assert answered.status_code == 200
    assert "content-length" not in answered.headers


def test_descriptions_cross_as_they_came_where_a_route_asks_for_nothing(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    body = b"<a>http://may-chu-01/</a>"
    origin = gateway(upstream(Recorder(answer(body))), server_names=("may-chu-01",))
    assert httpx.get(f"{origin}/a?wsdl").content == body


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        (b"http://[::1]:8080/a", b"http://old.test/a"),
        (b"http://noi-bo.test", b"http://old.test"),
        (b"http://noi-bo.test.vn/", b"http://noi-bo.test.vn/"),
        (b"http://xnoi-bo.test/", b"http://xnoi-bo.test/"),
        (b"ftp://noi-bo.test/", b"ftp://noi-bo.test/"),
        (b"https://old.test/", b"https://old.test/"),
        ("\ufeff<a>ệ http://noi-bo.test/".encode("utf-16-be"),
         "\ufeff<a>ệ http://old.test/".encode("utf-16-be")),
    ],
)  # fmt: skip
def test_only_the_servers_of_the_route_are_renamed(text: bytes, renamed: bytes) -> None:
    route = ApiRoute(
        "a", "old.test", "/*", (Upstream("http://[::1]:80"),), host_header="noi-bo.test"
    )
    assert Renaming(route).rename(text, PublicName(b"http", b"old.test")) == renamed


def test_a_location_names_the_public_host_where_the_server_uses_its_own_name(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://May-Chu-01/b\r\nContent-Length: 0\r\n\r\n"
    origin = gateway(upstream(Recorder(moved)), **WSDL)
    answered = httpx.get(f"{origin}/a", headers={"host": "old.test"})
    assert answered.headers["location"] == "http://old.test/b"


def test_a_description_that_breaks_off_is_a_failure_and_not_an_error_of_ours(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"<a>" + bytes(100))[:-50])

    told = httpx.get(f"{gateway(upstream(talk), **WSDL)}/dv.asmx?wsdl")
    assert (told.status_code, told.json()["api"]) == (502, "api")


def test_an_address_of_question_marks_is_looked_through_once() -> None:
    route = ApiRoute("a", "old.test", "/*", (Upstream("http://noi-bo.test"),))
    query = b"?&" * 30_000
    scope = {"method": "GET", "raw_path": b"/a", "query_string": query, "headers": []}

    async def send(_message: Message) -> None:
        """Never called."""

    started = time.process_time()
    assert Renaming(route).prepare(scope, send) == (scope, send)
    assert time.process_time() - started < 1
