"""What a route changes on the way, and the credentials it holds back."""

from __future__ import annotations

from collections.abc import Callable

import httpx2 as httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.passthrough.rewriting import edit_fields, edit_query
from gateway.settings.route_fields import read_edit
from redirects.route import Edit, Rewriting
from tests.gateway.passthrough.recorder import HELLO, Gateway, Recorder

CAPTURES = {"ma": b"%C4%90&1"}


@pytest.mark.parametrize(
    ("edits", "query"),
    [
        (["set a=9"], b"a=9&b=2&&c"),
        (["set d=9"], b"a=1&b=2&c&a=3&d=9"),
        (["add a=9"], b"a=1&b=2&c&a=3&a=9"),
        (["remove a"], b"b=2&c"),
        (["remove b", "set b=:ma"], b"a=1&c&a=3&b=%C4%90%261"),
        (["remove zz"], b"a=1&b=2&c&a=3"),
    ],
)
def test_parameters_are_set_added_and_removed(edits: list[str], query: bytes) -> None:
    changes = [read_edit(text) for text in edits]
    found = edit_query(b"a=1&b=2&c&a=3", changes, CAPTURES)
    assert found == query.replace(b"&&", b"&")


def test_a_parameter_is_the_same_however_it_is_escaped() -> None:
    assert edit_query(b"%61=1&a%2B=2&%C3%A1=3", [Edit("remove", "a")], {}) == b"a%2B=2&%C3%A1=3"


@given(st.lists(st.sampled_from([b"b=%7e", b"c", b"=", b"d=a+b", b"%2f=|"]), max_size=5))
def test_parameters_that_no_edit_names_stay_byte_for_byte(pieces: list[bytes]) -> None:
    assert edit_query(b"&".join(pieces), [Edit("remove", "a")], {}) == b"&".join(pieces)


def test_header_fields_are_set_added_and_removed_in_any_case() -> None:
    headers = [(b"X-A", b"1"), (b"x-b", b"2"), (b"x-a", b"3")]
    edits = [Edit("set", "x-A", ":ma"), Edit("add", "X-B", "4"), Edit("remove", "x-c")]
    changed = edit_fields(headers, edits, CAPTURES)
    assert changed == [(b"x-a", b"%C4%90&1"), (b"x-b", b"2"), (b"x-b", b"4")]


def test_path_query_and_header_fields_reach_the_upstream_rewritten(
    upstream: Callable[..., str], gateway: Gateway
) -> None:
    recorder = Recorder(HELLO)
    origin = gateway(
        upstream(recorder),
        path="/api/:ma/*",
        rewriting=Rewriting(
            path="/v2/don-vi/:ma/:splat",
            query=(Edit("set", "format", "json"), Edit("remove", "token")),
            request=(Edit("set", "X-Ma", ":ma"), Edit("remove", "X-Cu")),
            answer=(Edit("remove", "X-Thu-Tu"), Edit("add", "X-Qua", "cong")),
        ),
    )
    answer = httpx.get(f"{origin}/api/31%2f/a//b?x=%7e&token=1", headers={"x-cu": "1"})
    head = recorder.heads[0].lower()
    assert head.startswith(b"get /v2/don-vi/31%2f/a//b?x=%7e&format=json http/1.1\r\n")
    assert b"\r\nx-ma: 31%2f\r\n" in head
    assert b"x-cu" not in head
    assert "x-thu-tu" not in answer.headers
    assert answer.headers["x-qua"] == "cong"
    assert answer.text == "hello"


@pytest.mark.parametrize(
    ("credentials", "crossing"),
    [
        (None, {"authorization", "cookie", "x-api-key", "x-khac"}),
        (frozenset({"authorization"}), {"authorization", "x-khac"}),
        (frozenset(), {"x-khac"}),
    ],
)
def test_only_the_credentials_a_route_names_cross(
    upstream: Callable[..., str],
    gateway: Gateway,
    credentials: frozenset[str] | None,
    crossing: set[str],
) -> None:
    recorder = Recorder(HELLO.replace(b"\r\n\r\n", b"\r\nSet-Cookie: phien=1\r\n\r\n"))
    origin = gateway(upstream(recorder), credentials=credentials)
    names = ("authorization", "cookie", "x-api-key", "x-khac")
    answer = httpx.get(f"{origin}/a", headers=dict.fromkeys(names, "a=b"))
    lines = recorder.heads[0].decode().lower().splitlines()
    assert {name for name in names if f"{name}: a=b" in lines} == crossing
    assert ("set-cookie" in answer.headers) is ("cookie" in crossing)
