"""Places and agencies of the three old units, named as they were called on the date of a page."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

MINISTRY_REFORM: Final = dt.date(2025, 3, 1)
"""From this day departments of agriculture are departments of agriculture and environment."""

VILLAGES: Final = (
    "thôn Đông Cầu", "thôn Cao Dương", "thôn Phúc Tân", "thôn Lại Xá", "thôn Đồng Bào",
    "thôn An Phú", "thôn Hạ Bì", "thôn Trung Hòa", "thôn Phú Thọ", "thôn Vân Đội",
    "thôn Thượng Cốc", "thôn Đại Tỉnh", "thôn Quán Đào", "thôn Bãi Trung", "thôn Cầu Lâm",
    "thôn Tràng Kỹ", "thôn Kim Trang", "thôn Bùi Hạ", "thôn Ngọc Cục", "thôn Đan Tràng",
    "thôn Xuân Nẻo", "thôn La Tỉnh", "thôn Mỹ Xá", "thôn Hoàng Xá", "thôn Nghĩa Dũng",
)  # fmt: skip

PRODUCTS: Final = (
    "bánh đậu xanh", "bánh gai", "cà rốt sấy", "nước mắm cá cơm", "chả rươi", "ổi sấy dẻo",
    "trà hoa vàng", "mật ong sú vẹt", "gạo nếp cái hoa vàng", "vải sấy khô", "hành tỏi đen",
    "rau sạch thủy canh", "bún khô", "thuốc lào", "cốm vòng", "mắm rươi",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """What one portal wrote about: the unit, its places and what its agencies are called."""

    name: str
    unit: str
    english: str
    phone: str
    """The area code."""
    committee: str
    council: str
    places: tuple[str, ...]
    departments: tuple[tuple[str, str], ...]
    farming: tuple[str, str]
    """The department of agriculture before and after the reform of March 2025."""

    def agencies(self, day: dt.date) -> dict[str, str]:
        """Short key to name of each agency on a day."""
        before, after = self.farming
        farming = before if day < MINISTRY_REFORM else after
        return {**dict(self.departments), "nn": farming}


_provincial = (
    ("gd", "Sở Giáo dục và Đào tạo"),
    ("yt", "Sở Y tế"),
    ("tc", "Sở Tài chính"),
    ("vh", "Sở Văn hóa, Thể thao và Du lịch"),
    ("xd", "Sở Xây dựng"),
    ("nv", "Sở Nội vụ"),
    ("khcn", "Sở Khoa học và Công nghệ"),
    ("ct", "Sở Công Thương"),
    ("tp", "Sở Tư pháp"),
)

HAI_DUONG: Final = Region(
    name="haiduong",
    unit="tỉnh Hải Dương",
    english="Hai Duong Province",
    phone="0220",
    committee="UBND tỉnh Hải Dương",
    council="HĐND tỉnh Hải Dương",
    places=(
        "huyện Thanh Hà", "huyện Ninh Giang", "huyện Tứ Kỳ", "huyện Nam Sách", "huyện Kim Thành",
        "huyện Cẩm Giàng", "huyện Bình Giang", "huyện Gia Lộc", "huyện Thanh Miện",
        "thành phố Chí Linh", "thành phố Hải Dương", "thị xã Kinh Môn", "thị trấn Lai Cách",
        "xã Cao An", "xã Vĩnh Hưng", "xã Hùng Thắng", "xã Long Xuyên", "xã Tuấn Việt",
        "xã Kim Xuyên", "xã Nam Hưng", "xã Nam Tân", "xã Đồng Lạc", "xã Nghĩa An", "xã Tân Hương",
        "xã Hồng Lạc", "xã Thanh An", "xã Đoàn Tùng", "xã Tứ Cường", "xã Ngũ Hùng",
        "xã Quang Phục", "xã Đại Sơn", "phường Sao Đỏ", "phường Phả Lại", "phường Cẩm Thượng",
        "phường Ngọc Châu", "xã An Thượng", "phường An Lưu", "xã Hiệp Hòa", "xã Bạch Đằng",
    ),
    departments=(*_provincial, ("mttq", "Ủy ban Mặt trận Tổ quốc tỉnh")),
    farming=("Sở Nông nghiệp và Phát triển nông thôn", "Sở Nông nghiệp và Môi trường"),
)  # fmt: skip

HAI_PHONG: Final = Region(
    name="haiphong",
    unit="thành phố Hải Phòng",
    english="Hai Phong City",
    phone="0225",
    committee="UBND thành phố Hải Phòng",
    council="HĐND thành phố Hải Phòng",
    places=(
        "huyện Tiên Lãng", "huyện Vĩnh Bảo", "huyện An Lão", "huyện Kiến Thụy", "huyện Cát Hải",
        "quận Hồng Bàng", "quận Ngô Quyền", "quận Lê Chân", "quận Hải An", "quận Kiến An",
        "quận Đồ Sơn", "quận Dương Kinh", "thị trấn Cát Bà", "thị trấn Núi Đối",
        "thị trấn Trường Sơn", "xã An Tiến", "xã An Thắng", "xã Nghĩa Lộ", "xã Đồng Bài",
        "xã Thuận Thiên", "xã Hữu Bằng", "xã Quyết Tiến", "xã Tiên Thanh", "xã Đại Thắng",
        "xã Tân Hưng", "xã Tân Liên", "phường Đông Hải 1", "phường Nam Hải", "phường Thượng Lý",
        "phường Minh Khai", "phường Đồng Hòa", "phường Bắc Sơn", "phường Văn Đẩu",
        "phường An Biên", "phường Hàng Kênh", "phường Máy Chai", "phường Cầu Tre",
        "phường Ngọc Xuyên", "phường Vạn Hương", "phường Anh Dũng",
    ),
    departments=(*_provincial, ("mttq", "Ủy ban Mặt trận Tổ quốc thành phố")),
    farming=("Sở Nông nghiệp và Phát triển nông thôn", "Sở Nông nghiệp và Môi trường"),
)  # fmt: skip

GIA_LOC: Final = Region(
    name="gialoc",
    unit="huyện Gia Lộc",
    english="Gia Loc District",
    phone="0220",
    committee="UBND huyện Gia Lộc",
    council="HĐND huyện Gia Lộc",
    places=(
        "thị trấn Gia Lộc", "xã Thống Nhất", "xã Yết Kiêu", "xã Gia Phúc", "xã Gia Tiến",
        "xã Lê Lợi", "xã Toàn Thắng", "xã Hoàng Diệu", "xã Hồng Hưng", "xã Phạm Trấn",
        "xã Đoàn Thượng", "xã Nhật Quang", "xã Thống Kênh", "xã Quang Đức",
    ),
    departments=(
        ("gd", "Phòng Giáo dục và Đào tạo huyện"),
        ("yt", "Trung tâm Y tế huyện"),
        ("tc", "Phòng Tài chính - Kế hoạch huyện"),
        ("vh", "Phòng Văn hóa và Thông tin huyện"),
        ("xd", "Phòng Kinh tế và Hạ tầng huyện"),
        ("nv", "Phòng Nội vụ huyện"),
        ("khcn", "Văn phòng HĐND và UBND huyện"),
        ("ct", "Phòng Kinh tế và Hạ tầng huyện"),
        ("tp", "Phòng Tư pháp huyện"),
        ("mttq", "Ủy ban Mặt trận Tổ quốc huyện"),
    ),
    farming=(
        "Phòng Nông nghiệp và Phát triển nông thôn huyện",
        "Phòng Nông nghiệp và Môi trường huyện",
    ),
)  # fmt: skip

REGIONS: Final = (HAI_DUONG, HAI_PHONG, GIA_LOC)
