"""Hostile addresses over a real socket against the real site: no answer leads off the portal."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from gateway.settings.sites import RuleSettings
from redirects.mapping import MappingKind
from tests.hostile import escapes, payloads

RULES = (
    RuleSettings(name="nguyen-duong", site="haiduong", pattern="/*", target="/:splat"),
    RuleSettings(name="ca-duong", site="gialoc", pattern="^/(.*)$", target=r"/\1"),
)
HOSTS = ("www.haiduong.localhost", "gialoc.haiduong.localhost", "haiphong.localhost")


def request_targets() -> Iterator[bytes]:
    """Every payload as it can stand in a request line: as it is, behind a slash, escaped."""
    for payload in payloads():
        for text in {payload, f"/{payload.lstrip('/')}", f"/{payload}"}:
            raw = text.encode("utf-8", "surrogatepass")
            if not any(byte in raw for byte in b" \r\n\t"):
                yield raw
            yield quote(text, safe="/%?&=:@;.\\", errors="replace").encode()


def ask(port: int, host: str, target: bytes) -> list[tuple[bytes, bytes]]:
    """Return the header lines of the answer, as the bytes that came."""
    head = (
        b"GET " + target + b" HTTP/1.1\r\nHost: " + host.encode() + b"\r\nConnection: close\r\n\r\n"
    )
    answer = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(head)
        while b"\r\n\r\n" not in answer and (data := client.recv(65536)):
            answer += data
    lines = answer.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert lines[0].startswith(b"HTTP/1.1 "), (target, answer)
    pairs = [line.partition(b":")[::2] for line in lines[1:]]
    return [(name.lower(), value.strip()) for name, value in pairs]


@pytest.mark.parametrize("host", HOSTS)
def test_no_request_is_answered_with_a_way_out(
    town: Any, open_town: Callable[[Any], str], host: str
) -> None:
    town.settings = town.settings.model_copy(update={"rule": RULES})
    open_town(town)
    port = town.listening.getsockname()[1]
    allowed = {*HOSTS, "127.0.0.1", "haiduong.localhost", "dichvucong.gov.vn"}
    redirected = 0
    for target in dict.fromkeys(request_targets()):
        headers = ask(port, host, target)
        names = [name for name, _ in headers]
        assert b"set-cookie" not in names, target
        assert names.count(b"location") <= 1, target
        for name, value in headers:
            assert b"\n" not in value
            assert b"\r" not in value
            if name == b"location":
                redirected += 1
                base = f"http://{host}:{port}/"
                assert escapes(value.decode("latin-1"), base, allowed) is None, (target, value)
    assert redirected > 100 or host == "haiphong.localhost"


def test_no_payload_that_is_kept_as_a_target_is_served_as_a_way_out(
    town: Any, open_town: Callable[[Any], str]
) -> None:
    """Rows that no console and no import would have let in, written straight into the catalogue."""
    hostile = payloads()
    for number, payload in enumerate(hostile):
        kind = MappingKind.MOVED if number % 2 else MappingKind.TEMPORARY
        address = f"http://{HOSTS[0]}/a-{number}"
        town.decide(address, kind, target=payload.encode("utf-8", "replace").decode())
    open_town(town)
    port = town.listening.getsockname()[1]
    for number, payload in enumerate(hostile):
        for name, value in ask(port, HOSTS[0], f"/a-{number}".encode()):
            assert name != b"set-cookie"
            if name == b"location":
                base = f"http://{HOSTS[0]}:{port}/"
                allowed = {"haiphong.localhost", "127.0.0.1", "dichvucong.gov.vn"}
                assert escapes(value.decode("latin-1"), base, allowed) is None, payload
