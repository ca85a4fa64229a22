"""Where an old address may lead: judged as a browser would read it, after captures are filled in.

Nothing leaves the portal except for hosts on its allow-list, and every Location is absolute, so a
target that looks like a path cannot turn into a host on the way.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from redirects.site import Portal
from redirects.url import Url, UrlError, parse_url

_REFERENCE = re.compile(r"(?:doc|unit|section):[A-Za-z0-9][A-Za-z0-9._~@/-]{0,199}", re.ASCII)
SAME_AS = "same:"
"""Begins a rule's target that is another spelling of the address: `same:/-/:slug`."""

_UNSAFE = re.compile("[\x00-\x1f\x7f\\\\\ud800-\udfff]")
_ABSOLUTE = re.compile(r"https?://[^/?#]", re.IGNORECASE)


class TargetFault(StrEnum):
    """What is wrong with a target."""

    EMPTY = "empty-target"
    UNREADABLE = "unreadable-target"
    FOREIGN = "foreign-target"
    UNKNOWN = "unknown-target"


_FAULTS = {
    TargetFault.EMPTY: "Chưa có địa chỉ đích.",
    TargetFault.UNREADABLE: "Địa chỉ đích không đọc được: {}",
    TargetFault.FOREIGN: "Địa chỉ đích dẫn ra ngoài cổng và không có trong danh sách cho phép: {}",
    TargetFault.UNKNOWN: "Không tìm thấy nội dung mà địa chỉ đích nêu: {}",
}


class TargetError(ValueError):
    """A target visitors must not be sent to; `target` is the culprit."""

    def __init__(self, target: str, fault: TargetFault, reason: str) -> None:
        super().__init__(f"target {target!r} {reason}")
        self.target = target
        self.fault = fault
        self.reason = reason


def is_reference(target: str) -> bool:
    """Tell `doc:ID`, `unit:CODE` and `section:SLUG` from addresses."""
    return _REFERENCE.fullmatch(target) is not None


def check_same(target: str) -> None:
    """Accept `same:/path`, the target of a rule that only spells an address another way.

    Raises:
        TargetError: what follows is no path.
    """
    path = target.removeprefix(SAME_AS)
    if not path.startswith("/") or path.startswith("//") or _UNSAFE.search(path):
        raise TargetError(target, TargetFault.UNREADABLE, "does not name a path of its site")


def check_target(target: str, portal: Portal) -> None:
    """Accept a path of the portal, an allowed http(s) URL, or a reference.

    Raises:
        TargetError: it is empty, unreadable, or leads to a host that is not allowed.
    """
    if not is_reference(target):
        _judge(target, portal)


def location(target: str, portal: Portal) -> str:
    """Make the Location header of a target: absolute, ASCII, without a line break.

    Raises:
        TargetError: as `check_target`, and for a reference, which only a snapshot can resolve.
    """
    url = _judge(target, portal)
    return f"{url.href}#{url.fragment}" if url.fragment else url.href


def fault_message(error: TargetError) -> str:
    """Say in an editor's words what is wrong with a target."""
    return _FAULTS[error.fault].format(error.target)


def _judge(target: str, portal: Portal) -> Url:
    if not target:
        raise TargetError(target, TargetFault.EMPTY, "is empty")
    if target != target.strip() or _UNSAFE.search(target):
        raise TargetError(target, TargetFault.UNREADABLE, "has control characters or backslashes")
    if target.startswith("//") or not (target.startswith("/") or _ABSOLUTE.match(target)):
        raise TargetError(target, TargetFault.UNREADABLE, "is neither a path nor an http(s) URL")
    try:
        url = parse_url(target, portal.url)
    except UrlError as error:
        raise TargetError(target, TargetFault.UNREADABLE, "is not a URL") from error
    if url.credentials:
        raise TargetError(target, TargetFault.FOREIGN, "carries a user name")
    if not _allowed(url, portal):
        raise TargetError(target, TargetFault.FOREIGN, f"leads to {url.host}, which is not allowed")
    return url


def _allowed(url: Url, portal: Portal) -> bool:
    home = _home(portal.url)
    if url.origin == home.origin:
        return True
    if url.host in portal.hosts and url.port in (None, home.port):
        return True
    return url.port is None and any(
        _host_matches(url.host, allowed) for allowed in portal.allowed_targets
    )


@lru_cache(maxsize=16)
def _home(url: str) -> Url:
    return parse_url(url)


def _host_matches(host: str, allowed: str) -> bool:
    allowed = allowed.lower()
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
