"""Units and conversions as the API writes them: one shape for JSON, CSV and the manual."""

from __future__ import annotations

import datetime as dt
from typing import Any

from catalogue.units.conversion import Conversion, Counterpart
from catalogue.units.labels import full_label
from catalogue.units.register import Register, Succession, SuccessionKind, Unit

RELATIONS = {
    SuccessionKind.KEEP: "giu_nguyen",
    SuccessionKind.TYPE_CHANGE: "doi_loai",
    SuccessionKind.RENAME: "doi_ten",
    SuccessionKind.WHOLE: "toan_bo",
    SuccessionKind.INSIDE: "nam_trong",
    SuccessionKind.PART: "mot_phan",
}
UNIT_COLUMNS = (
    "ma", "cap", "ten", "loai", "ten_day_du", "ten_khong_dau", "ten_tieng_anh", "ma_cha",
    "hieu_luc_tu", "hieu_luc_den", "can_cu", "dinh_danh",
)  # fmt: skip
CONVERSION_COLUMNS = (
    "dong", "ma", "ten", "tu", "den", "ma_moi", "ten_moi", "ten_day_du_moi", "quan_he",
    "mac_dinh", "mo_ho", "loi",
)  # fmt: skip


def unit_value(register: Register, unit: Unit, on: dt.date | None = None) -> dict[str, Any]:
    """Return one unit; what lies above it is told as of `on`, else of its last day."""
    above = register.ancestors(unit, on)
    return {
        "ma": unit.code,
        "cap": unit.level.value,
        "ten": unit.name,
        "loai": unit.type,
        "ten_day_du": full_label(register, unit, on),
        "ten_khong_dau": unit.folded,
        "ten_tieng_anh": unit.english,
        "ma_cha": above[0].code if above else None,
        "hieu_luc_tu": unit.valid_from.isoformat(),
        "hieu_luc_den": unit.valid_to.isoformat() if unit.valid_to else None,
        "can_cu": unit.legal_basis,
        "dinh_danh": unit.id,
    }


def history_value(register: Register, unit: Unit) -> dict[str, Any]:
    """Return one unit with what it was made of and what became of it."""
    return {
        **unit_value(register, unit),
        "truoc_do": [_succession(register, one) for one in register.predecessors(unit)],
        "sau_do": [_succession(register, one) for one in register.successors(unit)],
    }


def conversion_value(register: Register, found: Conversion) -> dict[str, Any]:
    """Return what a unit is on another day, every candidate and whether one has to be chosen."""
    default = found.default
    counterparts = [counterpart_value(register, one, found) for one in found.counterparts]
    return {
        "ma": found.unit.code,
        "ten": found.unit.name,
        "den": found.on.isoformat(),
        "ket_qua": counterparts,
        "mo_ho": found.is_ambiguous,
        "ma_mac_dinh": default.unit.code if default else None,
    }


def counterpart_value(
    register: Register, counterpart: Counterpart, found: Conversion
) -> dict[str, Any]:
    """Return one candidate, with the document that made it so."""
    unit = counterpart.unit
    later = unit if unit.valid_from > found.unit.valid_from else found.unit
    return {
        "ma": unit.code,
        "cap": unit.level.value,
        "ten": unit.name,
        "ten_day_du": full_label(register, unit, found.on),
        "quan_he": RELATIONS[counterpart.kind],
        "mac_dinh": counterpart is found.default,
        "can_cu": later.legal_basis,
        "dinh_danh": unit.id,
    }


def _succession(register: Register, one: Succession) -> dict[str, Any]:
    return {
        "ma": one.unit.code,
        "cap": one.unit.level.value,
        "ten": one.unit.name,
        "ten_day_du": full_label(register, one.unit),
        "quan_he": RELATIONS[one.kind],
        "mac_dinh": one.is_default,
        "hieu_luc_tu": one.unit.valid_from.isoformat(),
        "dinh_danh": one.unit.id,
    }
