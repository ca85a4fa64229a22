"""Settings of units: which unit a host spoke for, and the offices that serve its people now."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from catalogue.units.offices import Office
from gateway.setting_fields import Host, Origin, Table

UnitCode = Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{3}|[0-9]{5})$")]
AgencyCode = Annotated[
    str, Field(pattern=r"^(?:[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.)?[A-Z][0-9]{2}(?:\.[0-9]+)*$")
]


class HostSettings(Table):
    """What unit an old host spoke for (`[[host]]`, repeated), where its name does not say it."""

    name: Host = Field(description="The host name.")
    unit: UnitCode = Field(description="Code of the unit, on the unit's last day.")


class OfficeSettings(Table):
    """An office that serves citizens today (`[[office]]`, repeated)."""

    name: str = Field(min_length=1, description="Its name, as citizens know it.")
    unit: UnitCode = Field(description="Code of today's unit that it belongs to.")
    agencies: tuple[AgencyCode, ...] = Field(
        (),
        description="Codes of the agencies whose dossiers it holds now, old and new: "
        "`000.00.19.H47`, `H57.132`, or `H47` for all of a province's that nobody else holds.",
    )
    phone: str = Field("", description="Telephone number shown to citizens.")
    email: str = Field("", description="Mail address shown to citizens.")
    address: str = Field("", description="Where it is.")
    url: str = Field(
        "", pattern=r"^(https?://\S+)?$", description="Page where its dossiers are looked up."
    )
    upstream: Origin | None = Field(
        None, description="Origin of the server that answers calls about its dossiers."
    )

    def as_office(self) -> Office:
        """The office as pages and the dossier look-up know it."""
        return Office(
            name=self.name,
            unit=self.unit,
            agencies=self.agencies,
            phone=self.phone,
            email=self.email,
            address=self.address,
            url=self.url,
            upstream=self.upstream,
        )
