"""The public pages in a real Chromium: no sideways scrolling, no barrier axe-core can find."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from catalogue.document import AttachmentLink
from gateway.settings.units import OfficeSettings
from redirects.mapping import MappingKind, SplitTarget
from tests.browsing import browser

__all__ = ["browser"]

pytestmark = pytest.mark.browser

OLD = "http://www.haiduong.localhost"
ARTEFACTS = Path(__file__).resolve().parents[3] / "test-artefacts"
WIDTHS = (360, 1280)
PLACES = {
    "home": "{portal}/",
    "section": "{portal}/van-ban",
    "document": "{portal}{document}",
    "search": "{portal}/tim-kiem?q=quy+hoach",
    "search-none": "{portal}/tim-kiem?q=khongcogi",
    "unit": "{portal}/don-vi/297",
    "unit-twice": "{portal}/don-vi/24",
    "units": "{portal}/don-vi?ten=gia+loc",
    "archive": "{portal}/luu-tru",
    "archived": "{old}/xua",
    "gone": "{old}/cu",
    "split": "{old}/hai",
    "not-found": "{old}/web/guest/-/quy-hoach-su-dung-dat",
    "district": "http://gialoc.haiduong.localhost:{port}/",
    "help": "{portal}/tro-giup",
    "guide": "{portal}/tai-lieu-ky-thuat",
}
BODY = """
<p>Căn cứ Luật Đất đai và các văn bản hướng dẫn thi hành, Uỷ ban nhân dân tỉnh ban hành quy hoạch
sử dụng đất của huyện Gia Lộc đến năm 2030, tầm nhìn 2045.</p>
<h2>Điều 1. Phạm vi</h2>
<table><tr><th>Loại đất</th><th>Diện tích (ha)</th><th>Tỷ lệ (%)</th></tr>
<tr><td>Đất nông nghiệp</td><td>6.512,40</td><td>58,1</td></tr>
<tr><td>Đất phi nông nghiệp</td><td>4.690,12</td><td>41,9</td></tr></table>
<p><a href="/tin/khac">Xem thông báo lấy ý kiến</a>. <img src="/anh/1.png" alt="Bản đồ"></p>
<ul><li>Công bố công khai tại trụ sở xã.</li><li>Niêm yết trong 30 ngày.</li></ul>
"""
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def places(town: Any, open_town: Callable[[Any], str]) -> dict[str, str]:
    office = OfficeSettings(
        name="Trung tâm Phục vụ hành chính công xã Gia Lộc",
        unit="10999",
        phone="0220 000 0001",
        address="Đường Nguyễn Chế Nghĩa, xã Gia Lộc",
        url="http://127.0.0.1/",
    )
    city = OfficeSettings(name="Trung tâm thành phố", unit="31", email="hcc@haiphong.test")
    town.settings = town.settings.model_copy(update={"office": (office, city)})
    picture = town.file(f"{OLD}/anh/1.png", "ban-do.png", PICTURE, "image/png")
    files = (AttachmentLink("/anh/1.png", picture.key, "Bản đồ quy hoạch (PNG)"),)
    first = date(2024, 3, 1)
    document = town.page(
        f"{OLD}/vb/12",
        "Quyết định phê duyệt quy hoạch sử dụng đất huyện Gia Lộc đến năm 2030",
        BODY,
        section="van-ban",
        slug="quyet-dinh-quy-hoach",
        number="12/2021/QĐ-UBND",
        agency="Uỷ ban nhân dân tỉnh Hải Dương",
        files=files,
    )
    for number in range(24):
        town.page(
            f"{OLD}/vb/thu-{number}",
            f"Thông báo số {number}/TB-UBND về quy hoạch chi tiết xây dựng khu dân cư mới",
            section="van-ban",
            on=first + timedelta(days=number),
        )
    town.page("http://gialoc.haiduong.localhost/1", "Lễ hội đền Quát năm 2025", slug="le-hoi")
    town.capture(f"{OLD}/xua", f"<title>Chuyện xưa</title>{BODY}".encode())
    town.capture(f"{OLD}/cu", b"<p>cu</p>")
    town.decide(f"{OLD}/cu", MappingKind.GONE, reason="Thông báo đã hết thời hạn đăng.")
    targets = (SplitTarget("Sở Tư pháp", "/tin-tuc"), SplitTarget("Sở Nội vụ", "/van-ban"))
    town.decide(f"{OLD}/hai", MappingKind.SPLIT, targets=targets)
    town.index()
    portal = open_town(town)
    port = portal.rpartition(":")[2]
    old = f"{OLD}:{port}"
    return {
        name: place.format(portal=portal, old=old, port=port, document=document.path)
        for name, place in PLACES.items()
    }


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found]


def troubles_of(page: Page, address: str, picture: Path) -> list[str]:
    """Open a page, take its picture, and say what is wrong with it."""
    said: list[str] = []
    page.on("console", lambda message: said.append(f"console: {message.text}"))
    answer = page.goto(address)
    page.screenshot(path=picture, full_page=True)
    width = page.viewport_size["width"] if page.viewport_size else 0
    wide = page.evaluate("document.documentElement.scrollWidth")
    if answer is not None and answer.status >= 400:
        # Chromium itself reports the status of a notice.
        said = [one for one in said if "Failed to load resource" not in one]
    return [*said, *([f"{wide} px wide"] if wide > width else []), *violations(page)]


def test_every_page_fits_and_is_open_to_everybody(browser: Browser, places: dict[str, str]) -> None:
    ARTEFACTS.mkdir(exist_ok=True)
    troubles: dict[str, list[str]] = {}
    for width in WIDTHS:
        context = browser.new_context(viewport={"width": width, "height": 900}, locale="vi")
        for name, address in places.items():
            page = context.new_page()
            picture = ARTEFACTS / f"{name}-{width}.png"
            if found := troubles_of(page, address, picture):
                troubles[picture.stem] = found
            page.close()
        context.close()
    assert not troubles


@pytest.mark.parametrize(("scheme", "forced"), [("dark", "none"), ("light", "active")])
def test_pages_can_be_read_in_dark_and_forced_colours(
    browser: Browser, places: dict[str, str], scheme: Any, forced: Any
) -> None:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme=scheme, forced_colors=forced
    )
    page = context.new_page()
    for name in ("home", "document", "search", "not-found", "unit", "district"):
        page.goto(f"{places[name]}{'&' if '?' in places[name] else '?'}lang=en")
        page.screenshot(path=ARTEFACTS / f"{name}-{scheme}-{forced}.png", full_page=True)
        assert not violations(page), name
    context.close()


def test_a_citizen_follows_an_old_link_to_its_page_and_back_to_the_original(
    browser: Browser, places: dict[str, str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(places["split"].replace("/hai", "/vb/12?fbclid=x"))
    assert page.url == places["document"]
    page.get_by_role("link", name="Xem bản gốc ngày 28/6/2025").click()
    assert "Bản lưu ngày 28/6/2025" in page.inner_text("main")
    page.get_by_label("Tìm trong cổng").fill("le hoi den quat")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Lễ hội đền Quát năm 2025").click()
    assert page.inner_text("h1") == "Lễ hội đền Quát năm 2025"
    context.close()
