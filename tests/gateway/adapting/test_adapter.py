"""Old programs and a new server, or the other way about, over real sockets."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx2 as httpx
import pytest
from prometheus_client import generate_latest
from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.units.register import load_register
from gateway.adapting.adapter import UnitAdapter
from gateway.metrics import Metrics
from gateway.passthrough.proxy import Passthrough
from redirects.route import ApiRoute, Upstream
from redirects.route_units import UnitCodes
from tests.gateway.passthrough.recorder import PORTAL

OLD_DAY = date(2025, 6, 30)
TODAY = date(2026, 11, 1)
REGISTER = load_register()
Serve = Callable[..., "Line"]


class Server:
    """An upstream that keeps whole requests and answers with what it is given."""

    def __init__(self) -> None:
        self.head = b""
        self.body = b""
        self.calls = 0
        self.answer = (b"application/json", b'{"ok": true}', b"")

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            self.head = await reader.readuntil(b"\r\n\r\n")
            self.calls += 1
            self.body = await self._body(reader)
            kind, body, more = self.answer
            fields = b"content-type: %b\r\ncontent-length: %d\r\n" % (kind, len(body))
            if self.head.startswith(b"HEAD"):
                body = b""
            writer.write(b"HTTP/1.1 200 OK\r\n" + fields + more + b"\r\n" + body)
            await writer.drain()

    async def _body(self, reader: asyncio.StreamReader) -> bytes:
        low = self.head.lower()
        if b"transfer-encoding: chunked" in low:
            body = b""
            while size := int(await reader.readline(), 16):
                body += (await reader.readexactly(size + 2))[:-2]
            await reader.readline()
            return body
        if b"content-length: " not in low:
            return b""
        length = int(low.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return await reader.readexactly(length)

    @property
    def target(self) -> str:
        return self.head.split(b" ")[1].decode()

    def header(self, name: str) -> str | None:
        for line in self.head.decode("latin-1").split("\r\n")[1:]:
            field, _, value = line.partition(": ")
            if field.lower() == name:
                return value
        return None


class Line:
    """A gateway with one adapted route, and the server behind it."""

    def __init__(self, origin: str, server: Server) -> None:
        self.origin = origin
        self.server = server

    def call(self, path: str, method: str = "GET", **options: Any) -> httpx.Response:
        return httpx.request(method, self.origin + path, timeout=10, **options)


def adapting(route: ApiRoute, metrics: Metrics | None = None) -> ASGIApp:
    made: list[Passthrough] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await made[0].to(route)(scope, receive, send)
            return
        adapter = UnitAdapter(PORTAL, REGISTER, lambda: TODAY)
        made.append(Passthrough(PORTAL, metrics or Metrics(), unit_codes=adapter))
        while (message := await receive())["type"] != "lifespan.shutdown":
            await send({"type": f"{message['type']}.complete"})
        await made[0].close()
        await send({"type": "lifespan.shutdown.complete"})

    return app


@pytest.fixture
def line(serve: Callable[[ASGIApp], str], upstream: Callable[[Server], str]) -> Serve:
    def start(path: str = "/*", **units: Any) -> Line:
        server = Server()
        about = {"callers": OLD_DAY, "parameters": ("ma",), **units}
        upstreams = (Upstream(upstream(server)),)
        route = ApiRoute("api", "old.test", path, upstreams, units=UnitCodes(**about))
        return Line(serve(adapting(route)), server)

    return start


# --- calls ---


@pytest.mark.parametrize(
    ("path", "arrived", "told", "warned"),
    [
        ("/a?x=%7e&ma=30&y", "/a?x=%7e&ma=31&y", "30=31", None),
        ("/a?ma=31&q=30", "/a?ma=31&q=30", None, None),
        ("/a?ma=30,31", "/a?ma=31,31", "30=31", None),
        ("/a?ma=11008", "/a?ma=11020", "11008=11020", "mo-ho 11008=11020"),
        ("/a?ma=99&ma=x", "/a?ma=99&ma=x", None, None),
        ("/a?", "/a?", None, None),
        ("/a", "/a", None, None),
    ],
)
def test_a_parameter_of_an_old_program_is_what_the_new_server_knows(
    line: Serve, path: str, arrived: str, told: str | None, warned: str | None
) -> None:
    here = line()
    answer = here.call(path)
    assert answer.status_code == 200
    assert here.server.target == arrived
    assert answer.headers.get("x-don-vi-chuyen-doi") == told
    assert answer.headers.get("x-don-vi-canh-bao") == warned
    assert answer.content == b'{"ok": true}'


def test_a_capture_of_the_path_is_changed_in_its_place(line: Serve) -> None:
    here = line("/api/:cap/:ma/*", parameters=("ma",))
    here.call("/api/30/30/30%2Fx?ma=30")
    assert here.server.target == "/api/30/31/30%2Fx?ma=31"


@pytest.mark.parametrize(
    ("kind", "sent", "arrived"),
    [
        ("application/x-www-form-urlencoded", "a=1&ma=30", "a=1&ma=31"),
        ("application/json", '{ "ma" : "30", "x" : 1.00 }', '{ "ma" : "31", "x" : 1.00 }'),
        ("application/vnd.x+json", '{"d":[{"tinh":8}]}', '{"d":[{"tinh":8}]}'),
        ("application/json", '{"d":[{"tinh":30}]}', '{"d":[{"tinh":31}]}'),
        ("text/xml", "<E><Tinh>30</Tinh></E>", "<E><Tinh>31</Tinh></E>"),
        ("text/plain", "ma=30", "ma=30"),
        ("application/json", '{"ma":"30"', '{"ma":"30"'),
        ("application/json", "", ""),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_codes_in_a_body_are_changed_and_its_length_is_right(
    line: Serve, kind: str, sent: str, arrived: str, *, chunked: bool
) -> None:
    here = line(parameters=("ma", "$.d[*].tinh tinh", "//Tinh"))
    content: Any = iter([sent[:5].encode(), sent[5:].encode()]) if chunked else sent
    answer = here.call("/a?ma=30", "POST", content=content, headers={"content-type": kind})
    assert answer.status_code == 200
    assert here.server.body.decode() == arrived
    assert here.server.target == "/a?ma=31"
    assert ("content-length" in here.server.head.decode().lower()) != chunked


def test_a_long_body_is_changed_all_the_same(line: Serve) -> None:
    here = line(day="$.ngay", callers=None, parameters=("$.d[*].ma",))
    rows = [{"ma": "27", "ten": "x" * 40} for _ in range(2_000)]
    here.call("/a", "POST", json={"d": rows, "ngay": "30/06/2025"})
    assert {row["ma"] for row in json.loads(here.server.body)["d"]} == {"24"}


def test_a_packed_body_is_packed_again(line: Serve) -> None:
    here = line()
    headers = {"content-type": "application/json", "content-encoding": "gzip", "digest": "x"}
    here.call("/a", "POST", content=gzip.compress(b'{"ma":"30"}'), headers=headers)
    assert gzip.decompress(here.server.body) == b'{"ma":"31"}'
    assert here.server.header("content-encoding") == "gzip"
    assert here.server.header("digest") is None


@pytest.mark.parametrize(
    ("body", "coding"), [(b'{"ma":"30","x":"' + b"y" * 2_000_000 + b'"}', ""), (b"\x00", "br")]
)
def test_a_body_too_long_or_packed_otherwise_crosses_whole_and_the_answer_says_so(
    line: Serve, body: bytes, coding: str, capfd: pytest.CaptureFixture[str]
) -> None:
    here = line(largest=100_000)
    headers = {"content-type": "application/json"} | (
        {"content-encoding": coding} if coding else {}
    )
    for _ in range(11):
        answer = here.call("/a", "POST", content=body, headers=headers)
    assert here.server.body == body
    assert answer.headers["x-don-vi-canh-bao"] == "khong-doi"
    said = [one for one in capfd.readouterr().out.splitlines() if "units.untouched" in one]
    assert len(said) == 2  # the first and the tenth
    assert "count=10" in said[1] or '"count": 10' in said[1]


@pytest.mark.parametrize(
    ("units", "path", "arrived"),
    [
        ({"day": "ngay"}, "/a?ma=24&ngay=30/06/2025", "/a?ma=24&ngay=30/06/2025"),
        ({"day": "ngay", "callers": None}, "/a?ma=27&ngay=2025-06-30", "/a?ma=24&ngay=2025-06-30"),
        ({"day": "ngay", "callers": None}, "/a?ma=27", "/a?ma=27"),  # today's codes
        ({"day": "ngay"}, "/a?ma=30&ngay=2026-01-01", "/a?ma=30&ngay=2026-01-01"),
        ({"day": "ngay"}, "/a?ma=30&ngay=hom-qua", "/a?ma=31&ngay=hom-qua"),
        ({"day": "ngay"}, "/a?ma=30&ngay=30%2F06%2F2025", "/a?ma=31&ngay=30%2F06%2F2025"),
        ({"callers": None, "server": OLD_DAY}, "/a?ma=24", "/a?ma=24"),
        ({"callers": None, "server": OLD_DAY}, "/a?ma=11065", "/a?ma=11065"),
    ],
)
def test_a_call_may_name_its_day_itself(
    line: Serve, units: dict[str, Any], path: str, arrived: str
) -> None:
    here = line(**units)
    here.call(path)
    assert here.server.target == arrived


def test_the_day_may_stand_in_the_body_or_in_the_path(line: Serve) -> None:
    soap = line(callers=None, day="//DenNgay", parameters=("//Tinh",))
    body = "<E><DenNgay>30/06/2025</DenNgay><Tinh>27</Tinh></E>"
    soap.call("/a", "POST", content=body, headers={"content-type": "text/xml"})
    assert soap.server.body == body.replace("27", "24").encode()
    path = line("/api/:ngay/:ma", callers=None, day="ngay")
    path.call("/api/2025-06-30/27")
    assert path.server.target == "/api/2025-06-30/24"


def test_a_day_in_a_body_that_cannot_be_read_is_no_day(line: Serve) -> None:
    here = line(day="//DenNgay", parameters=("//Tinh", "ma"))
    headers = {"content-type": "text/xml"}
    body = "<E><DenNgay>30/06/2025</DenNgay><Tinh>27</Tinh>"
    answer = here.call("/a?ma=30", "POST", content=body, headers=headers)
    assert (here.server.target, here.server.body) == ("/a?ma=31", body.encode())
    assert answer.headers["x-don-vi-canh-bao"] == "khong-doi"


@pytest.mark.parametrize(
    ("units", "path"),
    [({}, "/a?ma=297"), ({"ambiguous": "refuse"}, "/a?ma=297"), ({"refuses": True}, "/a?ma=11008")],
)
def test_where_nobody_can_choose_the_call_is_not_made_and_all_units_are_listed(
    line: Serve, units: dict[str, Any], path: str
) -> None:
    units.pop("ambiguous", None)
    here = line(**units)
    answer = here.call(path)
    told = answer.json()
    assert (answer.status_code, told["status"], told["mo_ho"]) == (422, 422, True)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-don-vi-canh-bao"] == "mo-ho"
    assert len(told["ket_qua"]) > 1
    assert told["lien_he"]["dien_thoai"]
    assert "location" not in answer.headers
    assert here.server.calls == 0


def test_a_soap_program_reads_a_fault_that_lists_the_units(line: Serve) -> None:
    here = line(parameters=("//Huyen",))
    headers = {"content-type": "text/xml", "soapaction": "x"}
    answer = here.call("/a", "POST", content="<E><Huyen>297</Huyen></E>", headers=headers)
    assert answer.status_code == 422
    assert "<faultcode>soap:Client</faultcode>" in answer.text
    assert "<ket_qua><i><ma>10999</ma>" in answer.text
    assert "<mo_ho>true</mo_ho><ma_mac_dinh></ma_mac_dinh>" in answer.text


def test_a_call_that_was_not_made_is_counted_like_any_other(
    serve: Callable[[ASGIApp], str],
) -> None:
    units = UnitCodes(callers=OLD_DAY, parameters=("ma",))
    route = ApiRoute("api", "old.test", "/*", (Upstream("http://127.0.0.1:9"),), units=units)
    metrics = Metrics()
    assert httpx.get(f"{serve(adapting(route, metrics))}/a?ma=297").status_code == 422
    counted = generate_latest(metrics.registry).decode()
    assert 'hopnhat_passthrough_seconds_count{route="api",status="4xx"} 1.0' in counted


# --- answers ---

ANSWERS: dict[str, Any] = {"answers": ("$..ma", "$..so tinh", "//Ma", "//Xa/@ma")}


@pytest.mark.parametrize(
    ("kind", "sent", "read"),
    [
        (
            "application/json",
            '{"d":[ {"ma":"24"}, {"ma":"31"} ]}',
            '{"d":[ {"ma":"24"}, {"ma":"30"} ]}',
        ),
        ("application/json; charset=utf-8", '\ufeff{"so":31}', '\ufeff{"so":30}'),
        ("application/javascript", 'cb({"ma":"31"});', 'cb({"ma":"30"});'),
        ("text/xml", '<A><Xa ma="31"/><Ma>31</Ma></A>', '<A><Xa ma="30"/><Ma>30</Ma></A>'),
        ("text/html", '{"ma":"31"}', '{"ma":"31"}'),
        ("application/json", '{"ma":"31"', '{"ma":"31"'),
        ("application/json", '{"ma":"99"}', '{"ma":"99"}'),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_speaks_of_the_units_the_caller_knows(
    line: Serve, kind: str, sent: str, read: str, *, packed: bool
) -> None:
    here = line(**ANSWERS)
    body = gzip.compress(sent.encode()) if packed else sent.encode()
    more = b'etag: "a"\r\naccept-ranges: bytes\r\n'
    here.server.answer = (kind.encode(), body, more + b"content-encoding: gzip\r\n" * packed)
    answer = here.call("/a?ma=30", headers={"range": "bytes=0-1", "accept-encoding": "br, gzip"})
    assert answer.content.decode() == read
    assert here.server.target == "/a?ma=31"
    assert here.server.header("range") is None
    assert here.server.header("accept-encoding") == "gzip"
    is_changed = sent != read
    assert answer.headers["etag"] == ('W/"a"' if is_changed else '"a"')
    assert ("accept-ranges" in answer.headers) != is_changed
    assert answer.headers.get("content-encoding") == ("gzip" if packed else None)


def test_an_answer_in_new_codes_serves_a_new_program_of_an_old_server(line: Serve) -> None:
    here = line(callers=None, server=OLD_DAY, **ANSWERS)
    here.server.answer = (
        b"application/json",
        b'{"d":[{"ma":"30"},{"ma":"11008"},{"ma":"297"}]}',
        b"",
    )
    answer = here.call("/a")
    assert answer.json() == {"d": [{"ma": "31"}, {"ma": "11020"}, {"ma": "297"}]}
    assert answer.headers["x-don-vi-canh-bao"] == "mo-ho 11008=11020, 297="
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_a_large_answer_is_changed_too_and_one_too_large_crosses_as_it_came(line: Serve) -> None:
    here = line(largest=400_000, **ANSWERS)
    rows = [{"ma": "31", "ten": "x" * 50} for _ in range(3_000)]
    here.server.answer = (b"application/json", json.dumps({"d": rows}).encode(), b"")
    answer = here.call("/a?ma=30")
    assert {row["ma"] for row in answer.json()["d"]} == {"30"}
    here.server.answer = (b"application/json", json.dumps({"d": rows * 3}).encode(), b"")
    answer = here.call("/a?ma=30")
    assert {row["ma"] for row in answer.json()["d"]} == {"31"}
    assert answer.headers["x-don-vi-canh-bao"] == "khong-doi"
    bomb = gzip.compress(b'{"ma":"31","x":"' + bytes(10_000_000) + b'"}')
    here.server.answer = (b"application/json", bomb, b"content-encoding: gzip\r\n")
    with httpx.stream("GET", f"{here.origin}/a?ma=30", timeout=10) as raw:
        assert b"".join(raw.iter_raw()) == bomb


def test_a_script_of_another_origin_reads_what_became_of_its_codes(line: Serve) -> None:
    here = line()
    here.server.answer = (b"text/plain", b"x", b"access-control-allow-origin: *\r\n")
    exposed = "access-control-expose-headers"
    answer = here.call("/a?ma=30")
    assert answer.headers[exposed] == "x-don-vi-chuyen-doi, x-don-vi-canh-bao"
    assert exposed not in here.call("/a?ma=31").headers
    here.server.answer = (b"text/plain", b"x", b"")
    assert exposed not in here.call("/a?ma=30").headers


def test_a_head_says_no_length_that_would_not_be_true(line: Serve) -> None:
    here = line(**ANSWERS)
    answer = here.call("/a?ma=30", "HEAD")
    assert answer.status_code == 200
    assert "content-length" not in answer.headers
    assert here.server.target == "/a?ma=31"


PIECES = ('{"ma": "31", "ten": "Th', 'ành phố Hải Phòng" } ')
CHUNKED = b"".join(b"%x\r\n%b\r\n" % (len(one.encode()), one.encode()) for one in PIECES)


def test_an_answer_in_chunks_is_changed_and_an_old_caller_gets_its_length(
    serve: Callable[[ASGIApp], str],
    upstream: Callable[..., str],
    talk_raw: Callable[..., bytes],
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            fields = b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
            writer.write(b"HTTP/1.1 200 OK\r\n" + fields + b"Trailer: X-Sum\r\n\r\n" + CHUNKED)
            writer.write(b"0\r\nX-Sum: 1\r\n\r\n")

    units = UnitCodes(callers=OLD_DAY, parameters=("ma",), answers=("ma",))
    route = ApiRoute("api", "old.test", "/*", (Upstream(upstream(talk)),), units=units)
    origin = serve(adapting(route))
    read = {"ma": "30", "ten": "Thành phố Hải Phòng"}
    assert httpx.get(f"{origin}/a?ma=30").json() == read
    said = talk_raw(origin, b"GET /a?ma=30 HTTP/1.0\r\nHost: old.test\r\n\r\n")
    head, _, body = said.partition(b"\r\n\r\n")
    assert json.loads(body) == read
    assert b"content-length: %d\r\n" % len(body) in head.lower() + b"\r\n"
    assert b"chunked" not in head.lower()


def test_an_answer_that_breaks_off_while_it_is_held_is_a_failure_and_not_half_an_answer(
    serve: Callable[[ASGIApp], str], upstream: Callable[..., str]
) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        fields = b"Content-Type: application/json\r\nContent-Length: 500\r\n\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\n" + fields + b'{"ma": "31"')

    units = UnitCodes(callers=OLD_DAY, parameters=("ma",), answers=("ma",))
    route = ApiRoute("api", "old.test", "/*", (Upstream(upstream(talk)),), units=units)
    answer = httpx.get(f"{serve(adapting(route))}/a?ma=30")
    assert (answer.status_code, answer.json()["api"]) == (502, "api")


def test_where_both_sides_speak_of_one_day_every_byte_crosses(line: Serve) -> None:
    here = line(callers=TODAY, **ANSWERS)
    here.server.answer = (b"application/json", b'{"ma":"31"}', b'etag: "a"\r\n')
    answer = here.call("/a?ma=30", headers={"range": "bytes=0-1"})
    assert answer.content == b'{"ma":"31"}'
    assert answer.headers["etag"] == '"a"'
    assert here.server.target == "/a?ma=30"
    assert here.server.header("range") == "bytes=0-1"


def test_a_failure_behind_is_told_as_ever(serve: Callable[[ASGIApp], str]) -> None:
    units = UnitCodes(callers=OLD_DAY, parameters=("ma",), answers=("$..ma",))
    route = ApiRoute("api", "old.test", "/*", (Upstream("http://127.0.0.1:9"),), units=units)
    answer = httpx.get(f"{serve(adapting(route))}/a?ma=30")
    assert (answer.status_code, answer.json()["api"]) == (502, "api")
    assert answer.headers["x-don-vi-chuyen-doi"] == "30=31"
