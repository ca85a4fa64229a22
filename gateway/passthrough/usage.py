"""Counting who calls a preserved API, without keeping who it was: see catalogue/usage.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from starlette.types import Scope

from catalogue.usage import Caller, CallerKind, UsageSpool
from gateway.passthrough.agents import family_of
from gateway.passthrough.callers import address_of, key_of, network_around
from gateway.settings.whole import Settings
from redirects.route import ApiRoute

_REMEMBERED = 4_096  # addresses and their programs, in memory alone
_FAILED = 400
_HUNG_UP = 499
_REFUSED = frozenset({401, 403})
_PURPOSE = b"api caller"


@dataclass(frozen=True, slots=True)
class NamedNetworks:
    """The networks of a caller whom the settings name."""

    name: str
    networks: tuple[IPv4Network | IPv6Network, ...]


def known_networks(settings: Settings) -> tuple[NamedNetworks, ...]:
    """Return the networks that the settings name."""
    return tuple(NamedNetworks(one.name, one.as_networks()) for one in settings.caller)


class UsageCounting:
    """Counts each call for its caller. `secret` is the installation's own."""

    def __init__(
        self, spool: UsageSpool, secret: bytes, named: Sequence[NamedNetworks] = ()
    ) -> None:
        self._spool = spool
        self._secret = secret
        self._named = named
        self._callers: dict[tuple[str, bytes], Caller] = {}

    def count(self, route: ApiRoute, scope: Scope, status: int) -> None:
        """Count one call and how it was answered."""
        is_error = status >= _FAILED and status != _HUNG_UP
        self._spool.count(route.name, self.caller(route, scope, status), is_error=is_error)

    def caller(self, route: ApiRoute, scope: Scope, status: int) -> Caller:
        """Say who called, as far as may be known.

        A key that was refused is nobody's: whoever invents keys is one network.
        """
        agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
        key = key_of(scope, route.caller_key) if route.caller_key else b""
        if key and status not in _REFUSED:
            return Caller(CallerKind.KEY, hash_of(key, self._secret), _family(agent))
        origin = (address_of(scope), agent)
        caller = self._callers.get(origin)
        if caller is None:
            caller = Caller(*self._place(origin[0]), _family(agent))
            if len(self._callers) >= _REMEMBERED:
                self._callers.clear()  # a flood of invented programs never fills the memory
            self._callers[origin] = caller
        return caller

    def _place(self, address: str) -> tuple[CallerKind, str]:
        try:
            found = ip_address(address)
        except ValueError:
            return CallerKind.NETWORK, network_around(address)
        if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
            found = found.ipv4_mapped
        for one in self._named:
            if any(found in network for network in one.networks):
                return CallerKind.NAMED, one.name
        return CallerKind.NETWORK, network_around(address)


def _family(agent: bytes) -> str:
    return family_of(agent.decode("latin-1"))


def hash_of(key: bytes, secret: bytes) -> str:
    """Return what stands for an API key: nobody without the installation's secret can make it."""
    return blake2b(key, digest_size=8, key=secret, person=_PURPOSE).hexdigest()
