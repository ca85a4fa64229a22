"""Notices: what a visitor reads where there is no page, always with somebody to call.

Each is printed for people, or as problem+json (RFC 9457) for programs that ask for JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from gateway.answer import Answer, Fields, field_lines
from gateway.i18n import _
from gateway.rendering import Pages
from gateway.settings.portal import PortalSettings
from gateway.shell import Shell

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Wording:
    """What a notice says: a title, and what to do next."""

    title: str
    advice: str


WORDINGS: dict[int, Wording] = {
    400: Wording(
        _("Yêu cầu không hợp lệ"),
        _("Trình duyệt đã gửi một yêu cầu mà máy chủ không đọc được. Xin thử tải lại trang."),
    ),
    403: Wording(
        _("Không được phép xem"),
        _("Nội dung này không mở cho công chúng."),
    ),
    404: Wording(
        _("Không tìm thấy trang"),
        _("Địa chỉ có thể đã gõ sai, hoặc nội dung cũ chưa được chuyển sang cổng mới."),
    ),
    405: Wording(
        _("Cách gọi không được hỗ trợ"),
        _("Địa chỉ này không nhận cách gọi mà chương trình vừa dùng."),
    ),
    410: Wording(
        _("Nội dung này không còn ở đây"),
        _("Nội dung đã được gỡ khỏi cổng thông tin."),
    ),
    413: Wording(
        _("Nội dung gửi lên quá lớn"),
        _("Xin chia nhỏ nội dung rồi gửi lại."),
    ),
    414: Wording(
        _("Địa chỉ quá dài"),
        _("Địa chỉ dài hơn mức máy chủ có thể nhận. Xin kiểm tra lại đường dẫn."),
    ),
    421: Wording(
        _("Máy chủ này không phục vụ tên miền vừa hỏi"),
        _("Tên miền không thuộc các cổng thông tin đã được hợp nhất tại đây."),
    ),
    422: Wording(
        _("Chưa thể thực hiện yêu cầu"),
        _("Yêu cầu đọc được nhưng cần được nói rõ hơn."),
    ),
    429: Wording(
        _("Gọi quá nhiều lần"),
        _("Xin chờ một lát rồi thử lại."),
    ),
    431: Wording(
        _("Yêu cầu quá lớn"),
        _("Xin xoá cookie của trang này trong trình duyệt rồi thử lại."),
    ),
    500: Wording(
        _("Có lỗi ngoài ý muốn"),
        _("Lỗi đã được ghi lại để khắc phục. Xin thử lại sau ít phút."),
    ),
    502: Wording(
        _("Hệ thống phía sau không trả lời đúng"),
        _("Xin thử lại sau ít phút; nếu vẫn lỗi, hãy báo cho đầu mối hỗ trợ."),
    ),
    503: Wording(
        _("Tạm thời chưa phục vụ được"),
        _("Dữ liệu đang được nạp hoặc bảo trì. Xin thử lại sau ít phút."),
    ),
    504: Wording(
        _("Hệ thống phía sau trả lời quá chậm"),
        _("Xin thử lại sau ít phút; nếu vẫn lỗi, hãy báo cho đầu mối hỗ trợ."),
    ),
}


class Notices:
    """Prints notices in the form the asker prefers."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._shells = {
            status: Shell(
                pages, "site/notice.html", status=status, max_age=0, wording=wording, detail=None
            )
            for status, wording in WORDINGS.items()
        }

    def at_once(
        self, scope: Scope, status: int, fields: Fields = (), detail: str | None = None
    ) -> Answer:
        """Say what is wrong without a rendering.

        `fields` are more header fields; `detail` is told to programs in the place of the advice.
        """
        if wants_json(scope):
            answer = _problem_answer(self._pages.portal, status, detail)
        else:
            answer = self._shells[status].page(scope)
        answer.lines += field_lines(fields)
        return answer

    def notice(
        self,
        request: Request,
        status: int,
        *,
        template: str = "site/notice.html",
        headers: Mapping[str, str] | None = None,
        detail: str | None = None,
        **values: Any,
    ) -> Response:
        """Say what is wrong. `detail` is one more sentence, for people and programs alike."""
        wording = WORDINGS.get(status, WORDINGS[500])
        if wants_json(request.scope):
            body = problem(self._pages.portal, status, wording.title, detail or wording.advice)
            return Response(body, status, {"vary": "Accept", **(headers or {})}, PROBLEM_JSON)
        return self._pages.page(
            request,
            template,
            status=status,
            headers={"vary": "Accept, Cookie", **(headers or {})},
            wording=wording,
            detail=detail,
            **values,
        )


def problem(portal: PortalSettings, status: int, title: str, detail: str, **more: Any) -> bytes:
    """Return a problem document (RFC 9457) that names whom to ask in `lien_he`."""
    values = problem_values(portal, status, title, detail, **more)
    return json.dumps(values, ensure_ascii=False).encode()


def problem_values(
    portal: PortalSettings, status: int, title: str, detail: str, **more: Any
) -> dict[str, Any]:
    """Return what a problem document says, to be written as its reader likes."""
    contact = {"dien_thoai": portal.hotline, "email": portal.email}
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "tieu_de": title,
        "detail": detail,
        "lien_he": {name: value for name, value in contact.items() if value},
        **more,
    }


def _problem_answer(portal: PortalSettings, status: int, detail: str | None) -> Answer:
    wording = WORDINGS[status]
    body = problem(portal, status, wording.title, detail or wording.advice)
    fields = (
        (b"content-type", PROBLEM_JSON.encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-cache"),
        (b"vary", b"Accept"),
    )
    return Answer(status, field_lines(fields), body)


def wants_json(scope: Scope) -> bool:
    """Say whether a request would rather have JSON than HTML."""
    for name, value in scope["headers"]:
        if name == b"accept":
            return b"json" in value.lower() and prefers_json(value.decode("latin-1"))
    return False


def prefers_json(accept: str) -> bool:
    """Say whether JSON is named and HTML is not, or is wanted less (RFC 9110, 12.5.1)."""
    json_weight = html_weight = 0.0
    for part in accept.lower().split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        weight = _weight(parameters)
        if kind == "application/json" or kind.endswith("+json"):
            json_weight = max(json_weight, weight)
        elif kind in {"text/html", "application/xhtml+xml"}:
            html_weight = max(html_weight, weight)
    return json_weight > html_weight


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _equals, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
