"""Who calls, as far as limits need to know: a key, or a network. Neither is kept as it came."""

from __future__ import annotations

from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from gateway.metrics import LOOPBACK

_IPV4_PREFIX = 24
_IPV6_PREFIX = 56  # of what one household or office is given


def caller_of(scope: Scope, key: str | None) -> bytes:
    """Return a short name for whoever has one key ("header:X-Api-Key"), or one network."""
    value = key_of(scope, key) if key else b""
    told = value or network_of(scope).encode("ascii")
    return blake2b(told, digest_size=8, key=b"key" if value else b"network").digest()


def network_of(scope: Scope) -> str:
    """Return the network a call comes from, such as "203.0.113.0/24"."""
    return network_around(address_of(scope))


def address_of(scope: Scope) -> str:
    """Return the address a call comes from; a front server on this machine knows it better."""
    client = scope.get("client")
    address = client[0] if client else ""
    if address in LOOPBACK:
        for name, value in scope["headers"]:
            if name == b"x-forwarded-for":
                address = value.decode("latin-1").rpartition(",")[2].strip()
    return address


def network_around(address: str) -> str:
    """Return the network of an address, "unknown" for anything else."""
    try:
        found = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is None:
            return str(IPv6Network((found, _IPV6_PREFIX), strict=False))
        found = found.ipv4_mapped
    return str(IPv4Network((found, _IPV4_PREFIX), strict=False))


def key_of(scope: Scope, key: str) -> bytes:
    """Return the value of a key ("header:X-Api-Key", "query:apikey"), b"" where a call has none."""
    kind, _, name = key.partition(":")
    wanted = name.lower().encode("ascii")
    if kind == "header":
        return next((value for field, value in scope["headers"] if field.lower() == wanted), b"")
    query: bytes = scope["query_string"]
    for piece in query.split(b"&"):
        parameter, _, value = piece.partition(b"=")
        if parameter.lower() == wanted:
            return value
    return b""
