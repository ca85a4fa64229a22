"""Who holds the dossiers of an agency that may be no more."""

from __future__ import annotations

import datetime as dt

import pytest

from catalogue.units.agencies import LAST_DAY, Agencies, province_codes
from catalogue.units.offices import Office, Offices
from catalogue.units.register import Level, Register, load_register

TODAY = dt.date(2026, 11, 1)
CENTRE = Office("Trung tâm Phục vụ hành chính công Đà Nẵng", "48")
HEALTH = Office("Sở Y tế Đà Nẵng", "48", ("000.00.19.H47", "H17.19"))
WARD = Office("Phường Hải Châu", "20242", ("H17.19.4",))
ALL_OF_HUE = Office("Trung tâm Huế", "46", ("H57",))
GONE = Office("Chi cục cũ", "49", ("H47.1",))


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def test_every_old_province_has_one_code(register: Register) -> None:
    codes = province_codes()
    assert sorted(codes) == [f"H{number:02d}" for number in range(1, 64)]
    assert sorted(codes.values()) == [u.code for u in register.valid_on(LAST_DAY, Level.PROVINCE)]


@pytest.mark.parametrize(  # as the provinces' own documents and portals write them
    ("agency", "name"),
    [
        ("H30", "Tỉnh Hậu Giang"),
        ("H38", "Tỉnh Lào Cai"),
        ("H49", "Tỉnh Quảng Ninh"),
        ("H55", "Tỉnh Thái Nguyên"),
    ],
)
def test_the_code_of_a_province_is_the_one_it_writes(
    register: Register, agency: str, name: str
) -> None:
    unit = register.find(province_codes()[agency], LAST_DAY)
    assert unit is not None
    assert unit.name == name


@pytest.mark.parametrize(
    ("agency", "office", "unit"),
    [
        ("19.H47", HEALTH, "Thành phố Đà Nẵng"),
        ("25.19.H47", HEALTH, "Thành phố Đà Nẵng"),  # below it
        ("H17.19", HEALTH, "Thành phố Đà Nẵng"),
        ("H17.19.4", WARD, "Phường Hải Châu"),
        ("H47", CENTRE, "Thành phố Đà Nẵng"),  # any office of what Quảng Nam is now
        ("20.H47", CENTRE, "Thành phố Đà Nẵng"),
        ("H57.132", ALL_OF_HUE, "Thành phố Huế"),
        ("H47.1", GONE, "Thành phố Đà Nẵng"),  # its own unit is no more
        ("H23", None, "Thành phố Hải Phòng"),
    ],
)
def test_the_lowest_office_that_knows_the_agency_holds_its_dossiers(
    register: Register, agency: str, office: Office | None, unit: str
) -> None:
    agencies = Agencies(register, Offices([CENTRE, HEALTH, WARD, ALL_OF_HUE, GONE]))
    holder = agencies.holder_of(agency, TODAY)
    assert holder is not None
    assert (holder.office, holder.unit.name) == (office, unit)


def test_on_an_older_day_the_province_itself_holds_them(register: Register) -> None:
    holder = Agencies(register, Offices()).holder_of("H47.1", LAST_DAY)
    assert holder is not None
    assert holder.unit.name == "Tỉnh Quảng Nam"
    assert holder.was == holder.unit


@pytest.mark.parametrize("agency", ["G01", "H64", "H00.1"])
def test_an_agency_nobody_knows_has_no_holder(register: Register, agency: str) -> None:
    assert Agencies(register, Offices([CENTRE])).holder_of(agency, TODAY) is None
    ministry = Office("Bộ phận một cửa", "48", ("G01",))
    assert (Agencies(register, Offices([ministry])).holder_of(agency, TODAY) is None) == (
        agency != "G01"
    )
