"""Old callers, each with its own habits, get from the gateway byte for byte what the server sends.

There is a tap on either side of the gateway: caller - tap - gateway - tap - server. What went over
both wires is compared, first lines, header fields in their order and letters, bodies; only what
RFC 9110, 7.6 has a proxy change is left out, and is listed here.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
import zeep
from playwright.sync_api import Browser

from demo.server import serve as serve_old
from demo.world import build_world
from gateway.app import create_site
from gateway.settings.routes import RouteSettings
from tests.gateway.passthrough.recorder import chatting
from tests.journeys import upstreams
from tests.journeys.wiretap import Message, Tap, tapping

HOP_BY_HOP = frozenset({b"connection", b"keep-alive", b"transfer-encoding", b"te", b"upgrade"})
OURS_IN_REQUESTS = HOP_BY_HOP | {
    *(b"via", b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto"),
}
OURS_IN_ANSWERS = HOP_BY_HOP | {b"via"}
CURL = shutil.which("curl")
Open = Callable[..., "Line"]


@dataclass(frozen=True)
class Line:
    """A gateway with a tap on either side."""

    front: Tap
    back: Tap

    @property
    def url(self) -> str:
        """The origin that callers know."""
        return self.front.origin

    def compare(self, *, but: frozenset[bytes] = frozenset()) -> list[tuple[Message, Message]]:
        """Check that both wires carried the same; gives what the caller asked and got."""
        outside, inside = self.front.exchanges(), self.back.exchanges()
        assert [asked.first_line for asked, _ in inside] == [
            asked.first_line.replace(b" HTTP/1.0", b" HTTP/1.1") for asked, _ in outside
        ]
        for (asked, got), (passed, sent) in zip(outside, inside, strict=True):
            left_out = OURS_IN_REQUESTS | but | {b"host"}
            if b"host" not in but:  # it is sent on first (RFC 9110, 7.2)
                assert passed.value(b"host") == asked.value(b"host")
            assert passed.without(left_out) == asked.without(left_out)
            assert passed.body == asked.body
            ours = OURS_IN_ANSWERS | but
            ours |= set() if sent.value(b"date") else {b"date"}  # RFC 9110, 6.6.1
            assert got.first_line == sent.first_line.replace(b"HTTP/1.0 ", b"HTTP/1.1 ")
            assert got.without(ours) == sent.without(ours)
            assert got.body == sent.body
        return outside


@pytest.fixture
def opened(town: Any, serve: Callable[..., str]) -> Iterator[Open]:
    """Serve the real site with one preserved API; gives the line to it."""
    with tapping() as tap:

        def start(upstream: str, path: str = "/api/*", **options: Any) -> Line:
            back = tap(upstream)
            route = RouteSettings(
                name="api", host="127.0.0.1", path=path, upstream=back.origin, **options
            )
            settings = town.settings.model_copy(update={"route": (route,)})
            return Line(tap(serve(create_site(settings))), back)

        yield start


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[str]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    with upstreams.nginx(folder) as origin:
        yield origin


def curl(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the real curl as a script does."""
    if CURL is None:
        pytest.skip("needs curl")
    command = [CURL, "-q", "-sS", "--noproxy", "*", "--max-time", "20", *arguments]
    return subprocess.run(command, input=given, capture_output=True, check=False, timeout=30)


def test_curl_notices_nothing_in_front_of_nginx(opened: Open, nginx: str) -> None:
    line = opened(nginx)
    table = f"{line.url}/api/bang.csv"
    assert curl(f"{table}?1").stdout == upstreams.TABLE
    assert curl("--compressed", f"{table}?2").stdout == upstreams.TABLE
    assert curl("-r", "9-20", f"{table}?3").stdout == upstreams.TABLE[9:21]
    assert b"200 OK" in curl("-I", table).stdout
    assert curl("-0", f"{table}?4").stdout == upstreams.TABLE
    assert b"basic realm" in curl("-i", f"{line.url}/api/forbidden").stdout.lower()
    for path in ("/api/a%2Fb%7e|c?x=%20&&y", "/api/khong-co", "/api/moved", "/api/bang.csv?"):
        curl("--path-as-is", line.url + path)
    assert curl("-d", "a=1", table).returncode == 0, "nginx answers 405, and that is passed on"
    seen = line.compare()
    assert len(seen) == 11
    assert any(got.value(b"content-encoding") == b"gzip" for _, got in seen)
    assert any(got.first_line.startswith(b"HTTP/1.1 206 ") for _, got in seen)


