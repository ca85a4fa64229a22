"""The demo keeps its word: what the truth says of a page is what a real client sees."""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from typing import TYPE_CHECKING

from demo.charsets import _TCVN3

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx2 as httpx

    from demo.truth import Truth
    from demo.world import World


def expected_status(truth: Truth) -> int:
    """A meta refresh is a page; every other way is a 302; what is gone says so, but for soft errors."""
    if truth.expected == "redirect" and "meta-refresh" not in truth.hazards:
        return 302
    return 404 if truth.expected == "gone" else 200


def visible(response: httpx.Response, truth: Truth) -> str:
    """The page's text as a browser with the right charset and fonts would show it."""
    if "tcvn3" in truth.hazards:
        text = tcvn3_shown(response.content.decode("iso-8859-1"))
    elif truth.hazards & {"windows-1258", "windows-1258-lie"}:
        text = response.content.decode("cp1258")
    else:
        text = response.content.decode()
    text = html.unescape(re.sub(r"<[^>]*>", "", text))
    return unicodedata.normalize("NFC", text)


def tcvn3_shown(page: str) -> str:
    letters = {latin: letter for letter, latin in _TCVN3.items()}
    shown = "".join(letters.get(char, char) for char in page)
    return re.sub(r'<font face=".VnTimeH">(.*?)</font>', lambda m: m[1].upper(), shown)


def test_every_address_of_the_truth_answers_as_expected(
    world: World, fetch: Callable[..., httpx.Response]
) -> None:
    wrong = [
        (url, status)
        for truth in world.truths
        for url in (truth.url, *(truth.spellings if "slow" not in truth.hazards else ()))
        if (status := fetch(url, "HEAD").status_code) != expected_status(truth)
    ]
    assert wrong == []


def test_every_document_shows_its_title_and_text_in_its_own_charset(
    world: World, fetch: Callable[..., httpx.Response]
) -> None:
    for truth in world.truths:
        if truth.expected not in ("document", "duplicate"):
            continue
        shown = visible(fetch(truth.url), truth)
        missing = [b for b in (truth.title, *truth.text.split("\n\n")) if first(b) not in shown]
        assert missing == [], truth.url


def first(block: str) -> str:
    """A block's start: table cells of a row stand in elements of their own."""
    return " ".join(block.split()[:1])


def test_files_come_back_byte_for_byte_under_each_address(
    world: World, fetch: Callable[..., httpx.Response]
) -> None:
    for case in world.file_cases:
        assert hashlib.sha256(fetch(case.url).content).hexdigest() == case.sha256, case.url


def test_a_known_version_is_answered_with_304(fetch: Callable[..., httpx.Response]) -> None:
    url = "http://www.haiduong.gov.vn.localhost/web/guest/tin-tuc"
    page = fetch(url)
    assert fetch(url, headers={"if-none-match": page.headers["etag"]}).status_code == 304
    since = {"if-modified-since": page.headers["last-modified"]}
    assert fetch(url, headers=since).status_code == 304


def test_recorded_api_calls_are_answered_the_same_twice(
    world: World, fetch: Callable[..., httpx.Response]
) -> None:
    for case in world.api_cases:
        url = f"http://{case.host}{case.path}"
        one, two = (
            fetch(url, case.method, headers=dict(case.headers), content=case.body) for _ in "12"
        )
        assert (one.status_code, one.content) == (two.status_code, two.content)
        assert one.status_code in (200, 403, 404, 500)
