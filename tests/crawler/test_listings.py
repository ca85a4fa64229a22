"""Lists and articles: what only leads on makes no document, what says something always does."""

from __future__ import annotations

from datetime import date

from crawler.extract.page import Page
from crawler.extract.reading import read_page
from crawler.extract.template import SiteTemplate

PARAGRAPH = (
    "Hộ gia đình, cá nhân nộp hồ sơ tại bộ phận một cửa; cán bộ kiểm tra thành phần hồ sơ, viết "
    "giấy hẹn và chuyển đến phòng chuyên môn trong ngày. "
)


def read(body: str) -> Page:
    return read_page(
        f"<html><head><title>Trang</title></head><body>{body}</body></html>".encode(),
        "text/html; charset=utf-8",
        "http://www.haiduong.gov.vn/trang",
        template=SiteTemplate(),
        is_page=lambda _: True,
        today=date(2026, 1, 1),
    )


def section(number: int, paragraphs: int) -> str:
    return (
        f"<div class='muc'><h2>Mục {number}</h2>{f'<p>{PARAGRAPH}</p>' * paragraphs}"
        f"<p>Xem thêm <a href='/muc/{number}'>mục {number}</a>.</p></div>"
    )


def test_teasers_with_a_link_each_are_a_listing() -> None:
    assert read("<div>" + "".join(section(number, 1) for number in range(5)) + "</div>").is_listing


def test_a_long_article_whose_parts_refer_to_other_pages_is_no_listing() -> None:
    """A bug once: chapters of a handbook became lists, and their words could not be found."""
    page = read("<div>" + "".join(section(number, 8) for number in range(5)) + "</div>")
    assert not page.is_listing
    assert PARAGRAPH.strip() in page.text