@pytest.mark.parametrize("framing", [["-H", "Transfer-Encoding: chunked"], ["-H", "Expect:"], []])
def test_curl_sends_bodies_of_any_framing(opened: Open, nginx: str, framing: list[str]) -> None:
    line = opened(nginx)
    done = curl("-T", "-", *framing, f"{line.url}/api/put/ho-so.bin", given=bytes(range(256)) * 800)
    assert (done.returncode, done.stderr) == (0, b"")
    seen = line.compare()
    assert [asked.body for asked, _ in seen] == [bytes(range(256)) * 800]


def test_a_feed_reader_asks_only_for_what_is_new(opened: Open, nginx: str) -> None:
    line = opened(nginx)
    reader = httpx.Client(trust_env=False, headers={"user-agent": "Liferea/1.8 (Linux; vi)"})
    first = reader.get(f"{line.url}/api/tin.xml")
    assert first.content == upstreams.FEED
    for condition in (
        {"if-none-match": first.headers["etag"]},
        {"if-modified-since": first.headers["last-modified"]},
    ):
        again = reader.get(f"{line.url}/api/tin.xml", headers=condition)
        assert (again.status_code, again.content) == (304, b"")
    reader.close()
    line.compare()


JAVA = (
    b"GET /api/don-vi.xml HTTP/1.0\r\nUser-Agent: Java/1.6.0_45\r\nHost: 127.0.0.1\r\n"
    b"Accept: text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2\r\nConnection: keep-alive\r\n\r\n"
)


def test_a_client_of_java_1_6_reads_what_comes_in_chunks(
    opened: Open, upstream: Callable[..., str], talk_raw: Callable[..., bytes]
) -> None:
    line = opened(upstream(upstreams.slow))
    answer = talk_raw(line.url, JAVA)
    text = "<don-vi>Hải Phòng</don-vi>".encode()
    assert answer.endswith(b"\r\n\r\n" + text)
    assert b"\r\ncontent-length: %d\r\n" % len(text) in answer.lower()
    assert b"chunked" not in answer
    line.compare(but=frozenset({b"content-length"}))  # HTTP/1.0 knows no chunks


def test_zeep_calls_the_soap_service_of_the_old_portal(opened: Open) -> None:
    with serve_old(build_world()) as old:
        line = opened(
            f"http://127.0.0.1:{old.port}",
            "/webservice/*",
            host_header="haiphong.gov.vn.localhost",
        )
        client = zeep.Client(f"{line.url}/webservice/DMDVHC.asmx?WSDL")
        binding = next(iter(client.wsdl.bindings))
        service = client.create_service(binding, f"{line.url}/webservice/DMDVHC.asmx")
        before, after = (service.DanhMucTinh(day) for day in ("30/06/2025", "01/07/2025"))
        client.transport.session.close()
        assert str(before) != str(after)
        assert len(line.compare(but=frozenset({b"host"}))) == 3


PAGE = """<!doctype html><title>Hệ thống bên ngoài</title><script>
window.seen = [];
const note = (text) => { seen.push(text); };
fetch("API/api/ho-so", {
  method: "PUT", credentials: "include",
  headers: {"content-type": "application/json", "x-khoa": "1"}, body: '{"so": "1"}',
}).then(async (answer) => note(answer.headers.get("x-tong-so") + await answer.text()));
window.nhanDuoc = (record) => note("jsonp " + record.nhan);
</script><script src="API/api/danh-muc?callback=nhanDuoc"></script>"""


