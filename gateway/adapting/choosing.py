"""Choosing: which code stands for another on another day, where one must be written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from catalogue.units.conversion import Conversion, convert
from catalogue.units.register import Level, Register

_DIGITS = {Level.PROVINCE: 2, Level.DISTRICT: 3, Level.COMMUNE: 5}
_LEVELS = {digits: level for level, digits in _DIGITS.items()}
_KEPT = 32_768  # more than there are codes


@dataclass(frozen=True, slots=True)
class Days:
    """The day whose codes stand in a message, and the day whose codes its reader understands."""

    spoken: dt.date
    wanted: dt.date

    def turned(self) -> Days:
        """Return the same for the way back."""
        return Days(self.wanted, self.spoken)


@dataclass(frozen=True, slots=True)
class Choice:
    """What a code becomes. `code` is None where nobody can choose among `conversion`'s units.

    `is_ambiguous`: there were several, and the caller had named none of them or more than one.
    """

    code: str | None
    conversion: Conversion
    is_ambiguous: bool


class Chooser:
    """Chooses codes by the register. One serves all calls."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._converted = lru_cache(maxsize=_KEPT)(self._convert)

    def choose(
        self, code: str, days: Days, level: Level | None, preferred: Collection[str] = ()
    ) -> Choice | None:
        """Say what a code of one day is on another; None where no unit bore it.

        Of several the one that is `preferred` is taken: what the caller itself has named. Then, on
        the way to older codes, the one of the same code, for new units kept the code of the part
        where they have their seat. Then the default: the one that bears most of a divided unit.
        """
        conversion = self._converted(code, days, level)
        if conversion is None or not conversion.counterparts:
            return None
        codes = [one.unit.code for one in conversion.counterparts]
        named = [one for one in codes if one in preferred]
        if len(named) == 1:
            return Choice(named[0], conversion, is_ambiguous=False)
        chosen = conversion.default.unit.code if conversion.default else None
        if days.wanted < days.spoken and code in codes:
            chosen = code
        return Choice(chosen, conversion, conversion.is_ambiguous)

    def _convert(self, code: str, days: Days, level: Level | None) -> Conversion | None:
        unit = self._register.find(code, days.spoken, level)
        return convert(self._register, unit, days.wanted) if unit else None


def whole_code(text: str, level: Level | None) -> str | None:
    """Return a code as the register writes it; None for what is none.

    A number may have lost its noughts ("8" for "08"); only a level says how many.
    """
    if not (text.isascii() and text.isdigit()):
        return None
    if level is not None:
        padded = text.zfill(_DIGITS[level])
        return padded if len(padded) == _DIGITS[level] else None
    return text if len(text) in _LEVELS else None


def written_like(code: str, text: str, *, is_bare: bool) -> str:
    """Write a code the way another was written: without noughts ahead where that had none.

    `is_bare`: as a JSON number, which must not begin with one.
    """
    has_lost_noughts = len(text) not in _LEVELS or is_bare
    return (code.lstrip("0") or "0") if has_lost_noughts else code
