"""The odd pages and files that every old portal had one of: huge, empty, private, hijacked."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from demo.article import Article, StoredFile
from demo.attachments import PDF

if TYPE_CHECKING:
    import random

JOOMLA_ERA: Final = 2014
"""Later years were published on Joomla."""

NORMATIVE_SLASHES: Final = 2
"""A normative document's number also names its year: 15/2023/QĐ-UBND."""

PRICE_ROWS: Final = 9600
PERSONS: Final = 40

_roads = (
    "Đường Nguyễn Lương Bằng", "Đường Lê Thanh Nghị", "Phố Phạm Ngũ Lão", "Phố Quang Trung",
    "Đường Trần Hưng Đạo", "Phố Bạch Đằng", "Đường Thanh Niên", "Phố Tuy Hòa", "Đường Hồng Quang",
)  # fmt: skip


def long_price_table(rng: random.Random) -> Article:
    """A page of more than a megabyte: land prices of every stretch of every road."""
    rows = tuple(
        (
            str(n),
            f"{_roads[n % len(_roads)]}, đoạn {n // len(_roads) + 1}",
            *(f"{rng.randint(low, low * 3):,}".replace(",", ".") for low in (9000, 5000, 2600)),
        )
        for n in range(1, PRICE_ROWS + 1)
    )
    return Article(
        ident=0,
        site="haiduong",
        kind="quy-hoach",
        title="Bảng giá đất ở đô thị theo từng đoạn đường giai đoạn 2020 - 2024",
        published=dt.date(2019, 12, 20),
        paragraphs=(
            "Bảng giá ban hành kèm theo quyết định của UBND tỉnh, áp dụng đến hết năm 2024.",
            "Đơn vị tính: nghìn đồng một mét vuông.",
        ),
        table=(("STT", "Đoạn đường", "Vị trí 1", "Vị trí 2", "Vị trí 3"), *rows),
        hazards=frozenset({"huge-page"}),
    )


def list_of_persons(rng: random.Random) -> Article:
    """A list with twelve-digit numbers like those on identity cards.

    Prefix 099 belongs to no province, so that no number is anybody's.
    """
    rows = tuple(
        (str(n), f"099{rng.randint(0, 999_999_999):09d}", f"{rng.randint(2, 15) * 100}.000 đồng")
        for n in range(1, PERSONS + 1)
    )
    return Article(
        ident=0,
        site="gialoc",
        kind="thong-bao",
        title="Danh sách người lao động nhận hỗ trợ đợt 3 năm 2021",
        published=dt.date(2021, 10, 12),
        paragraphs=(
            "Danh sách niêm yết công khai trong 5 ngày tại trụ sở và trang tin của huyện.",
        ),
        table=(("STT", "Số căn cước công dân", "Số tiền"), *rows),
        hazards=frozenset({"personal-data"}),
    )


def spam_page() -> Article:
    """What intruders published: a page of bookmakers' words."""
    return Article(
        ident=0,
        site="gialoc",
        kind="tin-tuc",
        title="Tỷ lệ kèo nhà cái hôm nay, tặng 88k cho thành viên mới",
        published=dt.date(2023, 8, 2),
        paragraphs=(
            "Nhà cái uy tín số một, nạp rút siêu tốc, tài xỉu online, xóc đĩa đổi thưởng, nổ hũ.",
            "Soi kèo bóng đá, lô đề trực tuyến tỷ lệ 1 ăn 99, khuyến mãi nạp lần đầu 100%.",
            "Đăng ký tài khoản casino trực tuyến để nhận ngay 88k trải nghiệm miễn phí.",
        ),
        hazards=frozenset({"spam"}),
    )


def with_twin_file(article: Article) -> Article:
    """The article with its first file offered once more under another name."""
    file = article.files[0]
    twin = replace(file, ident=file.ident + 1, name=f"Bản sao {file.name}")
    return replace(
        article, files=(*article.files, twin), hazards=article.hazards | {"same-bytes-two-names"}
    )


def with_empty_file(article: Article) -> Article:
    """The article with one more file that was never really uploaded."""
    empty = StoredFile(article.ident * 10 + 5, "Phụ lục 2 (bản scan).pdf", PDF, b"")
    return replace(article, files=(*article.files, empty), hazards=article.hazards | {"empty-file"})
