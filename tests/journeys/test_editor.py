"""The editor's journey: from signing in to a citizen who is sent to the right page.

A real site and a real console on loopback, each on its own port, that share only the catalogue;
a real browser with the editor, a plain HTTP client in the citizen's place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2 as httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from catalogue.database import open_database
from catalogue.shadow import OUTCOME, ShadowCount, ShadowCounts
from catalogue.usage import Caller, CallerKind, Usage, Use
from gateway.app import create_console, create_site
from gateway.settings.portal import PortalSettings
from gateway.settings.routes import RouteSettings
from gateway.settings.whole import Settings
from redirects.calendar import today_in_vietnam
from tests.gateway.conftest import listen
from tests.gateway.console.office import EDITOR, PASSWORD, furnish, office_settings

pytestmark = pytest.mark.browser

WIDTHS = (360, 1280)
OLD_HOST = "www.haiduong.gov.vn"
OLD_PATH = "/-/khai-mac-le-hoi-con-son-kiep-bac"
MISSED_PATH = "/-/thong-bao-lich-tiep-cong-dan"
TABLE = f"""Địa chỉ cũ;Loại;Địa chỉ mới
http://{OLD_HOST}/lịch-nhập;301;/tim-kiem
http://{OLD_HOST}//lịch-nhập/;301;/khac
http://la.vn/khong-phai-cua-ta;301;/tim-kiem
"""
PATIENCE = 15.0  # seconds until a step counts as failed on a machine that is busy with other tests


@dataclass(frozen=True)
class Town:
    """The two servers an editor and a citizen meet at."""

    site: str
    console: str

    def ask_old(self, path: str) -> httpx.Response:
        """Ask for an old address as a citizen's browser does."""
        return httpx.get(f"{self.site}{path}", headers={"host": OLD_HOST})


def call(settings: Settings) -> None:
    """Leave what callers of a preserved API and its shadow leave: a network, and a difference."""
    today = today_in_vietnam()
    database = open_database(settings.database_url)
    with database.writing() as connection:
        who = Caller(CallerKind.NETWORK, "203.0.113.0/24", "Internet Explorer")
        Usage(connection).add([Use("don-vi", who, 1204, 17, today, today)])
        places = {(OUTCOME, "same"): 90, (OUTCOME, "different"): 2, ("body", "$.DuLieu[*].ID"): 2}
        ShadowCounts(connection).add(
            ShadowCount("don-vi", part, place, calls, "/api/vanban", today)
            for (part, place), calls in places.items()
        )
    database.close()


@pytest.fixture
def town(tmp_path: Path, serve: Callable[..., str]) -> Town:
    listening = listen()
    origin = f"http://127.0.0.1:{listening.getsockname()[1]}"
    portal = PortalSettings(
        title="Cổng Thông tin điện tử thành phố Hải Phòng", url=origin, hosts=("127.0.0.1",)
    )
    api = RouteSettings(name="don-vi", host=OLD_HOST, path="/api/*", upstream="http://127.0.0.1:9")
    settings = office_settings(tmp_path / "data").model_copy(
        update={"portal": portal, "route": (api,)}
    )
    furnish(settings)
    call(settings)
    console = serve(create_console(settings))
    return Town(site=serve(create_site(settings), listening), console=console)


@pytest.fixture(params=WIDTHS)
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def context(browser: Browser, width: int) -> Iterator[BrowserContext]:
    opened = browser.new_context(viewport={"width": width, "height": 800}, locale="vi-VN")
    opened.set_default_timeout(PATIENCE * 1000)
    yield opened
    opened.close()


def sign_in(page: Page, town: Town) -> None:
    page.goto(f"{town.console}/")
    page.get_by_label("Tên đăng nhập").fill(EDITOR)
    page.get_by_label("Mật khẩu").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("heading", name="Hộp việc", exact=True)).to_be_visible()


def seconds_until(claim: Callable[[], bool]) -> float:
    """How long it takes until a claim holds."""
    began = time.monotonic()
    while not claim():
        assert time.monotonic() - began < PATIENCE, "it never came true"
        time.sleep(0.02)
    return time.monotonic() - began


def test_an_editor_decides_and_citizens_are_sent_there_without_a_restart(
    town: Town, context: BrowserContext
) -> None:
    page = context.new_page()
    sign_in(page, town)
    page.get_by_role("link", name="Tài liệu", exact=True).click()
    page.get_by_role("link", name="Khai mạc lễ hội Côn Sơn").click()
    assert town.ask_old(OLD_PATH).status_code == 200  # the archived copy
    until_sent, until_withdrawn = [], []
    for _round in range(3):
        page.keyboard.press("a")
        expect(page.get_by_role("status")).to_contain_text("Đã chấp nhận")
        until_sent.append(seconds_until(lambda: town.ask_old(OLD_PATH).status_code == 301))
        answer = town.ask_old(OLD_PATH)
        assert answer.headers["location"] == f"{town.site}/tin-tuc/bai-viet-1"
        document = httpx.get(answer.headers["location"])
        assert "Khai mạc lễ hội Côn Sơn – Kiếp Bạc mùa thu" in document.text
        page.keyboard.press("u")
        expect(page.get_by_role("status")).to_contain_text("Đã hoàn tác")
        expect(page.get_by_role("heading", name="Khai mạc lễ hội", level=1)).to_be_visible()
        until_withdrawn.append(seconds_until(lambda: town.ask_old(OLD_PATH).status_code == 200))
    print(f"live after {min(until_sent):.2f} s, withdrawn after {min(until_withdrawn):.2f} s")


