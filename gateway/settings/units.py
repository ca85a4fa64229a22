"""Settings of units: whose codes an API speaks, whose a host was, which offices serve now."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from catalogue.units.offices import Office
from gateway.adapting.places import read_place
from gateway.settings.fields import Host, Origin, Table
from redirects.route_units import UnitCodes

UnitCode = Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{3}|[0-9]{5})$")]
AgencyCode = Annotated[
    str, Field(pattern=r"^(?:[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.)?[A-Z][0-9]{2}(?:\.[0-9]+)*$")
]


def _a_place(text: str) -> str:
    read_place(text)
    return text


PlaceText = Annotated[str, AfterValidator(_a_place)]


class UnitCodeSettings(Table):
    """Codes of units changed on the way, callers' to the server's and back (`[route.units]`)."""

    callers: date | None = Field(
        None, description="Day whose codes callers speak, such as 2025-06-30; unset: today's."
    )
    server: date | None = Field(
        None, description="Day whose codes the server speaks; unset: today's."
    )
    day: PlaceText | None = Field(
        None,
        description="Place of a parameter that names the day of a call; it goes before `callers`.",
    )
    parameters: tuple[PlaceText, ...] = Field(
        (),
        description="Places of codes in a call: a parameter, capture, form field or JSON member "
        "(`maTinh`), in a JSON body (`$.dong[*].ma`, `$..ma`), in XML (`//Xa/Ma`, `//Xa/@ma`); "
        "a level behind it (`ma tinh`) lets numbers without noughts be read.",
    )
    answers: tuple[PlaceText, ...] = Field(
        (), description="Places of codes in an answer in JSON (JSONP too) or XML, written alike."
    )
    ambiguous: Literal["likeliest", "refuse"] = Field(
        "likeliest",
        description="What becomes of a call with the code of a divided unit: `likeliest` takes "
        "the unit that bears most of it and says so in the answer, `refuse` answers 422 with all.",
    )
    largest: PositiveInt = Field(
        1024 * 1024, description="Bytes of the largest body that is changed."
    )

    def as_unit_codes(self) -> UnitCodes:
        """The same as a route knows it."""
        return UnitCodes(
            callers=self.callers,
            server=self.server,
            day=self.day,
            parameters=self.parameters,
            answers=self.answers,
            refuses=self.ambiguous == "refuse",
            largest=self.largest,
        )

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if not (self.parameters or self.answers):
            raise ValueError("names no places: parameters, answers or both")
        if self.callers == self.server and self.day is None:
            raise ValueError("has one day for both sides: set callers, server or day")
        return self


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
    path: str = Field(
        "",
        pattern=r"^(/[!-~]*:code[!-~]*)?$",
        description="What that server is asked, `:code` standing for the dossier's code: "
        "`/o/rest/v2/dossiers/:code`, `/tra-cuu?maHoSo=:code`. Empty: what the caller asked.",
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
            path=self.path,
        )
