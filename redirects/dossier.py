"""Dossier codes: what the code on a receipt says of the agency that took a citizen's file in.

Two shapes are in use, both with the day and a running number behind the agency's code:
`000.00.19.H47-260105-0001` (QCVN 102:2016/BTTTT: the lowest level first, the province last, levels
of noughts often left out) and `H57.132-260804-0583` (Decision 20/2020/QĐ-TTg: the province first).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_CODE = re.compile(
    r"((?:[0-9]{1,3}\.){0,3}[A-Z][0-9]{2}(?:\.[0-9]{1,4}){0,3})"
    r"-([0-9]{2})([0-9]{2})([0-9]{2})-[0-9]{3,6}",
    re.ASCII,
)
_NOUGHTS = re.compile(r"(?:0+\.)+")
_LONGEST = 60
_CENTURY = 2000


@dataclass(frozen=True, slots=True)
class DossierCode:
    """A code that was read: its one spelling, the key of the agency, and the day it came in."""

    text: str
    agency: str
    received: date


def read_dossier(text: str) -> DossierCode | None:
    """Read a code as people type it; None for what is none."""
    typed = "".join(text.split()).upper()
    found = _CODE.fullmatch(typed) if len(typed) <= _LONGEST else None
    if found is None:
        return None
    try:
        received = date(_CENTURY + int(found[2]), int(found[3]), int(found[4]))
    except ValueError:
        return None
    return DossierCode(typed, agency_key(found[1]), received)


def agency_key(code: str) -> str:
    """Return the one spelling of an agency's code: "000.00.19.H47" is "19.H47"."""
    return _NOUGHTS.sub("", code.upper(), count=1) if code[:1] == "0" else code.upper()


def with_those_above(agency: str) -> Iterator[str]:
    """Give the key of an agency and of those above it, up to its province or ministry."""
    yield agency
    while "." in agency:
        agency = agency.partition(".")[2] if agency[0].isdigit() else agency.rpartition(".")[0]
        yield agency
