"""What a setting of a route may be: changes, names of fields and protocols, callers' keys."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import (
    AfterValidator,
    Field,
)

from redirects.route import (
    Edit,
)
from redirects.route_path import RoutePath

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - of a header field's name (RFC 9110, 5.6.2)
_EDIT = re.compile(rf"(set|add) ({_TOKEN})=(.*)|(remove) ({_TOKEN})")
_PROTOCOL = re.compile(rf"{_TOKEN}(/{_TOKEN})?")
_CARRIES_HTTP = re.compile(r"h2|http|tls", re.IGNORECASE)
# The gateway's own part of a message: changed by hand it would no longer be true.
_NOT_EDITED = frozenset({"host", "connection", "content-length", "transfer-encoding", "upgrade"})


def _whole_path(text: str) -> str:
    RoutePath(text)
    return text


def _new_path(text: str) -> str:
    if not text.startswith("/") or not text.isascii() or re.search(r"[\s?#]", text):
        raise ValueError('must start with "/" and hold neither spaces nor a query')
    return text


def _edit(text: str) -> str:
    found = _EDIT.fullmatch(text)
    if found is None or not text.isascii() or not text.isprintable():
        raise ValueError('must read "set name=value", "add name=value" or "remove name"')
    return text


def _header_edit(text: str) -> str:
    if read_edit(_edit(text)).name.lower() in _NOT_EDITED:
        raise ValueError("is the gateway's own part of every message")
    return text


def _protocol(text: str) -> str:
    if not _PROTOCOL.fullmatch(text) or _CARRIES_HTTP.match(text):
        raise ValueError("must be a protocol that carries no HTTP, such as websocket")
    return text


def read_edit(text: str) -> Edit:
    """Read "set name=value", "add name=value" or "remove name"; it has been checked."""
    act, _, rest = text.partition(" ")
    name, _, value = rest.partition("=")
    match act:
        case "set" | "add":
            return Edit(act, name, value)
        case _:
            return Edit("remove", name)


QueryEdit = Annotated[str, AfterValidator(_edit)]
HeaderEdit = Annotated[str, AfterValidator(_header_edit)]
HeaderName = Annotated[str, Field(pattern=rf"^{_TOKEN}$")]
WebAddress = Annotated[str, Field(pattern=r"^https?://[!#-;=?-~]+$")]
ProtocolName = Annotated[str, AfterValidator(_protocol)]
HostAndPort = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+(:\d{1,5})?$")]
CallerKey = Annotated[str, Field(pattern=rf"^(header|query):{_TOKEN}$")]
NewPath = Annotated[str, AfterValidator(_new_path)]
WholePath = Annotated[str, AfterValidator(_whole_path)]
