"""Where an answer names the server that gave it, callers read the public host instead.

Only the gateway reaches that server: an address or a cookie of its own is of no use to a caller.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from redirects.route import ApiRoute

NAMING = frozenset({b"location", b"content-location", b"refresh", b"set-cookie"})
"""Header fields that may name the server."""

_REFRESH = re.compile(rb"(\s*[\d.]+\s*[;,]\s*(?:url\s*=\s*)?[\"']?)(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class PublicName:
    """How a caller knows the gateway: `scheme` and `host`, with its port if it has one."""

    scheme: bytes
    host: bytes

    def rename(self, name: bytes, value: bytes, route: ApiRoute) -> bytes:
        """Return the value of a header field in NAMING, as the caller must see it."""
        match name:
            case b"set-cookie":
                return self._cookie(value, route)
            case b"refresh":
                found = _REFRESH.fullmatch(value)
                return found[1] + self._address(found[2], route) if found else value
            case _:
                return self._address(value, route)

    def _address(self, address: bytes, route: ApiRoute) -> bytes:
        for origin in _origins(route):
            rest = address[len(origin) :]
            if address[: len(origin)].lower() == origin and rest[:1] in {b"", b"/", b"?", b"#"}:
                return self.scheme + b"://" + self.host + rest
        return address

    def _cookie(self, cookie: bytes, route: ApiRoute) -> bytes:
        """Keep a cookie where a browser takes it: on a domain and a scheme of its own."""
        value, *attributes = cookie.split(b";")
        kept = [value]
        for attribute in attributes:
            name, equals, domain = attribute.partition(b"=")
            match name.strip().lower():
                case b"domain" if self._is_the_servers(domain.strip(), route):
                    kept.append(name + equals + _without_port(self.host))
                case b"secure" if self.scheme == b"http" and _is_secure(route):
                    pass  # a browser refuses it on a plain connection
                case _:
                    kept.append(attribute)
        return b";".join(kept)

    def _is_the_servers(self, domain: bytes, route: ApiRoute) -> bool:
        bare = domain.lower().removeprefix(b".")
        if _belongs(_without_port(self.host).lower(), bare):
            return False
        return any(_belongs(host, bare) for host in hosts_of(route))


def _origins(route: ApiRoute) -> tuple[bytes, ...]:
    """Name the servers by their addresses, and by their names, whichever scheme they speak."""
    origins = tuple(one.origin.lower().encode("ascii") for one in route.upstreams)
    named = ((b"http://" + name, b"https://" + name) for name in _names(route))
    return (*origins, *(origin for pair in named for origin in pair))


def hosts_of(route: ApiRoute) -> tuple[bytes, ...]:
    """Return the hosts by which the servers of a route call themselves, without ports."""
    own = ((urlsplit(one.origin).hostname or "").encode("ascii") for one in route.upstreams)
    return (*own, *(_without_port(name) for name in _names(route)))


def _names(route: ApiRoute) -> tuple[bytes, ...]:
    """Return what the servers are told in Host, and what they call themselves besides."""
    told = (route.host_header,) if route.host_header else ()
    return tuple(name.lower().encode("ascii") for name in (*told, *route.server_names))


def _is_secure(route: ApiRoute) -> bool:
    return all(one.origin.startswith("https:") for one in route.upstreams)


def _belongs(host: bytes, domain: bytes) -> bool:
    return host == domain or host.endswith(b"." + domain)


def _without_port(host: bytes) -> bytes:
    return host if host.endswith(b"]") else re.sub(rb":\d*\Z", b"", host)
