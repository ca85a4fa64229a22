"""Counting who calls a preserved API, without keeping who it was: see catalogue/usage.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeVar

from starlette.types import Scope

from catalogue.usage import Caller, CallerKind, UsageSpool
from gateway.passthrough.agents import UNNAMED, family_of
from gateway.passthrough.callers import address_of, key_of, network_around
from gateway.settings import Settings
from redirects.route import ApiRoute

_REMEMBERED = 4_096  # addresses and programs whose class is known, in memory alone
_FAILED = 400
_HUNG_UP = 499
_REFUSED = frozenset({401, 403})
_PURPOSE = b"api caller"

_Told = TypeVar("_Told")
_Known = TypeVar("_Known")


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
        self._places: dict[str, tuple[CallerKind, str]] = {}
        self._families: dict[bytes, str] = {}

    def count(self, route: ApiRoute, scope: Scope, status: int) -> None:
        """Count one call and how it was answered."""
        is_error = status >= _FAILED and status != _HUNG_UP
        self._spool.count(route.name, self.caller(route, scope, status), is_error=is_error)

    def caller(self, route: ApiRoute, scope: Scope, status: int) -> Caller:
        """Say who called, as far as may be known.

        A key that was refused is nobody's: whoever invents keys is one network.
        """
        agent = self._family(scope)
        key = key_of(scope, route.caller_key) if route.caller_key else b""
        if key and status not in _REFUSED:
            return Caller(CallerKind.KEY, hash_of(key, self._secret), agent)
        address = address_of(scope)
        place = self._places.get(address)
        if place is None:
            place = _remember(self._places, address, self._place(address))
        return Caller(*place, agent)

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

    def _family(self, scope: Scope) -> str:
        for name, value in scope["headers"]:
            if name == b"user-agent":
                family = self._families.get(value)
                if family is None:
                    told = family_of(value.decode("latin-1"))
                    family = _remember(self._families, value, told)
                return family
        return UNNAMED


def _remember(known: dict[_Told, _Known], told: _Told, value: _Known) -> _Known:
    """Keep what was worked out; a flood of invented ones empties the memory, never fills it."""
    if len(known) >= _REMEMBERED:
        known.clear()
    known[told] = value
    return value


def hash_of(key: bytes, secret: bytes) -> str:
    """Return what stands for an API key: nobody without the installation's secret can make it."""
    return blake2b(key, digest_size=8, key=secret, person=_PURPOSE).hexdigest()
