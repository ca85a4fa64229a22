"""Which province an agency's code belongs to, and the office that holds its dossiers now.

`agencies.json` gives the first level of an agency's code ("H47", QCVN 102:2016/BTTTT, kept by
Decision 20/2020/QĐ-TTg) and the code of the province that bore it on 30 June 2025. What became of
that province the register says, as of a day. Ministries ("G01") are not in it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from catalogue.units.conversion import convert
from catalogue.units.offices import Office, Offices
from catalogue.units.register import Level, Register, Unit
from redirects.dossier import with_those_above

PROVINCES = Path(__file__).with_name("agencies.json")
LAST_DAY = dt.date(2025, 6, 30)
"""The day whose provinces `agencies.json` speaks of."""


@cache
def province_codes() -> Mapping[str, str]:
    """Return the code of the province, as of LAST_DAY, by the first level of an agency's code."""
    table: dict[str, str] = json.loads(PROVINCES.read_text(encoding="utf-8"))
    return table


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds an agency's dossiers: the unit of today, and an office of it if one is known.

    `was` is the province that the agency belonged to.
    """

    unit: Unit
    was: Unit | None
    office: Office | None


class Agencies:
    """Finds who holds what an agency took in. Read-only."""

    def __init__(self, register: Register, offices: Offices) -> None:
        self._register = register
        self._offices = offices

    def holder_of(self, agency: str, on: dt.date) -> Holder | None:
        """Return who holds an agency's dossiers on a day; None where nobody knows the agency.

        An office that names the agency goes before one that names an agency above it, and these
        before any office of what the agency's province is now.
        """
        above = list(with_those_above(agency))
        was = self._province(above[-1])
        office = next(filter(None, map(self._offices.holding, above)), None)
        unit = self._register.find(office.unit, on) if office else None
        if unit is None and was is not None:
            heir = convert(self._register, was, on).default
            unit = heir.unit if heir else None
        if unit is None:
            return None
        if office is None:
            office = next(iter(self._offices.at(unit.code)), None)
        return Holder(unit, was, office)

    def _province(self, agency: str) -> Unit | None:
        code = province_codes().get(agency)
        return None if code is None else self._register.find(code, LAST_DAY, Level.PROVINCE)
