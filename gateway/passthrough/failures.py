"""What can go wrong between a caller and an upstream; `telling` says it to the caller."""

from __future__ import annotations

from gateway.i18n import _


class PassthroughError(Exception):
    """A call that could not be passed on; the message names the upstream.

    PassthroughError
    ├── UpstreamFailed            the upstream's own trouble: its breaker counts these
    │   ├── UpstreamUnreachable   no connection: refused, no such host, TLS refused
    │   ├── UpstreamBroken        it went away or did not speak HTTP
    │   └── UpstreamSlow          it did not answer in its time
    ├── UpstreamBusy              every connection is in use and the queue is full
    ├── UpstreamDown              the breaker of every upstream is open
    ├── AnswerTooLong             longer than the route allows
    ├── CallTooLong               the caller's body is longer than the route allows
    ├── TooManyCalls              the caller calls more often than the route allows
    ├── StoodIn                   what was kept has gone out instead of what the upstream said
    └── CallerGone                nobody waits for the answer any more
    """

    status = 502
    detail = _("Hệ thống phía sau không trả lời đúng.")
    retry_after: int | None = None


class UpstreamFailed(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The upstream did not answer as it should."""


class UpstreamUnreachable(UpstreamFailed):
    """No connection could be made."""

    detail = _("Không kết nối được đến hệ thống phía sau.")


class UpstreamBroken(UpstreamFailed):
    """The connection died or carried something that is not HTTP. `untouched`: not a byte came."""

    def __init__(self, message: str, *, untouched: bool = False) -> None:
        super().__init__(message)
        self.untouched = untouched


class UpstreamSlow(UpstreamFailed):
    """A connection or an answer took longer than it may."""

    status = 504
    detail = _("Hệ thống phía sau trả lời quá chậm.")


class UpstreamBusy(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """Too many calls are waiting already."""

    status = 503
    detail = _("Hệ thống phía sau đang quá tải.")
    retry_after = 5


class UpstreamDown(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """Nobody is asked for now: the last calls to each upstream failed."""

    status = 503
    detail = _("Hệ thống phía sau đang gặp sự cố.")

    def __init__(self, origins: str, *, retry_after: int) -> None:
        super().__init__(f"not asked for now: {origins}")
        self.retry_after = retry_after


class AnswerTooLong(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The upstream's answer is longer than the route allows."""

    detail = _("Hệ thống phía sau trả lời dài hơn mức cho phép.")


class CallTooLong(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The call's body is longer than the route allows."""

    status = 413
    detail = _("Nội dung gửi lên dài hơn mức API này nhận.")


class TooManyCalls(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The caller has used up what the route allows it for now."""

    status = 429
    detail = _("Đã gọi nhiều hơn mức cho phép trong khoảng thời gian này.")

    def __init__(self, route: str, *, retry_after: int) -> None:
        super().__init__(f"a caller of {route} calls too often")
        self.retry_after = retry_after


class StoodIn(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """A kept answer has gone out instead of what the upstream said: `status`."""

    def __init__(self, status: int) -> None:
        super().__init__("answered with what was kept")
        self.status = status


class CallerGone(PassthroughError):  # noqa: N818 - says what is so, like the house's other errors
    """The caller hung up."""