def test_an_accepted_document_is_found_by_its_new_title(
    town: Town, context: BrowserContext
) -> None:
    page = context.new_page()
    sign_in(page, town)
    page.goto(f"{town.console}/tai-lieu/1")
    page.keyboard.press("e")
    page.keyboard.type("Lễ hội mùa thu Côn Sơn, Kiếp Bạc")
    page.get_by_label("Chuyên mục").select_option("thu-vien")
    page.get_by_role("button", name="Lưu", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Đã sửa")
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Đã chấp nhận")

    def is_found() -> bool:
        found = httpx.get(f"{town.site}/tim-kiem", params={"q": "le hoi mua thu"})
        return "Lễ hội mùa thu Côn Sơn, Kiếp Bạc" in found.text.replace("<mark>", "").replace(
            "</mark>", ""
        )

    seconds_until(is_found)
    seconds_until(lambda: town.ask_old(OLD_PATH).status_code == 301)
    assert town.ask_old(OLD_PATH).headers["location"].startswith(f"{town.site}/thu-vien/")


def test_a_missed_address_is_mapped_and_answers(town: Town, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, town)
    page.goto(f"{town.console}/tai-lieu/2")
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Đã chấp nhận")
    for _visit in range(50):
        assert town.ask_old(MISSED_PATH).status_code == 404

    def is_listed() -> bool:
        page.goto(f"{town.console}/chua-ro")
        return page.get_by_text(MISSED_PATH).count() > 0

    seconds_until(is_listed)
    page.get_by_role("link", name=MISSED_PATH).first.click()
    suggested = page.get_by_role("listitem").filter(has_text="Thông báo lịch tiếp công dân tháng 7")
    suggested.get_by_role("link", name="Chọn").click()
    expect(page.get_by_label("Đích, khi chuyển")).to_have_value("doc:2")
    page.get_by_label("Tách thành nhiều trang").check()
    expect(page.get_by_label("Tên gọi 1")).to_be_visible()
    expect(page.get_by_label("Đích, khi chuyển")).to_be_hidden()
    page.get_by_label("Chuyển hẳn (301)").check()
    expect(page.get_by_label("Tên gọi 1")).to_be_hidden()
    page.get_by_role("button", name="Lưu, có hiệu lực ngay").click()
    expect(page.get_by_role("status")).to_contain_text("Đã ánh xạ")
    seconds_until(lambda: town.ask_old(MISSED_PATH).status_code == 301)
    assert town.ask_old(MISSED_PATH).headers["location"] == f"{town.site}/thong-bao/bai-viet-2"
    page.goto(f"{town.console}/kiem-tra?dia-chi={OLD_HOST}{MISSED_PATH}")
    expect(page.get_by_role("paragraph").filter(has_text="Được chuyển ngay")).to_be_visible()


def test_keys_walk_the_list_and_can_be_switched_off(town: Town, context: BrowserContext) -> None:
    page = context.new_page()
    sign_in(page, town)
    page.goto(f"{town.console}/tai-lieu?cong=haiduong&loai=article&chu=quy+hoach")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.get_by_role("checkbox").first).to_be_checked()
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Quyết định phê duyệt", level=1)).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_label("Dùng phím tắt").uncheck()
    page.get_by_role("button", name="Đóng").click()
    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("a")
    page.wait_for_timeout(300)
    expect(page.get_by_role("main").get_by_text("Chờ duyệt")).to_be_visible()
    page.keyboard.press("?")
    page.get_by_label("Dùng phím tắt").check()
    page.get_by_role("button", name="Đóng").click()
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Đã chấp nhận")


def test_a_file_is_tried_taken_and_taken_back(
    town: Town, context: BrowserContext, tmp_path: Path
) -> None:
    page = context.new_page()
    sign_in(page, town)
    table = tmp_path / "ánh xạ cũ.csv"
    table.write_text(TABLE, encoding="utf-16")
    page.goto(f"{town.console}/anh-xa/nhap")
    page.get_by_label("Tệp", exact=True).set_input_files(table)
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_text("Trái với dòng 2")).to_be_visible()
    expect(page.get_by_text("mã chữ utf-16-le")).to_be_visible()
    assert town.ask_old("/lịch-nhập").status_code == 404

    page.get_by_role("button", name="Nhập 1 mục, có hiệu lực ngay").click()
    expect(page.get_by_role("status")).to_contain_text("Đã nhập: 1 mục")
    assert seconds_until(lambda: town.ask_old("/lịch-nhập").status_code == 301) < 5

    page.get_by_role("status").get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_role("status")).to_contain_text("Đã hoàn tác")
    assert seconds_until(lambda: town.ask_old("/lịch-nhập").status_code == 404) < 5


