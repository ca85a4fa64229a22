"""Soft errors: pages that answer 200 and say that there is nothing.

Kept and marked, never imported; and never the home page, which may well say "404" in a menu.
"""

from __future__ import annotations

import re

from crawler.extract.blocks import digest_of, fold
from crawler.extract.page import Page
from crawler.extract.section import fold_marks

_SHORT = 600  # characters; an error page says little else
_PHRASES = (
    "khong tim thay trang",
    "khong tim thay noi dung",
    "khong tim thay bai viet",
    "khong tim thay tai nguyen",
    "khong tim thay du lieu",
    "trang ban yeu cau khong ton tai",
    "trang ban tim khong",
    "trang khong ton tai",
    "bai viet khong ton tai",
    "noi dung khong ton tai",
    "noi dung ban yeu cau khong",
    "tai nguyen duoc yeu cau khong ton tai",
    "duong dan khong ton tai",
    "lien ket khong ton tai",
    "da bi xoa hoac khong ton tai",
    "khong co bai viet nao",
    "da xay ra loi",
    "loi he thong",
    "he thong dang bao tri",
    "ban khong co quyen truy cap",
    "page not found",
    "not found",
    "the requested resource is not available",
    "the requested resource could not be found",
    "server error in",
    "runtime error",
    "internal server error",
    "an unexpected error has occurred",
    "an error occurred",
    "error occurred while processing your request",
    "this page is under construction",
)
_CODES = re.compile(r"^(?:loi |error |http )?(?:404|403|410|500|503)(?: |$)")


def is_soft_error(page: Page, *, is_home: bool, probes: frozenset[int]) -> str | None:
    """Return the sign by which a page is a soft error, or None.

    `probes` are signatures of what the portal answered to addresses that cannot exist.
    """
    if is_home:
        return None
    if signature_of(page) in probes:
        return "same as a made-up address"
    if len(page.text) > _SHORT:
        return None
    title, text = fold_marks(page.title), fold_marks(page.said[: 2 * _SHORT])
    if _CODES.match(title):
        return f"title: {title[:40]}"
    return next((phrase for phrase in _PHRASES if phrase in title or phrase in text), None)


def signature_of(page: Page) -> int:
    """Return 64 bits of what a page says, digits folded."""
    return digest_of(f"{fold(page.title)}\n{fold(page.text)}")
