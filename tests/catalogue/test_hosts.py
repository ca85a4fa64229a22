"""The host table: the unit behind an old portal's name, and what it is on a day."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from catalogue.search.analysis import fold
from catalogue.units.hosts import HostTable, province_code, province_hosts
from catalogue.units.register import Level, Register, load_register
from redirects.site import Site

TODAY = dt.date(2026, 11, 1)
LAST_DAY = dt.date(2025, 6, 30)


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


@pytest.fixture(scope="module")
def table(register: Register) -> HostTable:
    return HostTable(register, ())


def test_every_old_province_has_its_portal_named_as_the_decree_says(register: Register) -> None:
    by_code = {code: host for host, code in province_hosts().items()}
    provinces = register.valid_on(LAST_DAY, Level.PROVINCE)
    assert set(by_code) == {unit.code for unit in provinces}
    by_rule = {unit.code: re.sub(r"\W", "", fold(unit.short_name)) for unit in provinces}
    otherwise = {
        host: code
        for host, code in province_hosts().items()
        if host.removesuffix(".gov.vn") != by_rule[code]
    }
    assert otherwise == {
        "hochiminhcity.gov.vn": "79",
        "baria-vungtau.gov.vn": "77",
        "thuathienhue.gov.vn": "46",  # the name of Huế until 2024
    }


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("haiduong.gov.vn", "Tỉnh Hải Dương"),
        ("WWW.HaiDuong.gov.vn:8080", "Tỉnh Hải Dương"),
        ("haiphong.gov.vn", "Thành phố Hải Phòng"),
        ("gialoc.haiduong.gov.vn", "Huyện Gia Lộc"),
        ("huyengialoc.haiduong.gov.vn", "Huyện Gia Lộc"),
        ("huyen-gialoc.haiduong.gov.vn", "Huyện Gia Lộc"),
        ("www.gialoc.haiduong.gov.vn", "Huyện Gia Lộc"),
        ("muonglat.thanhhoa.gov.vn", "Huyện Mường Lát"),
        ("buonmathuot.daklak.gov.vn", "Thành phố Buôn Ma Thuột"),
        ("tpcaolanh.dongthap.gov.vn", "Thành phố Cao Lãnh"),
        ("quan1.hochiminhcity.gov.vn", "Quận 1"),
        ("xagiaphuc.gialoc.haiduong.gov.vn", "Xã Gia Phúc"),
    ],
)
def test_a_host_named_as_portals_are_named_is_its_unit(
    table: HostTable, host: str, name: str
) -> None:
    unit = table.unit_of(host)
    assert unit is not None
    assert (unit.name, unit.valid_to) == (name, LAST_DAY)


@pytest.mark.parametrize(
    "host",
    [
        "caolanh.dongthap.gov.vn",  # the city or the district around it
        "1.hochiminhcity.gov.vn",  # a number is no name
        "sotaichinh.haiduong.gov.vn",  # a department
        "huyenquangxuong.haiduong.gov.vn",  # a district of another province
        "a.xagiaphuc.gialoc.haiduong.gov.vn",  # below a commune there is none
        "dichvucong.gov.vn",
        "1.2.3.4",
        "0.0.0",  # an address too, and a longer one when it is spelled out
        ".".join(["a"] * 120),  # as many labels as a name can have
        "gov.vn",
        "haiduong.vn",
        "",
    ],
)
def test_a_host_that_may_be_anything_is_no_unit(table: HostTable, host: str) -> None:
    assert table.unit_of(host) is None
    assert table.heirs_of(host, TODAY) is None


def test_the_heirs_of_a_host_are_those_of_its_unit_on_the_day(table: HostTable) -> None:
    then = table.heirs_of("gialoc.haiduong.gov.vn", LAST_DAY)
    now = table.heirs_of("gialoc.haiduong.gov.vn", TODAY)
    assert then is not None
    assert now is not None
    assert [one.unit.code for one in then.counterparts] == ["297"]
    assert {one.unit.code for one in now.counterparts} == {
        "10999", "11002", "11020", "11050", "11065",
    }  # fmt: skip
    assert now.is_ambiguous
    assert now.default is None
    whole = table.heirs_of("haiduong.gov.vn", TODAY)
    assert whole is not None
    assert [one.unit.name for one in whole.counterparts] == ["Thành phố Hải Phòng"]


def test_what_the_operator_says_goes_before_what_a_name_says(register: Register) -> None:
    sites = (
        Site("a", "A", "cong.test", aliases=("*.cong.test",), unit="30"),
        Site("b", "B", "*.haiduong.gov.vn", unit="30"),
        Site("c", "C", "khac.test"),
    )
    table = HostTable(register, sites, {"Moi.test": "297", "gialoc.haiduong.gov.vn": "292"})

    def found(host: str) -> str | None:
        unit = table.unit_of(host)
        return unit.code if unit else None

    assert found("cong.test") == found("m.cong.test") == "30"
    assert found("moi.test") == "297"
    assert found("gialoc.haiduong.gov.vn") == "292"
    assert found("ninhgiang.haiduong.gov.vn") == "299"  # its own name says more than the pattern
    assert found("sotaichinh.haiduong.gov.vn") == "30"
    assert found("khac.test") is None
    assert HostTable(register, (), {"x.test": "00"}).unit_of("x.test") is None


def test_a_code_used_again_is_the_unit_that_ended(table: HostTable) -> None:
    assert province_code("bacgiang.gov.vn") == "24"
    unit = table.unit_of("bacgiang.gov.vn")
    assert unit is not None
    assert unit.name == "Tỉnh Bắc Giang"
