"""What nobody has decided: helpful to a visitor, cheap under a flood, and never another's words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from catalogue.search.engine import SearchUnavailable
from gateway.bucket import Bucket
from gateway.rendering import Pages
from gateway.settings.portal import PortalSettings
from gateway.site.addresses import address_of, words_in
from gateway.site.not_found import NotFoundPages
from gateway.site.notices import Notices
from gateway.site.searching import SearchIndex
from redirects.mapping import CanonicalUrl
from redirects.traffic.sifting import Sieve, shipped_rules

PORTAL = PortalSettings(title="Cổng", url="http://moi.test", hosts=("moi.test",), hotline="0225")
PAGES = Pages(PORTAL)


class Questions:
    """Counts what the index is asked; there is none."""

    def __init__(self) -> None:
        self.asked = 0

    def open(self) -> Any:
        self.asked += 1
        raise SearchUnavailable("there is no index")


def not_found(questions: Questions, *, rate: float = 0.0) -> NotFoundPages:
    index = SearchIndex(questions.open)
    return NotFoundPages(
        pages=PAGES,
        notices=Notices(PAGES),
        index=index,
        suggesting=Bucket(rate, lambda: 0.0),
        max_age=60,
    )


def scope_of(path: str, query: str = "", host: str = "cu.test", **headers: str) -> dict[str, Any]:
    named = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {
        "type": "http",
        "method": "GET",
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", host.encode()), *named],
    }


def key_of(scope: dict[str, Any]) -> CanonicalUrl:
    return CanonicalUrl("cu.test" + scope["raw_path"].decode())


def answer(pages: NotFoundPages, scope: dict[str, Any]) -> tuple[dict[bytes, bytes], int, str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    app = pages.answer(key_of(scope), address_of(scope), scope)
    asyncio.run(app(scope, receive, send))
    return dict(sent[0]["headers"]), sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("path", "query", "noise"),
    [
        ("/.env", b"", True),
        ("/portal/.git/config", b"", True),
        ("/wp-login.php", b"redirect_to=/", True),
        ("/alfa.php", b"", True),
        ("/images/logo.png", b"v=2", True),
        ("/news.php", b"id=5", False),
        ("/index.php", b"", False),
        ("/wp-content/uploads/2019/ke-hoach.pdf", b"", False),
        ("/tin-tuc/php-la-gi", b"", False),
        ("/van-ban/moi-truong.env-2020.html", b"", False),
        ("/.well-known/x", b"", False),
    ],
)
def test_what_scanners_and_pages_fetch_is_told_from_what_people_ask(
    path: str, query: bytes, *, noise: bool
) -> None:
    assert (Sieve(shipped_rules()).drops_address(path, query) is not None) is noise


def test_a_flood_of_misses_asks_the_index_only_as_often_as_the_bucket_allows() -> None:
    questions = Questions()
    pages = not_found(questions, rate=2.0)
    for number in range(10):
        _, status, body = answer(pages, scope_of(f"/tin-tuc/mot-hai-ba-{number}.html"))
        assert status == 404
        assert 'value="mot hai ba"' in body
    assert questions.asked == 2


def test_an_address_without_words_asks_nothing() -> None:
    questions = Questions()
    answer(not_found(questions, rate=5.0), scope_of("/123"))
    assert questions.asked == 0


def test_a_program_that_misses_gets_its_problem_and_asks_nothing() -> None:
    questions = Questions()
    headers, status, body = answer(
        not_found(questions, rate=5.0), scope_of("/tin-tuc/abc", accept="application/json")
    )
    assert (status, headers[b"content-type"]) == (404, b"application/problem+json")
    assert '"dien_thoai": "0225"' in body
    assert questions.asked == 0


PATHS = st.text(alphabet="abc/'\"<>&%{}-;0\x00", max_size=30).map(lambda text: "/" + text)


@given(
    PATHS,
    st.sampled_from(["", "lang=en", "a=%22&lang=vi", "x=<b>"]),
    st.sampled_from(["cu.test", "moi.test"]),
    st.sampled_from(["", "lang=en", "lang=xx"]),
)
def test_a_page_filled_in_is_the_page_printed_whole(
    path: str, query: str, host: str, cookie: str
) -> None:
    scope = scope_of(path, query, host, cookie=cookie)
    pages = not_found(Questions())
    headers, status, body = answer(pages, scope)
    printed = pages.whole(Request(scope), address_of(scope), words_in(key_of(scope)), ())
    assert status == printed.status_code
    assert body.encode() == printed.body
    del headers[b"date"]  # the server dates the other one
    same = dict(printed.raw_headers)
    assert headers.pop(b"etag").startswith(b'W/"')
    assert same.pop(b"etag").startswith(b'W/"')
    assert headers == same


def test_no_visitor_reads_what_another_one_asked_for() -> None:
    pages = not_found(Questions())
    answer(pages, scope_of("/bi-mat/ho-so-cua-toi.html", "a=b", "moi.test", cookie="lang=en"))
    for host in ("moi.test", "cu.test"):
        for cookie in ("", "lang=en"):
            _, _, body = answer(pages, scope_of("/khac/trang-khac.html", "", host, cookie=cookie))
            assert "bi-mat" not in body
            assert "ho so" not in body
            assert "trang khac" in body


def test_what_is_filled_in_is_escaped() -> None:
    _, _, body = answer(not_found(Questions()), scope_of('/"><script>alert(1)</script>'))
    assert "<script>" not in body
    assert "&lt;script&gt;" in body


def test_noise_is_answered_short_and_not_counted(
    town: Any, open_town: Any, talk_raw: Callable[..., bytes]
) -> None:
    open_town(town)
    origin = f"http://127.0.0.1:{town.listening.getsockname()[1]}"
    for path in (b"/wp-login.php", b"/.env", b"/a.css", b"/tin-tuc/abcd"):
        request = b"GET %b HTTP/1.1\r\nHost: www.haiduong.localhost\r\nConnection: close\r\n\r\n"
        received = talk_raw(origin, request % path)
        assert received.startswith(b"HTTP/1.1 404 ")
        assert received.endswith(b"\r\n\r\nnot found\n") == (path != b"/tin-tuc/abcd")
    directory = town.settings.miss_directory
    for _ in range(300):
        if any(directory.glob("*.jsonl")):
            break
        asyncio.run(asyncio.sleep(0.01))
    written = b"".join(file.read_bytes() for file in directory.glob("*.jsonl"))
    assert len(written.splitlines()) == 1
    assert b"tin-tuc/abcd" in written
