"""The outer door: hosts, origins, headers."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from gateway.console.guard import HostCheck, PageHeaders, SameOrigin, comes_from_us


def answer(request: Request) -> Response:
    return PlainTextResponse("vào được")


def app(*layers: Middleware) -> TestClient:
    routes = [Route("/", answer, methods=["GET", "POST", "PUT", "DELETE"])]
    return TestClient(Starlette(routes=routes, middleware=list(layers)))


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "cross-site", "origin": "http://quan-tri:8081"}, False),
        ({"origin": "http://quan-tri:8081"}, True),
        ({"origin": "https://quan-tri:8081"}, True),
        ({"origin": "http://quan-tri"}, False),
        ({"origin": "http://ke-xau.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({}, False),
    ],
)
def test_only_our_own_pages_may_change_something(headers: dict[str, str], *, ours: bool) -> None:
    assert comes_from_us(Headers({"host": "quan-tri:8081", **headers})) is ours


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_changing_request_from_elsewhere_is_refused(method: str) -> None:
    client = app(Middleware(SameOrigin))
    refused = client.request(method, "/", headers={"sec-fetch-site": "cross-site"})
    assert refused.status_code == 403
    assert client.request(method, "/", headers={"sec-fetch-site": "same-origin"}).text == "vào được"


def test_a_reading_request_may_come_from_anywhere() -> None:
    client = app(Middleware(SameOrigin))
    assert client.get("/", headers={"sec-fetch-site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("quan-tri.gov.vn", 200),
        ("QUAN-TRI.gov.vn:8443", 200),
        ("[::1]:8081", 200),
        ("ke-xau.example", 421),
        ("quan-tri.gov.vn.ke-xau.example", 421),
        ("", 421),
    ],
)
def test_a_host_that_is_not_ours_is_refused(host: str, status: int) -> None:
    client = app(Middleware(HostCheck, hosts=("quan-tri.gov.vn", "[::1]")))
    assert client.get("/", headers={"host": host}).status_code == status


def test_every_page_says_that_it_runs_no_foreign_code() -> None:
    headers = app(Middleware(PageHeaders)).get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
