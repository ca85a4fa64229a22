"""Answers to old addresses that need no page: a redirect costs one look-up and one small write."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import assert_never
from zlib import crc32

from gateway.answer import Answer, field_lines
from gateway.security import location_header
from redirects.resolution import (
    Archived,
    Gone,
    Live,
    Moved,
    Proxied,
    Resolution,
    Retired,
    Split,
    UnknownHost,
    Unresolved,
)

SNAPSHOT_HEADER = b"x-hopnhat-snapshot"
FIRST_DAY_SECONDS = 86_400
FIRST_DAY_MAX_AGE = 300
"""Seconds a decision of today may be kept: browsers never ask again about a 301 they hold."""

_BEFORE_LINK = {
    status: (
        f'<!doctype html><html lang="vi"><meta charset="utf-8">'
        f"<title>{status} {HTTPStatus(status).phrase}</title>"
        f'<p>Trang này đã chuyển đến <a href="'
    ).encode()
    for status in (301, 302, 307, 308)
}
_AMPERSAND = ord("&")
_BEHIND = b"</a></p></html>\n"
_SIZES = {status: len(text + b'">' + _BEHIND) for status, text in _BEFORE_LINK.items()}
# A Location has no line break: written as one, three fields cost the price of one.
_OWN_LINES = b'location: %b\r\ncontent-length: %d\r\netag: W/"%08x"\r\n'
MOVED_NAMES = {status: f"moved-{status}" for status in _BEFORE_LINK}
"""What metrics call a redirect, by its status."""


class Redirects:
    """Writes redirects: short-lived on the first day of a decision, then as long as is set."""

    def __init__(self, max_age: int, clock: Callable[[], float]) -> None:
        """`max_age` is in seconds; `clock` gives seconds of the epoch."""
        self._max_age = max_age
        self._first_max_age = min(max_age, FIRST_DAY_MAX_AGE)
        self._clock = clock
        self._new_letters: dict[int, bytes] = {}
        self._old_letters: dict[int, bytes] = {}
        self._second, self._snapshot_id = 0, ""  # what the letters were printed for

    def to(self, moved: Moved, snapshot_id: str) -> Answer:
        """Redirect an old address."""
        return self.at(moved.status, location_header(moved.location), moved.since, snapshot_id)

    def at(self, status: int, location: bytes, since: int | None, snapshot_id: str) -> Answer:
        """Redirect to a Location that is safe to send, with a body for those who need one."""
        # Quotes and angle brackets are percent-encoded in a Location; only "&" needs care.
        link = location.replace(b"&", b"&amp;") if _AMPERSAND in location else location
        body = b"".join((_BEFORE_LINK[status], link, b'">', link, _BEHIND))
        is_new = _is_new(since, self._clock())
        lines = _OWN_LINES % (location, len(body), crc32(location))
        return Answer(status, lines, body, self._shared_lines(snapshot_id, is_new=is_new))

    def letter(self, status: int, location: bytes, since: int | None, snapshot_id: str) -> bytes:
        """Write what `at` is to a GET on a connection that stays, in one go."""
        now = self._clock()
        second = int(now)
        if second != self._second or snapshot_id != self._snapshot_id:
            self._print_letters(second, snapshot_id)
        link = location.replace(b"&", b"&amp;") if _AMPERSAND in location else location
        size = _SIZES[status] + 2 * len(link)
        letters = self._new_letters if _is_new(since, now) else self._old_letters
        return letters[status] % (location, size, crc32(location), link, link)

    def _print_letters(self, second: int, snapshot_id: str) -> None:
        """Print everything of all letters of this second but what differs by address."""
        for is_new, letters in ((True, self._new_letters), (False, self._old_letters)):
            shared = self._shared_lines(snapshot_id, is_new=is_new)
            for status, before in _BEFORE_LINK.items():
                head = Answer(status, _OWN_LINES, b"", shared).head(second, last=False)
                letters[status] = head + before + b'%b">%b' + _BEHIND
        self._second, self._snapshot_id = second, snapshot_id

    def _shared_lines(self, snapshot_id: str, *, is_new: bool) -> bytes:
        return _redirect_lines(self._first_max_age if is_new else self._max_age, snapshot_id)


def _is_new(since: int | None, now: float) -> bool:
    return since is None or (since > 0 and now - since < FIRST_DAY_SECONDS)


@lru_cache(maxsize=64)
def _redirect_lines(max_age: int, snapshot_id: str) -> bytes:
    return field_lines(
        (
            (b"content-type", b"text/html; charset=utf-8"),
            (b"cache-control", b"max-age=%d" % max_age),
            (b"x-content-type-options", b"nosniff"),
            (SNAPSHOT_HEADER, snapshot_id.encode("ascii")),
        )
    )


def outcome_of(  # noqa: PLR0911 - one name an outcome
    resolution: Resolution,
) -> tuple[str, str]:
    """Return the name of an outcome and its site, as metrics and logs know them."""
    match resolution:
        case Moved(site=site, status=status):
            return MOVED_NAMES[status], site
        case Unresolved(site=site):
            return "unresolved", site
        case Split(site=site):
            return "split", site
        case Gone(site=site):
            return "gone", site
        case Archived(site=site):
            return "archived", site
        case Proxied(route=route):
            return "proxied", route.name
        case Retired(route=route):
            return "retired", route.name
        case Live():
            return "live", ""
        case UnknownHost():
            return "unknown-host", ""
        case _:
            assert_never(resolution)
