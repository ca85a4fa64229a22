"""The corners of the district's portal that nobody looked after: traps, spam, a moved page."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final, Protocol

from demo import web
from demo.attachments import PDF, pdf
from demo.oddities import spam_page
from demo.text import Draft
from demo.truth import Attachment, Truth

if TYPE_CHECKING:
    from demo.truth import Expected
    from demo.web import Reply, Request

SPAM_FILE: Final = "/images/stories/bet88.pdf"
GUESTBOOK: Final = "/index.php?option=com_easybook&view=guestbook"
CALENDAR: Final = "/lich-cong-tac"
CASINO: Final = "http://bet88.invalid/"

_relative_trap = re.compile(r"/(?:a/)+")
_month = re.compile(r"([0-9]{4})-([0-9]{2})")
_duties: Final = (
    "Giao ban đầu tuần tại phòng họp số 1",
    "Tiếp công dân định kỳ tại trụ sở tiếp công dân",
    "Kiểm tra tiến độ thu hoạch lúa tại các xã phía nam",
    "Họp ban chỉ đạo xây dựng nông thôn mới",
    "Làm việc với đoàn kiểm tra của tỉnh về đất đai",
    "Dự sinh hoạt khu dân cư",
)


class FurnishedPage(Protocol):
    """Renders a template inside the portal's furniture."""

    def __call__(self, request: Request, template: str, /, **context: object) -> Reply: ...


def spam_file() -> bytes:
    """The PDF that intruders uploaded."""
    page = spam_page()
    return pdf(Draft(page.title, page.paragraphs))


def answer(request: Request, page: FurnishedPage) -> Reply | None:
    """A reply if the request leads into a corner."""
    path, params = request.path, request.params
    if params.get("option") == "com_easybook":
        return page(request, "joomla/guestbook.html", title="Sổ lưu bút", crumbs=[])
    if path == CALENDAR:
        return _calendar(request, page)
    if _relative_trap.fullmatch(path):
        title = f"Thư viện ảnh, thư mục {path.count('/') - 1}"
        return page(request, "joomla/gallery.html", title=title, crumbs=[])
    if path == "/trang-cu.htm":
        return web.html(web.render("dnn/moved.html", target="/Default.aspx?tabid=36"))
    return web.raw(spam_file(), PDF) if path == SPAM_FILE else None


def _calendar(request: Request, page: FurnishedPage) -> Reply:
    found = _month.fullmatch(request.params.get("month", "2025-06"))
    index = int(found[1]) * 12 + int(found[2]) - 1 if found else 2025 * 12 + 5
    rng = random.Random(f"calendar/{index}")
    rows = [
        (f"{day:02d}/{index % 12 + 1:02d}/{index // 12}", duty)
        for day, duty in zip((3, 9, 15, 22, 27), rng.sample(_duties, 5), strict=True)
    ]
    months = [f"{(index + step) // 12:04d}-{(index + step) % 12 + 1:02d}" for step in (-1, 1)]
    title = f"Lịch công tác tháng {index % 12 + 1}/{index // 12}"
    return page(request, "joomla/calendar.html", title=title, crumbs=[], rows=rows, months=months)


def truths(host: str, site: str) -> list[Truth]:
    """What is known about the corners; of the endless ones the first addresses."""
    rows: list[tuple[str, str, Expected, str]] = [
        (GUESTBOOK, "Sổ lưu bút", "quarantine", "guestbook-spam"),
        ("/trang-cu.htm", "", "redirect", "meta-refresh"),
    ]
    rows += [
        (f"{CALENDAR}?month=2025-{month:02d}", f"Lịch công tác tháng {month}/2025", "trap", trap)
        for month, trap in enumerate(["calendar-trap"] * 12, 1)
    ]
    rows += [
        ("/" + "a/" * depth, f"Thư viện ảnh, thư mục {depth}", "trap", "relative-link-trap")
        for depth in range(1, 6)
    ]
    return [
        Truth(
            site=site, url=f"http://{host}{path}", kind="corner", section="", title=title,
            expected=expected, hazards=frozenset({hazard}),
            attachments=(spam_attachment(host),) if path == GUESTBOOK else (),
        )
        for path, title, expected, hazard in rows
    ]  # fmt: skip


def spam_attachment(host: str) -> Attachment:
    """The intruders' file as an attachment of the guestbook."""
    body = spam_file()
    return Attachment(f"http://{host}{SPAM_FILE}", "bet88.pdf", PDF, len(body), web.digest(body))