@pytest.mark.browser
def test_a_browser_calls_across_origins(
    opened: Open, upstream: Callable[..., str], browser: Browser
) -> None:
    line = opened(upstream(upstreams.cross_origin))
    elsewhere = upstream(partial(upstreams.page, PAGE.replace("API", line.url).encode()))
    page = browser.new_page()
    page.goto(elsewhere)
    page.wait_for_function("window.seen.length === 2")
    assert sorted(page.evaluate("window.seen")) == ['1{"nhan": 11}', "jsonp 0"]
    page.close()
    methods = [asked.first_line.split(b" ")[0] for asked, _ in line.compare()]
    assert sorted(methods) == [b"GET", b"OPTIONS", b"PUT"]


LISTENING = """<!doctype html><meta charset="utf-8"><script>
window.seen = [];
const events = new EventSource("API/api/su-kien");
events.onmessage = (event) => window.seen.push(event.data);
</script>"""
CHATTING = """<!doctype html><meta charset="utf-8"><script>
window.seen = [];
const socket = new WebSocket("API/api/chat");
socket.onopen = () => ["ai đấy?", "Hải Phòng", "thôi"].forEach((text) => socket.send(text));
socket.onmessage = (event) => window.seen.push(event.data);
socket.onclose = (event) => window.seen.push(event.code + " " + event.reason);
</script>"""


@pytest.mark.browser
def test_a_browser_hears_of_each_event_before_there_is_a_next(
    opened: Open, upstream: Callable[..., str], browser: Browser
) -> None:
    events = upstreams.Events()
    line = opened(upstream(events))
    page = browser.new_page()
    page.goto(upstream(partial(upstreams.page, LISTENING.replace("API", line.url).encode())))
    for number in range(1, 4):
        events.send(f"tin {number}")
        page.wait_for_function(f"window.seen.length === {number}")
    assert page.evaluate("window.seen") == ["tin 1", "tin 2", "tin 3"]
    page.close()
    assert events.left.wait(5), "the server is told that nobody listens any more"


@pytest.mark.browser
def test_a_browser_talks_over_a_web_socket(
    opened: Open, upstream: Callable[..., str], browser: Browser
) -> None:
    with chatting() as chat:
        line = opened(chat)
        address = line.url.replace("http:", "ws:")
        origin = upstream(partial(upstreams.page, CHATTING.replace("API", address).encode()))
        page = browser.new_page()
        page.goto(origin)
        page.wait_for_function("window.seen.length === 4")
        assert page.evaluate("window.seen") == [origin, "Hải Phòng", "thôi", "4001 đã thôi"]
        page.close()


def test_a_slow_server_is_waited_for(opened: Open, upstream: Callable[..., str]) -> None:
    line = opened(upstream(upstreams.slow))
    assert curl(f"{line.url}/api/a").stdout.decode() == "<don-vi>Hải Phòng</don-vi>"
    line.compare()


def test_a_server_that_lies_about_its_answer_is_not_believed(
    opened: Open, upstream: Callable[..., str]
) -> None:
    line = opened(upstream(upstreams.lying))
    done = curl("-w", "%{http_code} %{content_type}", f"{line.url}/api/a")
    assert done.stdout.endswith(b"502 application/problem+json")


def test_a_server_that_dies_is_seen_to_have_died(
    opened: Open, upstream: Callable[..., str]
) -> None:
    line = opened(upstream(upstreams.dying))
    done = curl(f"{line.url}/api/a")
    assert done.stdout == b"nua chung"
    assert done.returncode == 18, "curl says: the file came in part"
    assert not line.front.exchanges()[0][1].whole


def test_a_call_without_a_host_is_told_so(opened: Open, upstream: Callable[..., str]) -> None:
    line = opened(upstream(upstreams.slow))
    with socket.create_connection(("127.0.0.1", line.front.port)) as caller:
        caller.sendall(b"GET /api/a HTTP/1.0\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.1 400 ")
