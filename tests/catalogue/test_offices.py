"""Offices, by unit and by the agencies whose files they hold."""

from __future__ import annotations

from catalogue.units.offices import Office, Offices

CITY = Office("Trung tâm Hải Phòng", "31", ("H23", "000.00.19.H24"))
OTHER = Office("Bộ phận khác", "31", ("H23", "h24.7"))


def test_an_office_is_found_by_its_unit_and_by_each_of_its_agencies() -> None:
    offices = Offices([CITY, OTHER])
    assert list(offices) == [CITY, OTHER]
    assert offices.at("31") == (CITY, OTHER)
    assert offices.at("30") == ()
    assert offices.holding("h23") is CITY  # the first of two
    assert offices.holding("000.00.19.H24") is offices.holding("19.h24") is CITY
    assert offices.holding("H24.7") is OTHER
    assert offices.holding("H24") is None
    assert list(Offices()) == []