def test_everything_works_without_a_script(town: Town, browser: Browser, width: int) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=False
    )
    page = context.new_page()
    sign_in(page, town)
    page.goto(f"{town.console}/tai-lieu?cong=gialoc")
    page.get_by_role("button", name="Chấp nhận cả 3 tài liệu").click()
    page.get_by_role("button", name="cả 3 tài liệu").click()
    expect(page.get_by_role("status")).to_contain_text("3 mục")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_role("status")).to_contain_text("Đã hoàn tác")
    context.close()


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "light"), (1280, "light"), (1280, "dark")], indirect=["width"]
)
def test_every_page_is_free_of_accessibility_faults_and_fits_its_screen(
    town: Town, browser: Browser, width: int, scheme: str, artefacts: Path
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 800},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    page = context.new_page()
    page.goto(f"{town.console}/dang-nhap")
    look(page, artefacts / f"console-dang-nhap-{width}-{scheme}.png")
    sign_in(page, town)
    page.goto(f"{town.console}/tai-lieu/8")
    page.get_by_role("button", name="Từ chối").click()
    look(page, artefacts / f"console-vua-lam-{width}-{scheme}.png")
    seconds_until(lambda: town.ask_old("/").status_code != 503)
    for name, path in {
        "hop-viec": "/",
        "tai-lieu": "/tai-lieu",
        "cum-theo-mau": "/tai-lieu?theo=mau",
        "het-tai-lieu": "/tai-lieu?trang-thai=accepted",
        "bai-viet": "/tai-lieu/1",
        "tep": "/tai-lieu/7",
        "ban-trung": "/tai-lieu/9",
        "anh-xa": "/anh-xa",
        "nhap": "/anh-xa/nhap",
        "sua-anh-xa": f"/anh-xa/sua?dia-chi={OLD_HOST}{MISSED_PATH}&ve=/chua-ro",
        "chua-ro": "/chua-ro",
        "kiem-tra": f"/kiem-tra?dia-chi={OLD_HOST}{MISSED_PATH}",
        "san-sang": "/san-sang",
        "nguoi-goi": "/nguoi-goi",
        "khong-co": "/khong-co",
    }.items():
        page.goto(f"{town.console}{path}")
        look(page, artefacts / f"console-{name}-{width}-{scheme}.png")
    page.goto(f"{town.console}/tai-lieu")
    page.get_by_role("button", name="Chấp nhận cả").click()
    look(page, artefacts / f"console-xem-truoc-{width}-{scheme}.png")
    page.goto(f"{town.console}/anh-xa/nhap")
    page.get_by_label("Hoặc dán nội dung").fill(TABLE)
    page.get_by_role("button", name="Xem trước").click()
    look(page, artefacts / f"console-nhap-xem-truoc-{width}-{scheme}.png")
    page.goto(f"{town.console}/kiem-tra/danh-sach")
    listed = f"{OLD_HOST}{OLD_PATH}\n{OLD_HOST}{MISSED_PATH}\nhttp://la.vn/x\nkhông phải"
    page.get_by_label("Địa chỉ cũ, mỗi dòng một địa chỉ").fill(listed)
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    look(page, artefacts / f"console-kiem-tra-danh-sach-{width}-{scheme}.png")
    page.goto(f"{town.console}/anh-xa/sua")
    page.get_by_role("button", name="Lưu, có hiệu lực ngay").click()
    look(page, artefacts / f"console-anh-xa-sai-{width}-{scheme}.png")
    page.goto(f"{town.console}/quy-tac/sua")
    page.get_by_role("button", name="Lưu, có hiệu lực ngay").click()
    look(page, artefacts / f"console-quy-tac-sai-{width}-{scheme}.png")
    page.get_by_label("Tên ngắn").fill("tin-cu")
    page.get_by_label("Mẫu địa chỉ").fill("/tin/:id.aspx")
    page.get_by_label("Đích, khi chuyển").fill("/tim-kiem?q=:id")
    page.get_by_label("Ví dụ, mỗi dòng").fill("/tin/5.aspx -> /tim-kiem?q=5")
    page.get_by_role("button", name="Lưu, có hiệu lực ngay").click()
    expect(page.get_by_role("status")).to_contain_text("Đã sửa quy tắc")
    look(page, artefacts / f"console-quy-tac-{width}-{scheme}.png")
    page.keyboard.press("?")
    look(page, artefacts / f"console-phim-tat-{width}-{scheme}.png")
    context.close()


def look(page: Page, picture: Path) -> None:
    page.screenshot(path=str(picture), full_page=True)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), picture.name
