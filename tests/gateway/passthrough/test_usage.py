"""Who called is known as far as it may be, and never who it was."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from catalogue.usage import Caller, CallerKind, UsageSpool
from gateway.passthrough.agents import family_of
from gateway.passthrough.usage import NamedNetworks, UsageCounting, hash_of
from gateway.secret import kept_secret
from redirects.route import ApiRoute, Upstream

ROUTE = ApiRoute("don-vi", "old.test", "/api/*", (Upstream("http://10.0.0.5"),))
BY_HEADER = replace(ROUTE, caller_key="header:X-Api-Key")
BY_QUERY = replace(ROUTE, caller_key="query:ApiKey")
SECRET = b"of this installation"
KEY = hash_of(b"k1", SECRET)


@pytest.fixture
def counting(tmp_path: Path) -> UsageCounting:
    bank = NamedNetworks("ngan-hang", (ip_network("203.0.113.0/28"), ip_network("2001:db8:1::/48")))
    return UsageCounting(UsageSpool(tmp_path / "usage"), SECRET, (bank,))


def scope(client: str = "198.51.100.7", query: bytes = b"", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (client, 1), "query_string": query, "headers": pairs}


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("curl/8.5.0", "curl"),
        ("Java/1.6.0_45", "Java"),
        ("Apache-HttpClient/4.5.13 (Java/11.0.2)", "Apache-HttpClient"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "Chrome"),
        ("Mozilla/5.0 (X11) Gecko/20100101 Firefox/132.0", "Firefox"),
        (
            "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol 4.0)",
            "Internet Explorer",
        ),
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0", "Edge"),
        ("Mozilla/5.0 (compatible; Reader)", "Mozilla"),
        ("BenhVienApp3 (Nguyen Van A's iPhone)", "BenhVienApp"),
        ("python-requests/2.31", "python-requests"),
        ("5f3c8a", "-"),
        ("0912345678", "-"),
        ("a" * 500, "-"),
        ("Ứng dụng", "-"),
        ("", "-"),
    ],
)
def test_a_program_is_known_by_its_family_alone(agent: str, family: str) -> None:
    assert family_of(agent) == family


@pytest.mark.parametrize(
    ("route", "call", "status", "caller"),
    [
        (ROUTE, scope(), 200, Caller(CallerKind.NETWORK, "198.51.100.0/24", "-")),
        (ROUTE, scope(x_api_key="k1"), 200, Caller(CallerKind.NETWORK, "198.51.100.0/24", "-")),
        (
            BY_HEADER,
            scope(x_api_key="k1", user_agent="curl/8"),
            200,
            Caller(CallerKind.KEY, KEY, "curl"),
        ),
        (BY_HEADER, scope(x_api_key="k1"), 404, Caller(CallerKind.KEY, KEY, "-")),
        (
            BY_HEADER,
            scope(x_api_key="made up"),
            401,
            Caller(CallerKind.NETWORK, "198.51.100.0/24", "-"),
        ),
        (BY_QUERY, scope(query=b"a=1&apikey=k1"), 200, Caller(CallerKind.KEY, KEY, "-")),
        (BY_QUERY, scope(query=b"a=1"), 200, Caller(CallerKind.NETWORK, "198.51.100.0/24", "-")),
        (ROUTE, scope("203.0.113.9"), 200, Caller(CallerKind.NAMED, "ngan-hang", "-")),
        (ROUTE, scope("203.0.113.99"), 200, Caller(CallerKind.NETWORK, "203.0.113.0/24", "-")),
        (ROUTE, scope("::ffff:203.0.113.9"), 200, Caller(CallerKind.NAMED, "ngan-hang", "-")),
        (ROUTE, scope("2001:db8:1:2::3"), 200, Caller(CallerKind.NAMED, "ngan-hang", "-")),
        (ROUTE, scope("2001:db8:2:3::4"), 200, Caller(CallerKind.NETWORK, "2001:db8:2::/56", "-")),
        (
            ROUTE,
            scope("127.0.0.1", x_forwarded_for="9.9.9.9, 203.0.113.9"),
            200,
            Caller(CallerKind.NAMED, "ngan-hang", "-"),
        ),
        (
            ROUTE,
            scope("198.51.100.7", x_forwarded_for="203.0.113.9"),
            200,
            Caller(CallerKind.NETWORK, "198.51.100.0/24", "-"),
        ),
        (ROUTE, scope("a socket"), 200, Caller(CallerKind.NETWORK, "unknown", "-")),
    ],
)
def test_a_caller_is_its_key_else_where_it_calls_from(
    counting: UsageCounting, route: ApiRoute, call: dict[str, Any], status: int, caller: Caller
) -> None:
    assert counting.caller(route, call, status) == caller
    assert counting.caller(route, call, status) == caller  # remembered, it is the same


def test_nothing_a_caller_sent_is_written_down(counting: UsageCounting, tmp_path: Path) -> None:
    call = scope(x_api_key="k1-very-secret", user_agent="Phone/1.0 (Nguyen Van A)")
    counting.count(BY_HEADER, call, 200)
    counting.count(ROUTE, call, 200)
    counting._spool.flush()
    (file,) = (tmp_path / "usage").iterdir()
    written = file.read_text()
    assert "secret" not in written
    assert "Nguyen" not in written
    assert "198.51.100.7" not in written
    assert "198.51.100.0/24" in written


def test_a_flood_of_addresses_does_not_stay_in_memory(
    counting: UsageCounting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.passthrough.usage._REMEMBERED", 3)
    for number in range(10):
        counting.caller(ROUTE, scope(f"198.51.100.{number}", user_agent=f"a/{number}"), 200)
    assert len(counting._callers) <= 3


def test_programs_that_make_a_secret_at_once_agree_on_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "callers.key"
    together = threading.Barrier(8)

    def make(_: int) -> bytes:
        together.wait()
        return kept_secret(path)

    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(make, range(8)))
    assert secrets == {path.read_bytes()}
    assert len(path.read_bytes()) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_for_once_is_not_kept(tmp_path: Path) -> None:
    assert len(kept_secret(tmp_path / "a.key", keep=False)) == 32
    assert list(tmp_path.iterdir()) == []
