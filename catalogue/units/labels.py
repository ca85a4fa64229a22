"""How a unit is written for people: "Huyện Gia Lộc, tỉnh Hải Dương"."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

    from catalogue.units.register import Register, Unit


def full_label(register: Register, unit: Unit, on: dt.date | None = None) -> str:
    """Write a unit with the units above it (on a day, else its last), their types written small."""
    above = [f"{other.type.lower()} {other.short_name}" for other in register.ancestors(unit, on)]
    return ", ".join([unit.name, *above])


def former_label(register: Register, unit: Unit) -> str:
    """Write a unit as in `full_label`, and say when it is no more: "… (cũ)"."""
    label = full_label(register, unit)
    return label if unit.valid_to is None else f"{label} (cũ)"
