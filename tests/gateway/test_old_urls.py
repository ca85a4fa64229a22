"""Redirects that cannot be turned against a visitor, and the small answers around them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.answer import dated, http_date
from gateway.old_urls import Redirects, outcome_of
from gateway.security import local_location, location_header
from redirects.mapping import CanonicalUrl
from redirects.resolution import (
    Archived,
    Gone,
    Live,
    Moved,
    Proxied,
    Resolution,
    Split,
    UnknownHost,
    Unresolved,
)
from redirects.route import ApiRoute, Upstream

KEY = CanonicalUrl("a.test/x")
NOW = 1_800_000_000.0
DATE = re.compile(rb"date: [^\r]+")
REDIRECTS = Redirects(3600, lambda: NOW)


@given(st.text())
def test_no_location_can_split_a_header(text: str) -> None:
    sent = location_header(text.encode("utf-8", "replace").decode())
    assert sent.isascii()
    assert not {9, 10, 13, 32} & set(sent)


@pytest.mark.parametrize(
    "path",
    ["//evil.test", "/\\evil.test", "http://evil.test", "evil", "", "\\\\evil", "javascript:x"],
)
def test_a_local_redirect_never_leaves_the_host(path: str) -> None:
    with pytest.raises(ValueError, match="not a local path"):
        local_location(path)


def test_the_body_of_a_redirect_is_escaped() -> None:
    moved = Moved("a", KEY, 'https://a.test/"><script>', 301)
    assert b"<script>" not in REDIRECTS.to(moved, "0" * 32).body


@pytest.mark.parametrize(
    ("resolution", "outcome"),
    [
        (Moved("s", KEY, "https://a.test/", 308), ("moved-308", "s")),
        (Split("s", KEY, ()), ("split", "s")),
        (Gone("s", KEY, None, archived=False), ("gone", "s")),
        (Archived("s", KEY), ("archived", "s")),
        (Unresolved("s", KEY), ("unresolved", "s")),
        (Proxied(ApiRoute("r", "h", "/*", (Upstream("http://u"),))), ("proxied", "r")),
        (Live("h"), ("live", "")),
        (UnknownHost("h"), ("unknown-host", "")),
    ],
)
def test_metrics_know_every_outcome(resolution: Resolution, outcome: tuple[str, str]) -> None:
    assert outcome_of(resolution) == outcome


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_whole_and_dated_once(status: int) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    answer = REDIRECTS.to(Moved("a", KEY, "https://a.test/?a=1&b=2", status), "0" * 32)
    asyncio.run(answer({"type": "http", "method": "GET"}, receive, dated(send)))
    start, end = sent
    headers = dict(start["headers"])
    assert (start["status"], headers[b"location"]) == (status, b"https://a.test/?a=1&b=2")
    assert [name for name, _ in start["headers"]].count(b"date") == 1
    assert headers[b"content-length"] == b"%d" % len(end["body"])
    assert b'<a href="https://a.test/?a=1&amp;b=2">' in end["body"]
    assert f"<title>{status} ".encode() in end["body"]


@pytest.mark.parametrize(
    ("since", "max_age", "caching"),
    [
        (None, 3600, b"max-age=300"),
        (0, 3600, b"max-age=3600"),
        (NOW, 3600, b"max-age=300"),
        (NOW - 86_399, 3600, b"max-age=300"),
        (NOW - 86_400, 3600, b"max-age=3600"),
        (NOW + 60, 3600, b"max-age=300"),
        (NOW, 60, b"max-age=60"),
        (0, 0, b"max-age=0"),
    ],
)
def test_a_decision_of_today_can_be_taken_back(
    since: float | None, max_age: int, caching: bytes
) -> None:
    moved = Moved("a", KEY, "https://a.test/", 301, None if since is None else int(since))
    answer = Redirects(max_age, lambda: NOW).to(moved, "0" * 32)
    assert dict(answer.fields)[b"cache-control"] == caching


def test_a_redirect_has_a_tag_that_changes_with_its_target() -> None:
    tags = [
        dict(REDIRECTS.to(Moved("a", KEY, f"https://a.test/{n}", 301), "0" * 32).fields)[b"etag"]
        for n in (1, 1, 2)
    ]
    assert tags[0] == tags[1] != tags[2]


@pytest.mark.parametrize("status", [301, 302])
@pytest.mark.parametrize("since", [None, 0, int(NOW), int(NOW) - 90_000])
def test_a_letter_is_the_answer_in_one_piece(status: int, since: int | None) -> None:
    seconds = iter([NOW, NOW, NOW + 1, NOW + 1, NOW + 1, NOW + 1])
    redirects = Redirects(3600, lambda: next(seconds))
    for location in (b"https://a.test/", b"https://a.test/%C3%A0?a=1&b=%20"):
        for snapshot in ("0" * 32, "1" * 32):
            letter = redirects.letter(status, location, since, snapshot)
            answer = REDIRECTS.at(status, location, since, snapshot)
            whole = answer.whole(with_body=True, last=False)
            assert DATE.sub(b"", letter) == DATE.sub(b"", whole)
            dated_by = NOW + (location != b"https://a.test/")
            assert b"\r\ndate: " + http_date(int(dated_by)) + b"\r\n" in letter
