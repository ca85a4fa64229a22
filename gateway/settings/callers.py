"""Settings of the callers of preserved APIs whom an operator knows by name."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated

from pydantic import AfterValidator, Field

from gateway.settings.fields import Name, Table


def _network(text: str) -> str:
    ip_network(text)
    return text


Network = Annotated[str, AfterValidator(_network)]
KeyHash = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class CallerSettings(Table):
    """One known caller of preserved APIs (`[[caller]]`, repeated), for `hopnhat api report`."""

    name: Name = Field(description="Short name shown in the report.")
    contact: str = Field("", description="Whom to tell before an API changes.")
    networks: tuple[Network, ...] = Field(
        (), description="Networks it calls from, such as `203.0.113.0/28`."
    )
    keys: tuple[KeyHash, ...] = Field(
        (), description="Its API keys, as the report shows them: 16 digits each, never the key."
    )

    def as_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return its networks, as addresses are looked for in them."""
        return tuple(ip_network(text) for text in self.networks)
