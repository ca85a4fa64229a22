"""What a proxy says for itself: fields that end at every hop, said anew to the next one.

TE and Upgrade are between two neighbours (RFC 9110, 7.6.1): the gateway asks its upstream for what
the caller asked it for, as far as it can pass that on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.passthrough.connection import UpstreamConnection
from gateway.passthrough.failures import UpstreamBroken
from gateway.passthrough.trailers import reads_trailers

Fields = Sequence[tuple[bytes, bytes]]

_OF_A_HOP = frozenset({b"connection", b"te", b"upgrade"})


class Hop(NamedTuple):
    """What is asked of the next hop. `protocols`: those that the connection may switch to."""

    reads_trailers: bool = False
    protocols: tuple[bytes, ...] = ()

    @property
    def lines(self) -> bytes:
        """It as header lines, each behind its line break."""
        options: list[bytes] = []
        lines = b""
        if self.reads_trailers:
            options.append(b"TE")
            lines += b"\r\nte: trailers"
        if self.protocols:
            options.append(b"Upgrade")
            lines += b"\r\nupgrade: " + b", ".join(self.protocols)
        return b"\r\nconnection: " + b", ".join(options) + lines if options else lines

    def agreed(self, connection: UpstreamConnection) -> list[tuple[bytes, bytes]]:
        """Return the header fields that tell the caller which protocol was taken.

        Raises UpstreamBroken where the upstream took another than it was asked for.
        """
        taken = _listed([(name.lower(), value) for name, value in connection.headers], b"upgrade")
        asked = {protocol.lower() for protocol in self.protocols}
        if not taken or not asked.issuperset(protocol.lower() for protocol in taken):
            raise UpstreamBroken(f"{connection.name} switched to a protocol nobody asked for")
        return [(b"connection", b"Upgrade"), (b"upgrade", b", ".join(taken))]


def next_hop(headers: Fields, upgrades: frozenset[str]) -> Hop:
    """Return what a caller asked for that goes on to the next hop.

    Protocols come as the caller wrote them, those that are among `upgrades` in lower case.
    """
    said = [field for field in headers if field[0] in _OF_A_HOP]
    if not said:
        return Hop()
    protocols: tuple[bytes, ...] = ()
    if b"upgrade" in (option.lower() for option in _listed(said, b"connection")):
        protocols = tuple(
            protocol
            for protocol in _listed(said, b"upgrade")
            if protocol.lower().decode("latin-1") in upgrades
        )
    return Hop(reads_trailers(said), protocols)


def _listed(headers: Fields, wanted: bytes) -> list[bytes]:
    values = [value for name, value in headers if name == wanted]
    return [element.strip() for element in b",".join(values).split(b",") if element.strip()]
