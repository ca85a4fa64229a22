"""Telling a caller what went wrong in its own format: a problem document, a SOAP fault, or JSONP.

A program that reads one format alone can still say what happened, and whom to ask. The status is
the true one in each: monitors and front servers go by it.
"""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import Any, assert_never
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

from starlette.types import Scope

from gateway.answer import Answer, field_lines
from gateway.i18n import _
from gateway.passthrough.failures import PassthroughError
from gateway.settings.portal import PortalSettings
from gateway.site.notices import PROBLEM_JSON, WORDINGS, problem_values
from redirects.route import ApiRoute

_PROBLEM_XML = "urn:ietf:rfc:7807"
_SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP_12 = "http://www.w3.org/2003/05/soap-envelope"
_CALLBACK_NAMES = frozenset({b"callback", b"jsonp", b"jsoncallback"})
_NAME = r"[A-Za-z_$][\w$]*"
_FUNCTION = re.compile(rf"(?a:{_NAME}(?:\.{_NAME}|\[\d+\]){{0,8}})")
_LONGEST_FUNCTION = 128
_FIRST_SERVER_STATUS = 500
_FOR_ANY_PAGE = (
    b"access-control-allow-origin: *\r\naccess-control-expose-headers: retry-after, link\r\n"
)


class Format(Enum):
    """What a caller can read."""

    PROBLEM = "problem"
    SOAP_11 = "soap 1.1"
    SOAP_12 = "soap 1.2"
    JSONP = "jsonp"


def failure_answer(
    portal: PortalSettings, route: ApiRoute, error: PassthroughError, scope: Scope
) -> Answer:
    """Return what the caller is told of a failure, with whom to ask."""
    values = problem_values(
        portal, error.status, WORDINGS[error.status].title, error.detail, **about_route(route)
    )
    answer = written(values, scope)
    if error.retry_after is not None:
        answer.lines += b"retry-after: %d\r\n" % error.retry_after
    if error.status == 413:  # noqa: PLR2004 - the rest of such a body is not read
        answer.lines += b"connection: close\r\n"
    return answer


def retired_answer(portal: PortalSettings, route: ApiRoute, scope: Scope) -> Answer:
    """Return what a caller is told of an API whose last day is over: where its successor is."""
    values = problem_values(
        portal,
        410,
        _("API đã ngừng phục vụ"),
        _("API ở địa chỉ này đã ngừng phục vụ."),
        **about_route(route),
    )
    return written(values, scope)


def format_of(scope: Scope) -> Format:
    """Say what the caller of a failed call can read."""
    for name, value in scope["headers"]:
        low = name.lower()
        if low == b"soapaction":
            return Format.SOAP_11
        if low == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
            if kind == b"application/soap+xml":
                return Format.SOAP_12
            if kind == b"text/xml":
                return Format.SOAP_11
    return Format.JSONP if function_of(scope) else Format.PROBLEM


def function_of(scope: Scope) -> str | None:
    """Return the function a JSONP call names; None where there is none that is only a name."""
    if scope["method"] != "GET":
        return None
    for piece in scope["query_string"].split(b"&"):
        name, _equals, value = piece.partition(b"=")
        if name.lower() in _CALLBACK_NAMES:
            function = unquote_plus(value.decode("latin-1"))
            if len(function) <= _LONGEST_FUNCTION and _FUNCTION.fullmatch(function):
                return function
    return None


def about_route(route: ApiRoute) -> dict[str, str]:
    """Return what a caller may know of a route: its name, who answers for it, what comes next."""
    more = {"don_vi_quan_ly": route.contact, "thay_the": route.successor}
    return {"api": route.name, **{name: value for name, value in more.items() if value}}


def written(values: dict[str, Any], scope: Scope) -> Answer:
    """Return an answer in the format that the caller reads, for scripts of any page as well.

    What is told is nobody's secret, and the upstream that knows whose pages may call is not there
    to be asked (CORS, Fetch 3.2).
    """
    answer = _formatted(values, scope)
    if any(name.lower() == b"origin" for name, _ in scope["headers"]):
        answer.lines += _FOR_ANY_PAGE
    return answer


def _formatted(values: dict[str, Any], scope: Scope) -> Answer:
    match format_of(scope):
        case Format.PROBLEM:
            return _answer(values, PROBLEM_JSON, _json(values))
        case Format.JSONP:
            body = f"/**/{function_of(scope)}({_json(values)});"  # the comment: see docs/api.md
            answer = _answer(values, "application/javascript; charset=utf-8", body)
            answer.lines += b"x-content-type-options: nosniff\r\n"
            return answer
        case Format.SOAP_11:
            return _answer(values, "text/xml; charset=utf-8", _fault_11(values))
        case Format.SOAP_12:
            return _answer(values, "application/soap+xml; charset=utf-8", _fault_12(values))
        case other:
            assert_never(other)


def _answer(values: dict[str, Any], kind: str, text: str) -> Answer:
    body = text.encode()
    fields = (
        (b"content-type", kind.encode("ascii")),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    )
    return Answer(values["status"], field_lines(fields), body)


def _json(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)


def _fault_11(values: dict[str, Any]) -> str:
    """Write a fault of SOAP 1.1 (its section 4.4)."""
    code = "Server" if values["status"] >= _FIRST_SERVER_STATUS else "Client"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="{_SOAP_11}">'
        f"<soap:Body><soap:Fault><faultcode>soap:{code}</faultcode>"
        f'<faultstring xml:lang="vi">{escape(values["detail"])}</faultstring>'
        f"<detail>{_problem(values)}</detail></soap:Fault></soap:Body></soap:Envelope>"
    )


def _fault_12(values: dict[str, Any]) -> str:
    """Write a fault of SOAP 1.2 (part 1, 5.4)."""
    code = "Receiver" if values["status"] >= _FIRST_SERVER_STATUS else "Sender"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<soap:Envelope xmlns:soap="{_SOAP_12}">'
        f"<soap:Body><soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>"
        f'<soap:Reason><soap:Text xml:lang="vi">{escape(values["detail"])}</soap:Text>'
        f"</soap:Reason><soap:Detail>{_problem(values)}</soap:Detail>"
        "</soap:Fault></soap:Body></soap:Envelope>"
    )


def _problem(values: dict[str, Any]) -> str:
    """Write a problem document as XML (RFC 9457, appendix B)."""
    return f'<problem xmlns="{_PROBLEM_XML}">{_elements(values)}</problem>'


def _elements(values: dict[str, Any]) -> str:
    return "".join(f"<{name}>{_element(value)}</{name}>" for name, value in values.items())


def _element(value: Any) -> str:
    match value:
        case dict():
            return _elements(value)
        case list():
            return "".join(f"<i>{_element(one)}</i>" for one in value)
        case bool():
            return str(value).lower()
        case None:
            return ""
        case _:
            return escape(str(value))
