"""Which headers cross: end-to-end ones as they came, hop-by-hop ones never (RFC 9110, 7.6.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from starlette.types import Scope

from gateway.metrics import LOOPBACK, from_this_machine
from gateway.passthrough.public_names import NAMING, PublicName
from gateway.server.wire import wire_of
from redirects.route import ApiRoute

Headers = Sequence[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authenticate"}
    | {b"proxy-authorization", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
_HOP_BY_HOP_IN_CHUNKS = _HOP_BY_HOP - {b"trailer"}  # which announces what is behind a body
# Replaced by ours: a stranger may write anything here. What is said to the next hop is in hop.py.
_OURS = frozenset(
    {b"host", b"expect", b"forwarded", b"via", b"x-real-ip", b"http2-settings"}
    | {b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-port"}
)
_NOT_SENT_ON = _HOP_BY_HOP | _OURS
_NOT_SENT_ON_IN_CHUNKS = _HOP_BY_HOP_IN_CHUNKS | _OURS
_PSEUDONYM = b"1.1 hopnhat"
_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class Framing(NamedTuple):
    """How a request goes to its upstream. `chunked`: its length is not known.

    `waits`: its body is kept back for the upstream's word. `hop`: lines for this upstream alone.
    """

    chunked: bool = False
    waits: bool = False
    hop: bytes = b""


def request_head(scope: Scope, route: ApiRoute, framing: Framing) -> bytes:
    """Return the head sent to the upstream, path and query byte for byte as they came."""
    headers: Headers = scope["headers"]
    named = _named_by_connection(headers)
    not_sent_on = _NOT_SENT_ON_IN_CHUNKS if framing.chunked else _NOT_SENT_ON
    if framing.waits:
        not_sent_on -= {b"expect"}
    wire = wire_of(scope)
    spelled = wire.spelling.of if wire is not None else bytes
    lines = [scope["method"].encode("ascii"), b" ", target_of(scope), b" HTTP/1.1\r\n"]
    lines += (spelled(b"host"), b": ")
    host = _first(headers, b"host")
    lines.append(route.host_header.encode("ascii") if route.host_header else host)
    for name, value in headers:
        if name not in not_sent_on and name not in named:
            lines += (b"\r\n", spelled(name), b": ", value)
    lines += _forwarded(scope, headers, host)
    lines.append(framing.hop)
    lines.append(b"\r\ntransfer-encoding: chunked\r\n\r\n" if framing.chunked else b"\r\n\r\n")
    return b"".join(lines)


def target_of(scope: Scope) -> bytes:
    """Return the request target as it stood on the request line; "/a?" is not "/a"."""
    extensions = scope.get("extensions")
    target: bytes | None = extensions.get("hopnhat.target") if extensions else None
    if target is not None and target.startswith(b"/"):
        return target
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + b"?" + query if query else path


def response_headers(
    headers: Headers, *, status: int, route: ApiRoute, scope: Scope, in_chunks: bool = False
) -> list[tuple[bytes, bytes]]:
    """Return what goes back to the caller, in the upstream's order.

    What names the upstream itself, which only we can reach, names the public host. `in_chunks`:
    the caller can be given trailers.
    """
    ended_here = _HOP_BY_HOP_IN_CHUNKS if in_chunks else _HOP_BY_HOP
    named = _named_by_connection(headers)
    kept: list[tuple[bytes, bytes]] = []
    for name, value in headers:
        low = name.lower()
        if low in ended_here or low in named:
            continue
        if low == b"content-length" and status in {204, 304}:
            continue  # the server would wait for that many bytes
        if low in NAMING:
            value = public_name(scope).rename(low, value, route)  # noqa: PLW2901 - the few headers that change
        kept.append((low, value))
    return kept


def has_body(headers: Headers) -> tuple[bool, bool]:
    """Say whether a request has a body, and whether its length is unknown (chunked)."""
    length = chunked = False
    for name, value in headers:
        if name == b"content-length":
            length = value.strip() != b"0"
        elif name == b"transfer-encoding":
            chunked = True
    return length or chunked, chunked


def _forwarded(scope: Scope, headers: Headers, host: bytes) -> list[bytes]:
    """Say who called: our own knowledge, and what a front server on this machine knows better."""
    client = scope.get("client")
    address = client[0].encode("ascii") if client else b"unknown"
    proto = scope["scheme"].encode("ascii")
    chain, addresses = b"", address
    via = _PSEUDONYM
    if _is_front(client):
        before = _first(headers, b"x-forwarded-for")
        addresses = before + b", " + address if before else address
        proto = _first(headers, b"x-forwarded-proto") or proto
        chain = _first(headers, b"forwarded") or _nodes(before)
    if passed := _first(headers, b"via"):
        via = passed + b", " + via
    return [
        b"\r\nx-forwarded-for: ",
        addresses,
        b"\r\nx-forwarded-proto: ",
        proto,
        b"\r\nx-forwarded-host: ",
        host,
        b"\r\nforwarded: ",
        chain + b", " if chain else b"",
        _node(address),
        b";host=",
        _quoted(host),
        b";proto=",
        proto,
        b"\r\nvia: ",
        via,
    ]


def public_name(scope: Scope) -> PublicName:
    """Return how a caller knows the gateway, behind a front server too."""
    headers: Headers = scope["headers"]
    scheme = scope["scheme"].encode("ascii")
    if _is_front(scope.get("client")):
        scheme = _first(headers, b"x-forwarded-proto") or scheme
    return PublicName(scheme, _first(headers, b"host"))


def _is_front(client: tuple[str, int] | None) -> bool:
    """Say whether a call came through a server on this machine, which is believed."""
    return client is not None and client[0] in LOOPBACK


def came_through_front(scope: Scope) -> bool:
    """Say whether a front server on this machine handed a call on."""
    return _is_front(scope.get("client")) and not from_this_machine(scope)


def _nodes(addresses: bytes) -> bytes:
    return b", ".join(_node(one.strip()) for one in addresses.split(b",") if one.strip())


def _node(address: bytes) -> bytes:
    """Write an address as a node of Forwarded; an IPv6 one stands in brackets (RFC 7239, 6)."""
    if address.count(b":") > 1 and not address.startswith(b"["):
        address = b"[" + address + b"]"
    return b"for=" + _quoted(address)


def _quoted(value: bytes) -> bytes:
    """Quote what is not a token, such as a host with its port (RFC 7239, 4)."""
    if _TOKEN.fullmatch(value):
        return value
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _first(headers: Headers, wanted: bytes) -> bytes:
    for name, value in headers:
        if name == wanted:
            return value
    return b""


def _named_by_connection(headers: Headers) -> frozenset[bytes]:
    for name, value in headers:
        if len(name) == 10 and name.lower() == b"connection":  # noqa: PLR2004 - the length of "connection", tried first
            options = frozenset(option.strip() for option in value.lower().split(b","))
            return options - {b"close", b"keep-alive"}
    return frozenset()
