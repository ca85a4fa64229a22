"""Server addresses: where a crawler may connect, so that a page cannot send it into the house.

A name is resolved once, every address it gives is checked, and the connection goes to a checked
one; so a name cannot answer "public" to the check and "private" to the connection.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

IpAddress = IPv4Address | IPv6Address
Resolver = Callable[[str, int], Awaitable[list[str]]]

# Beyond `is_global`: what is routable by the book but leads inside (RFC 6052, 3056, 3879, 7526…).
_DENIED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "fc00::/7",
        "fec0::/10",
        "ff00::/8",
        "::/96",
        "::ffff:0:0/96",
    )
)


class AddressError(Exception):
    """An address that is never fetched, naming the host and the rule."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to connect: an IP address, a port, and whether with TLS."""

    ip: str
    port: int
    tls: bool

    @property
    def server(self) -> str:
        """One name per server address: politeness counts servers, not host names."""
        return f"{self.ip}:{self.port}"


def is_public(address: IpAddress) -> bool:
    """Return whether an address may be fetched without a site naming it."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _DENIED if network.version == address.version)


def named_endpoint(text: str) -> Endpoint:
    """Read the plan's `address`: "127.0.0.1:8090", "[::1]:80", "https://10.0.0.5". May be private.

    Raises AddressError where it is not an IP address with an optional port.
    """
    scheme, mark, rest = text.partition("://")
    tls = bool(mark) and scheme == "https"
    rest = rest if mark else text
    host, port = _split_port(rest.rstrip("/"))
    try:
        address = ip_address(host)
        number = int(port) if port else (443 if tls else 80)
    except ValueError as error:
        raise AddressError(f"address {text!r} is not an IP address with a port") from error
    return Endpoint(str(address), number, tls)


def _split_port(text: str) -> tuple[str, str]:
    if text.startswith("["):
        host, _, port = text[1:].partition("]")
        return host, port.removeprefix(":")
    host, _, port = text.partition(":")
    return host, port


async def public_endpoint(host: str, port: int, *, tls: bool, resolve: Resolver) -> Endpoint:
    """Resolve a host once and return a checked address; AddressError if any is not public."""
    answers = [host.strip("[]")] if _is_ip(host) else await resolve(host, port)
    if not answers:
        raise AddressError(f"{host}: no address")
    for answer in answers:
        if not is_public(ip_address(answer.partition("%")[0])):
            raise AddressError(f"{host}: {answer} is a private or special address")
    return Endpoint(answers[0], port, tls)


def _is_ip(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
