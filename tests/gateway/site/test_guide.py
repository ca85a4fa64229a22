"""The guide for programmers: every line of it comes from data, and every sample call works."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import httpx2 as httpx
import pytest

from gateway.settings.route_parts import TransitionSettings
from gateway.settings.routes import RouteSettings
from gateway.settings.units import UnitCodeSettings


@pytest.fixture
def visit(town: Any, open_town: Callable[[Any], str]) -> Callable[..., httpx.Response]:
    routes = (
        *town.settings.route,
        RouteSettings(
            name="tra-cuu",
            host="www.haiduong.localhost",
            path="/tra-cuu",
            query="dang=json",
            methods=("POST", "GET"),
            upstream="http://10.9.8.7:81",
            contact="Trung tâm phục vụ hành chính công",
            successor="https://haiphong.localhost/api/v2?a=1&b=2",
            valid_until=date(2098, 12, 31),
            transition=TransitionSettings(
                deprecated=date(2097, 1, 1), notice="Hãy gọi <v2>.", page="https://a.test/b"
            ),
        ),
    )
    town.settings = town.settings.model_copy(update={"route": routes})
    open_town(town)
    port = town.listening.getsockname()[1]

    def ask(path: str) -> httpx.Response:
        host = {"host": f"haiphong.localhost:{port}"}
        return httpx.get(f"http://127.0.0.1:{port}{path}", headers=host, trust_env=False)

    return ask


def test_the_guide_lists_what_is_published(visit: Callable[..., httpx.Response]) -> None:
    page = visit("/tai-lieu-ky-thuat").text
    assert "www.haiduong.localhost/api/*" in page
    assert "Sở Nội vụ" in page
    assert "www.haiduong.localhost/tra-cuu?dang=json</code></td><td>GET, POST</td>" in page
    assert "10.9.8.7" not in page, "where the old servers are is nobody's business"


def test_the_guide_says_whose_codes_an_address_speaks_and_who_answers_for_dossiers(
    town: Any, open_town: Callable[[Any], str]
) -> None:
    about = {"host": "www.haiduong.localhost", "upstream": "http://10.9.8.7:81"}
    units = {"callers": date(2025, 6, 30), "day": "ngay", "parameters": ("ma",)}
    routes = (
        RouteSettings(name="a", path="/a", units=UnitCodeSettings(**units), **about),
        RouteSettings(
            name="b",
            path="/b",
            units=UnitCodeSettings(server=date(2025, 6, 30), answers=("$..ma",)),
            **about,
        ),
        RouteSettings(name="c", path="/c", dossier="doccode", **about),
    )
    town.settings = town.settings.model_copy(update={"route": routes})
    open_town(town)
    port = town.listening.getsockname()[1]
    page = " ".join(httpx.get(f"http://127.0.0.1:{port}/tai-lieu-ky-thuat").text.split())
    assert (
        '/a</code><p class="meta">Dùng mã đơn vị của ngày 30/6/2025. Ngày khác: nêu trong ngay.</p>'
        in page
    )
    assert '/b</code><p class="meta">Dùng mã đơn vị của hôm nay.</p>' in page
    assert '/c</code><p class="meta">Cơ quan đang giữ hồ sơ trả lời.</p>' in page


def test_the_guide_says_which_addresses_will_end(visit: Callable[..., httpx.Response]) -> None:
    page = " ".join(visit("/tai-lieu-ky-thuat").text.split())
    section = page.partition("<h2>Địa chỉ sẽ ngừng</h2>")[2].partition("<h2>")[0]
    assert section.count("<li>") == 1
    assert "không nên dùng từ 1/1/2097. Ngừng từ 1/1/2099." in section
    assert '<a href="https://haiphong.localhost/api/v2?a=1&amp;b=2">' in section
    assert "Hãy gọi &lt;v2&gt;." in section


def test_the_guide_names_the_codes_that_changed_hands(
    visit: Callable[..., httpx.Response],
) -> None:
    page = visit("/tai-lieu-ky-thuat").text
    for code in ("15", "24", "44", "52", "80", "82", "91"):
        assert f'/don-vi/{code}">{code}</a>' in page
    assert re.search("<td>Tỉnh Bắc Giang</td><td>Tỉnh Bắc Ninh</td><td>0?1/0?7/2025</td>", page)
    assert "202/2025/QH15" in page


def test_the_guide_speaks_english_too(visit: Callable[..., httpx.Response]) -> None:
    page = visit("/tai-lieu-ky-thuat?lang=en").text
    assert "A unit code means a unit only together with a date." in page


def test_every_sample_call_of_the_guide_works(visit: Callable[..., httpx.Response]) -> None:
    page = visit("/tai-lieu-ky-thuat").text
    calls = re.findall(r'href="http://haiphong\.localhost:\d+(/api/[^"]+)"', page)
    assert len(calls) == 6
    for call in calls:
        assert visit(call.replace("&amp;", "&")).status_code == 200, call
