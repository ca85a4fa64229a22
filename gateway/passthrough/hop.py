"""What a proxy says for itself: fields that end at every hop, said anew to the next one.

TE, Upgrade and Expect are between two neighbours (RFC 9110, 7.6.1 and 10.1.1): the gateway asks
its upstream for what the caller asked it for, as far as it can pass that on.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.passthrough.trailers import asks_for_them

Fields = Sequence[tuple[bytes, bytes]]


def hop_lines(headers: Fields, *, waits: bool, protocols: Sequence[bytes]) -> bytes:
    """Write the lines for the next hop; `waits` is for its word before a body is sent."""
    lines = b""
    options: list[bytes] = []
    if asks_for_them(headers):
        options.append(b"TE")
        lines += b"\r\nte: trailers"
    if protocols:
        options.append(b"Upgrade")
        lines += b"\r\nupgrade: " + b", ".join(protocols)
    if waits:
        lines += b"\r\nexpect: 100-continue"
    return b"\r\nconnection: " + b", ".join(options) + lines if options else lines


def protocols_asked_for(headers: Fields, allowed: frozenset[bytes]) -> list[bytes]:
    """Return the protocols that a caller would switch to and a route allows, as it wrote them."""
    is_meant = any(
        name == b"connection"
        and b"upgrade" in (option.strip() for option in value.lower().split(b","))
        for name, value in headers
    )
    if not is_meant:
        return []
    wanted = b",".join(value for name, value in headers if name == b"upgrade").split(b",")
    return [name for one in wanted if (name := one.strip()).lower() in allowed]
