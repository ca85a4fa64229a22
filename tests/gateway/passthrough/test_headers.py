"""What crosses in headers: who called, and the public host where the server named itself."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.passthrough.headers import Framing, request_head, response_headers
from redirects.route import ApiRoute, Upstream

ROUTE = ApiRoute(
    "api", "old.test", "/*", (Upstream("http://10.0.0.5:8080"),), host_header="noi-bo.test:81"
)
SECURE = ApiRoute("api", "old.test", "/*", (Upstream("https://10.0.0.5"),))


def call(*headers: tuple[bytes, bytes], client: str = "203.0.113.9") -> dict[str, Any]:
    """A call as the server tells it."""
    return {
        "method": "GET",
        "scheme": "http",
        "client": (client, 5000),
        "raw_path": b"/a",
        "query_string": b"",
        "headers": [(b"host", b"old.test:8080"), *headers],
    }


def sent(scope: dict[str, Any]) -> bytes:
    """The head that the upstream reads."""
    return request_head(scope, ROUTE, Framing())


def seen(scope: dict[str, Any], name: bytes, value: bytes, route: ApiRoute = ROUTE) -> bytes:
    """A header field as the caller reads it."""
    headers = response_headers([(name, value)], status=200, route=route, scope=scope)
    return headers[0][1]


def test_a_stranger_is_not_believed_about_who_called() -> None:
    lies = (
        (b"forwarded", b"for=1.1.1.1;proto=https"),
        (b"x-forwarded-for", b"1.1.1.1"),
        (b"x-forwarded-proto", b"https"),
        (b"x-forwarded-port", b"443"),
    )
    head = sent(call(*lies))
    assert b'\r\nforwarded: for=203.0.113.9;host="old.test:8080";proto=http\r\n' in head
    assert b"1.1.1.1" not in head
    assert b"https" not in head


def test_an_ipv6_caller_stands_in_brackets() -> None:
    head = sent(call(client="2001:db8::7"))
    assert b'\r\nforwarded: for="[2001:db8::7]";host=' in head


def test_a_front_servers_own_forwarded_is_kept_and_added_to() -> None:
    head = sent(call((b"forwarded", b'for="_x\\"y"'), client="127.0.0.1"))
    assert b'\r\nforwarded: for="_x\\"y", for=127.0.0.1;host=' in head


def test_what_cannot_be_a_token_is_quoted() -> None:
    head = sent(call((b"x-forwarded-for", b'a"b\\c, unknown'), client="127.0.0.1"))
    assert b'\r\nforwarded: for="a\\"b\\\\c", for=unknown, for=127.0.0.1;' in head


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        (b"Location", b"http://10.0.0.5:8080/b?c", b"http://old.test:8080/b?c"),
        (b"Location", b"HTTP://10.0.0.5:8080", b"http://old.test:8080"),
        (b"Location", b"https://noi-bo.test:81/b", b"http://old.test:8080/b"),
        (b"Location", b"http://10.0.0.5:80801/b", b"http://10.0.0.5:80801/b"),
        (b"Location", b"https://elsewhere.test/b", b"https://elsewhere.test/b"),
        (b"Location", b"/b", b"/b"),
        (b"Content-Location", b"http://10.0.0.5:8080/b.vi", b"http://old.test:8080/b.vi"),
        (b"Refresh", b"5; url=http://10.0.0.5:8080/b", b"5; url=http://old.test:8080/b"),
        (b"Refresh", b"0;URL='http://10.0.0.5:8080/b'", b"0;URL='http://old.test:8080/b'"),
        (b"Refresh", b"5", b"5"),
        (b"Set-Cookie", b"a=1; Domain=noi-bo.test; Path=/x", b"a=1; Domain=old.test; Path=/x"),
        (b"Set-Cookie", b"a=1;domain=.test", b"a=1;domain=.test"),
        (b"Set-Cookie", b"a=1; Domain=10.0.0.5; Secure", b"a=1; Domain=old.test; Secure"),
        (b"Set-Cookie", b"a=1; Domain=other.vn", b"a=1; Domain=other.vn"),
        (b"Set-Cookie", b"a=b=c; HttpOnly", b"a=b=c; HttpOnly"),
    ],
)
def test_what_names_the_server_names_the_public_host(
    name: bytes, value: bytes, expected: bytes
) -> None:
    assert seen(call(), name, value) == expected


def test_the_public_scheme_is_the_front_servers() -> None:
    scope = call((b"x-forwarded-proto", b"https"), client="127.0.0.1")
    assert seen(scope, b"Location", b"http://10.0.0.5:8080/b") == b"https://old.test:8080/b"
    stranger = call((b"x-forwarded-proto", b"https"))
    assert seen(stranger, b"Location", b"http://10.0.0.5:8080/b") == b"http://old.test:8080/b"


def test_a_secure_cookie_stays_so_unless_the_caller_has_no_secure_connection() -> None:
    cookie = b"a=1; Secure; HttpOnly"
    assert seen(call(), b"Set-Cookie", cookie, SECURE) == b"a=1; HttpOnly"
    front = call((b"x-forwarded-proto", b"https"), client="127.0.0.1")
    assert seen(front, b"Set-Cookie", cookie, SECURE) == cookie
    assert seen(call(), b"Set-Cookie", cookie) == cookie
