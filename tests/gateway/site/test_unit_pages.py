"""Old and new administrative units, as a citizen looks them up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest

from gateway.settings.sites import SiteSettings
from gateway.settings.units import HostSettings, OfficeSettings


@pytest.fixture
def visit(town: Any, open_town: Callable[[Any], str]) -> Callable[..., httpx.Response]:
    open_town(town)
    port = town.listening.getsockname()[1]

    def get(path: str, **options: Any) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{port}{path}", **options)

    return get


def test_a_name_without_marks_finds_units_of_both_times(
    visit: Callable[..., httpx.Response],
) -> None:
    text = visit("/don-vi?ten=gia+loc").text
    assert 'href="/don-vi/297?ngay=2025-06-30">Huyện Gia Lộc, tỉnh Hải Dương' in text
    assert "Xã Gia Lộc" in text
    assert "Không có đơn vị nào" in visit("/don-vi?ten=xyz").text
    assert "Tên đơn vị" in visit("/don-vi").text


def test_the_page_of_a_district_lists_the_communes_it_became(
    visit: Callable[..., httpx.Response],
) -> None:
    text = visit("/don-vi/297").text
    assert "Cấp huyện đã kết thúc hoạt động từ 01/7/2025" in text
    for name in ("Xã Gia Lộc", "Xã Yết Kiêu", "Xã Gia Phúc", "Xã Trường Tân", "Phường Thạch Khôi"):
        assert name in text
    assert "hết hiệu lực" not in text


def test_a_code_used_again_is_two_units_unless_a_day_is_named(
    visit: Callable[..., httpx.Response],
) -> None:
    both = visit("/don-vi/24").text
    assert "Mã này đã được dùng lại" in both
    assert "Tỉnh Bắc Giang" in both
    assert "Tỉnh Bắc Ninh" in both
    old = visit("/don-vi/24?ngay=2025-06-30").text
    assert '<h1 id="v1">Tỉnh Bắc Giang</h1>' in old
    assert "Mã này đã được dùng lại" not in old


def test_a_former_province_names_its_successor(visit: Callable[..., httpx.Response]) -> None:
    text = visit("/don-vi/30?ngay=2025-06-30").text
    assert "Thành phố Hải Phòng" in text
    assert "hoạt động đến hết ngày 30/6/2025" in text


@pytest.mark.parametrize(
    "path", ["/don-vi/99999", "/don-vi/297?ngay=2026-01-01", "/don-vi/30?ngay=x"]
)
def test_a_unit_that_was_not_is_404(visit: Callable[..., httpx.Response], path: str) -> None:
    assert visit(path).status_code == 404


def test_the_bare_host_of_a_district_portal_says_where_the_district_went(
    visit: Callable[..., httpx.Response],
) -> None:
    answer = visit("/", headers={"host": "gialoc.haiduong.localhost"})
    assert answer.status_code == 200
    assert "Trang thông tin điện tử huyện Gia Lộc" in answer.text
    assert "Cấp huyện đã kết thúc hoạt động" in answer.text
    assert "Xã Yết Kiêu" in answer.text


def test_the_page_of_a_district_tells_each_old_commune_what_it_is_now_and_whom_to_call(
    town: Any, open_town: Callable[[Any], str]
) -> None:
    offices = (
        OfficeSettings(
            name="Trung tâm Phục vụ hành chính công xã Gia Lộc",
            unit="10999",
            phone="0220 000 0001",
            address="Đường Nguyễn Chế Nghĩa",
        ),
        OfficeSettings(
            name="Trung tâm Phục vụ hành chính công thành phố",
            unit="31",
            email="hcc@haiphong.test",
            url="https://hcc.haiphong.test/",
        ),
        OfficeSettings(name="Không liên quan", unit="01"),
    )
    town.settings = town.settings.model_copy(update={"office": offices})
    open_town(town)
    port = town.listening.getsockname()[1]
    answer = httpx.get(f"http://127.0.0.1:{port}/", headers={"host": "gialoc.haiduong.localhost"})
    text = " ".join(answer.text.split())
    assert "Nay xã của bạn là" in text
    assert '/don-vi/11008?ngay=2025-06-30">Xã Thống Nhất</a></th>' in text
    assert "Xã Yết Kiêu</a> (phần lớn địa bàn), <a" in text  # it was divided
    assert 'href="tel:02200000001"' in text
    assert "Đường Nguyễn Chế Nghĩa" in text
    assert "Cơ quan cấp tỉnh" in text
    assert 'href="mailto:hcc@haiphong.test"' in text
    assert "Không liên quan" not in text
    assert 'name="q"' in text  # and a search


def test_a_site_of_many_hosts_tells_each_districts_visitors_about_their_own(
    town: Any, open_town: Callable[[Any], str]
) -> None:
    below = SiteSettings(
        name="huyen",
        title="Cổng các huyện của Hải Dương",
        host="*.haiduong.gov.vn",
        seeds=("http://gialoc.haiduong.gov.vn/",),
    )
    said = HostSettings(name="nhacu.haiduong.gov.vn", unit="299")
    sites = (*town.settings.site, below)
    town.settings = town.settings.model_copy(update={"site": sites, "host": (said,)})
    open_town(town)
    port = town.listening.getsockname()[1]

    def front_door(host: str) -> str:
        return httpx.get(f"http://127.0.0.1:{port}/", headers={"host": host}).text

    assert "Địa bàn huyện Gia Lộc" in front_door("gialoc.haiduong.gov.vn")
    assert "Địa bàn huyện Ninh Giang" in front_door("nhacu.haiduong.gov.vn")
    assert "Cấp huyện đã kết thúc" not in front_door("sotaichinh.haiduong.gov.vn")
    commune = front_door("xagiaphuc.gialoc.haiduong.gov.vn")
    assert "Xã Gia Phúc, huyện Gia Lộc, tỉnh Hải Dương hoạt động đến hết ngày 30/6/2025" in commune
    assert "(phần lớn địa bàn)" in commune
