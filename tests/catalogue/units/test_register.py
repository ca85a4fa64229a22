"""A unit is a code and a date: fixed facts of the merger of 1 July 2025."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.units.labels import former_label, full_label
from catalogue.units.register import (
    REGISTER,
    Level,
    Register,
    SuccessionKind,
    Unit,
    load_register,
)

BEFORE, AFTER = dt.date(2025, 6, 30), dt.date(2025, 7, 1)


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


def unit(register: Register, code: str, on: dt.date) -> Unit:
    found = register.find(code, on)
    assert found is not None, (code, on)
    return found


def codes(units: tuple[Unit, ...]) -> list[str]:
    return [unit.code for unit in units]


@pytest.mark.parametrize(
    ("level", "on", "count"),
    [
        (Level.PROVINCE, BEFORE, 63),
        (Level.DISTRICT, BEFORE, 696),
        (Level.COMMUNE, BEFORE, 10_035),
        (Level.PROVINCE, AFTER, 34),
        (Level.DISTRICT, AFTER, 0),
        (Level.COMMUNE, AFTER, 3_321),
    ],
)
def test_the_register_is_complete(
    register: Register, level: Level, on: dt.date, count: int
) -> None:
    assert sum(unit.level is level and unit.is_valid(on) for unit in register) == count


def test_nothing_came_from_nowhere_and_nothing_vanished(register: Register) -> None:
    assert len(register) == 14_150
    for one in register:
        changes = register.successors(one) if one.valid_to else register.predecessors(one)
        assert changes, one


def test_every_divided_commune_has_one_default(register: Register) -> None:
    divided = 0
    for one in register:
        if one.level is Level.COMMUNE and one.valid_to:
            heirs = register.successors(one)
            divided += len(heirs) > 1
            assert [heir.is_default for heir in heirs] == [True, *[False] * (len(heirs) - 1)]
    assert divided == 471


@pytest.mark.parametrize(
    ("code", "before", "after"),
    [
        ("15", "Tỉnh Yên Bái", "Tỉnh Lào Cai"),
        ("24", "Tỉnh Bắc Giang", "Tỉnh Bắc Ninh"),
        ("44", "Tỉnh Quảng Bình", "Tỉnh Quảng Trị"),
        ("52", "Tỉnh Bình Định", "Tỉnh Gia Lai"),
        ("80", "Tỉnh Long An", "Tỉnh Tây Ninh"),
        ("82", "Tỉnh Tiền Giang", "Tỉnh Đồng Tháp"),
        ("91", "Tỉnh Kiên Giang", "Tỉnh An Giang"),
    ],
)
def test_seven_province_codes_mean_another_province_since_the_merger(
    register: Register, code: str, before: str, after: str
) -> None:
    assert unit(register, code, BEFORE).name == before
    assert unit(register, code, AFTER).name == after


def test_no_other_province_code_changed_its_meaning(register: Register) -> None:
    old = {one.code: one.name for one in register.valid_on(BEFORE, Level.PROVINCE)}
    new = {one.code: one.name for one in register.valid_on(AFTER, Level.PROVINCE)}
    assert sorted(code for code in new if old[code] != new[code]) == [
        *("15", "24", "44", "52", "80", "82", "91")
    ]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("30", "31"),  # Hải Dương, Hải Phòng
        ("74", "79"),  # Bình Dương, Thành phố Hồ Chí Minh
        ("77", "79"),  # Bà Rịa - Vũng Tàu
        ("49", "48"),  # Quảng Nam, Đà Nẵng
        ("02", "08"),  # Hà Giang, Tuyên Quang
        ("62", "51"),  # Kon Tum, Quảng Ngãi
        ("83", "86"),  # Bến Tre, Vĩnh Long
        ("80", "80"),  # Long An, Tây Ninh
        ("34", "33"),  # Thái Bình, Hưng Yên
        ("54", "66"),  # Phú Yên, Đắk Lắk
        ("60", "68"),  # Bình Thuận, Lâm Đồng
    ],
)
def test_a_merged_province_went_into_another(register: Register, old: str, new: str) -> None:
    (heir,) = register.successors(unit(register, old, BEFORE))
    assert (heir.unit.code, heir.kind, heir.is_default) == (new, SuccessionKind.WHOLE, True)
    assert old in codes(
        tuple(origin.unit for origin in register.predecessors(unit(register, new, AFTER)))
    )


def test_the_district_gia_loc_was_divided_among_five_communes(register: Register) -> None:
    heirs = register.successors(unit(register, "297", BEFORE))
    assert [(heir.unit.code, heir.unit.name, heir.kind.value) for heir in heirs] == [
        ("10999", "Xã Gia Lộc", "inside"),
        ("11020", "Xã Yết Kiêu", "inside"),
        ("11050", "Xã Gia Phúc", "inside"),
        ("11065", "Xã Trường Tân", "inside"),
        ("11002", "Phường Thạch Khôi", "part"),
    ]


def test_a_commune_may_bear_the_name_of_one_part_and_the_code_of_another(
    register: Register,
) -> None:
    assert unit(register, "11050", BEFORE).name == "Xã Hồng Hưng"
    assert unit(register, "11050", AFTER).name == "Xã Gia Phúc"
    heirs = register.successors(unit(register, "11035", BEFORE))
    assert {heir.unit.code for heir in heirs} == {"10999", "11050"}
    assert all(heir.kind is SuccessionKind.PART for heir in heirs)


def test_an_island_district_became_a_special_zone(register: Register) -> None:
    (heir,) = register.successors(unit(register, "755", BEFORE))
    assert (heir.unit.name, heir.kind) == ("Đặc khu Côn Đảo", SuccessionKind.TYPE_CHANGE)


def test_dong_nai_is_a_city_since_30_april_2026(register: Register) -> None:
    province = unit(register, "75", dt.date(2026, 4, 29))
    city = unit(register, "75", dt.date(2026, 4, 30))
    assert (province.name, city.name) == ("Tỉnh Đồng Nai", "Thành phố Đồng Nai")
    (heir,) = register.successors(province)
    assert (heir.unit, heir.kind) == (city, SuccessionKind.TYPE_CHANGE)
    assert register.children(city) == register.children(province)
    commune = register.children(city)[0]
    assert register.ancestors(commune) == (city,)
    assert register.ancestors(commune, dt.date(2025, 8, 1)) == (province,)


def test_a_change_of_a_unit_that_does_not_stand_is_refused(tmp_path: Path) -> None:
    changes = tmp_path / "changes.json"
    changes.write_text(
        '[{"on": "2027-01-01", "level": "huyen", "code": "297", "kind": "rename",'
        ' "name": "Huyện Gia Lộc", "type": "Huyện", "basis": ""}]'
    )
    with pytest.raises(ValueError, match="no huyen 297 stands on 2027-01-01"):
        load_register(changes=changes)


def test_units_are_listed_by_day_and_level(register: Register) -> None:
    assert len(register.valid_on(BEFORE, Level.PROVINCE)) == 63
    assert register.valid_on(AFTER, Level.DISTRICT) == ()
    assert [one.name for one in register.bearers("75")] == [
        "Thành phố Đồng Nai", "Tỉnh Đồng Nai", "Tỉnh Đồng Nai",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "on", "english"),
    [
        ("297", BEFORE, "Gia Loc District"),
        ("31", AFTER, "Hai Phong City"),
        ("30", BEFORE, "Hai Duong Province"),
        ("11002", AFTER, "Thach Khoi Ward"),
        ("760", BEFORE, "Urban District 1"),
    ],
)
def test_names_in_english(register: Register, code: str, on: dt.date, english: str) -> None:
    assert unit(register, code, on).english == english


def test_a_level_narrows_a_look_up(register: Register) -> None:
    assert register.find("297", BEFORE, Level.DISTRICT) is not None
    assert register.find("297", BEFORE, Level.COMMUNE) is None
    assert register.find("297", AFTER) is None
    assert register.find("no such code", AFTER) is None


def test_an_id_is_level_code_and_first_year(register: Register) -> None:
    found = register.find_by_id("huyen-297-2004")
    assert found == unit(register, "297", BEFORE)
    assert register.find_by_id("huyen-297-2025") is None
    assert len({one.id for one in register}) == len(register)


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("huyện Gia Lộc", ["huyen-297-2004"]),
        ("H. Gia Lộc", ["huyen-297-2004"]),
        ("HUYEN GIA LOC", ["huyen-297-2004"]),
        ("tp Hải Dương", ["huyen-288-2004"]),
        ("TP.HCM", ["tinh-79-2004", "tinh-79-2025"]),
        ("Sài Gòn", ["tinh-79-2004", "tinh-79-2025"]),
        ("thành phố hồ chí minh", ["tinh-79-2004", "tinh-79-2025"]),
        ("BR-VT", ["tinh-77-2004"]),
        ("tỉnh Thanh Hoá", ["tinh-38-2004", "tinh-38-2025"]),
        ("dak lak", ["tinh-66-2004", "tinh-66-2025"]),
        ("huyện Ia H’Drai", ["huyen-618-2004"]),
        ("không có đâu", []),
        ("", []),
    ],
)
def test_a_unit_is_found_by_its_name_typed_any_way(
    register: Register, typed: str, ids: list[str]
) -> None:
    assert [found.id for found in register.named(typed)] == ids
    decomposed = unicodedata.normalize("NFD", typed)
    assert [found.id for found in register.named(decomposed)] == ids


def test_a_name_without_its_level_finds_every_unit_of_that_name(register: Register) -> None:
    found = register.named("gia loc")
    assert Counter(one.level.value for one in found) == {"huyen": 1, "xa": 5}
    assert found[0].level is Level.DISTRICT


def test_a_unit_is_written_with_the_units_above_it(register: Register) -> None:
    old = unit(register, "297", BEFORE)
    assert full_label(register, old) == "Huyện Gia Lộc, tỉnh Hải Dương"
    assert former_label(register, old) == "Huyện Gia Lộc, tỉnh Hải Dương (cũ)"
    new = unit(register, "10999", AFTER)
    assert former_label(register, new) == "Xã Gia Lộc, thành phố Hải Phòng"
    commune = unit(register, "11035", BEFORE)
    assert full_label(register, commune) == "Xã Gia Phúc, huyện Gia Lộc, tỉnh Hải Dương"
    assert commune in register.children(old)


def test_a_unit_knows_its_short_and_folded_name(register: Register) -> None:
    old = unit(register, "297", BEFORE)
    assert (old.short_name, old.folded, old.type) == ("Gia Lộc", "huyen gia loc", "Huyện")
    assert old.legal_basis.startswith("Quyết định 124/2004")
    assert unit(register, "31", AFTER).legal_basis.startswith("Nghị quyết 202/2025/QH15")


def test_names_are_composed_and_capitalised(register: Register) -> None:
    for one in register:
        assert one.name == unicodedata.normalize("NFC", " ".join(one.name.split()))
        assert one.name.startswith(f"{one.type} ")
        assert one.short_name[0].isupper() or one.short_name[0].isdigit(), one.name


def test_every_parent_existed_in_the_same_days(register: Register) -> None:
    for one in register:
        first, last = one.valid_from, one.valid_to or dt.date(2100, 1, 1)
        assert all(above.is_valid(first) for above in register.ancestors(one, first))
        assert all(above.is_valid(last) for above in register.ancestors(one))


def test_the_file_is_small() -> None:
    assert REGISTER.stat().st_size <= 200_000


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_is_not(register: Register, text: str) -> None:
    assert isinstance(register.named(text), tuple)
