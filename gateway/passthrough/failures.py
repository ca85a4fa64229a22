"""What can go wrong between us and an upstream, and what the caller is told."""

from __future__ import annotations

from gateway.answer import Answer, field_lines
from gateway.i18n import _
from gateway.passthrough.transition import Fields
from gateway.portal_settings import PortalSettings
from gateway.site.notices import PROBLEM_JSON, WORDINGS, problem
from redirects.route import ApiRoute


class PassthroughError(Exception):
    """A call that could not be passed on; the message names the upstream.

    PassthroughError
    ├── UpstreamUnreachable   no connection: refused, no such host, TLS refused
    ├── UpstreamBroken        it went away or did not speak HTTP
    ├── UpstreamSlow          it did not answer in its time
    ├── UpstreamBusy          every connection is in use and the queue is full
    └── CallerGone            nobody waits for the answer any more
    """

    status = 502
    detail = _("Hệ thống phía sau không trả lời đúng.")


class UpstreamUnreachable(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """No connection could be made."""

    detail = _("Không kết nối được đến hệ thống phía sau.")


class UpstreamBroken(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The connection died or carried something that is not HTTP. `untouched`: not a byte came."""

    def __init__(self, message: str, *, untouched: bool = False) -> None:
        super().__init__(message)
        self.untouched = untouched


class UpstreamSlow(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """A connection or an answer took longer than it may."""

    status = 504
    detail = _("Hệ thống phía sau trả lời quá chậm.")


class UpstreamBusy(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """Too many calls are waiting already."""

    status = 503
    detail = _("Hệ thống phía sau đang quá tải.")


class CallerGone(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The caller hung up."""


def failure_answer(portal: PortalSettings, route: ApiRoute, error: PassthroughError) -> Answer:
    """Return what the caller is told, with whom to ask. Programs read it: always problem+json."""
    title = WORDINGS[error.status].title
    body = _problem(portal, route, status=error.status, title=title, detail=error.detail)
    answer = _answer(error.status, body)
    if error.status == UpstreamBusy.status:
        answer.lines += b"retry-after: 5\r\n"
    return answer


def retired_answer(portal: PortalSettings, route: ApiRoute, told: Fields) -> Answer:
    """Return what a caller is told of an API whose last day is over; `told` are more fields."""
    detail = _("API ở địa chỉ này đã ngừng phục vụ.")
    body = _problem(portal, route, status=410, title=_("API đã ngừng phục vụ"), detail=detail)
    answer = _answer(410, body)
    answer.lines += field_lines(told)
    return answer


def _problem(
    portal: PortalSettings, route: ApiRoute, *, status: int, title: str, detail: str
) -> bytes:
    more = {"don_vi_quan_ly": route.contact, "thay_the": route.successor}
    known = {name: value for name, value in more.items() if value}
    return problem(portal, status, title, detail, api=route.name, **known)


def _answer(status: int, body: bytes) -> Answer:
    headers = (
        (b"content-type", PROBLEM_JSON.encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    )
    return Answer(status, field_lines(headers), body)
