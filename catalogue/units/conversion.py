"""From a unit of one day to the units of another: what a code of then is called now, and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogue.units.register import SuccessionKind

if TYPE_CHECKING:
    from catalogue.units.register import Register, Unit

# From "nothing changed" to "a piece only": of two steps in a row the greater change is told.
_GREATEST_LAST = tuple(SuccessionKind)


@dataclass(frozen=True, slots=True)
class Counterpart:
    """One unit that stands for another on another day, how, and whether it is the likeliest."""

    unit: Unit
    kind: SuccessionKind
    is_default: bool


@dataclass(frozen=True, slots=True)
class Conversion:
    """What a unit is on another day. More than one counterpart is an ambiguity, told as such."""

    unit: Unit
    on: dt.date
    counterparts: tuple[Counterpart, ...]

    @property
    def is_ambiguous(self) -> bool:
        """Whether a person has to choose."""
        return len(self.counterparts) > 1

    @property
    def default(self) -> Counterpart | None:
        """The counterpart to take where one must be taken: the only one, or the likeliest."""
        if len(self.counterparts) == 1:
            return self.counterparts[0]
        return next((one for one in self.counterparts if one.is_default), None)


def convert(register: Register, unit: Unit, on: dt.date) -> Conversion:
    """Follow a unit to a day, over as many changes as lie between; the default comes first.

    No counterpart at all means that the register knows none: the day lies before it begins.
    """
    if unit.is_valid(on):
        return Conversion(unit, on, (Counterpart(unit, SuccessionKind.KEEP, is_default=True),))
    step = register.successors if on > unit.valid_from else register.predecessors
    found: dict[str, Counterpart] = {}
    pending = [Counterpart(unit, SuccessionKind.KEEP, is_default=True)]
    while pending:
        here = pending.pop()
        for there in step(here.unit):
            reached = Counterpart(
                there.unit,
                max(here.kind, there.kind, key=_GREATEST_LAST.index),
                is_default=here.is_default and there.is_default,
            )
            if not there.unit.is_valid(on):
                pending.append(reached)
            elif there.unit.id not in found or reached.is_default:
                found[there.unit.id] = reached
    return Conversion(unit, on, tuple(sorted(found.values(), key=_likeliest_first)))


def _likeliest_first(one: Counterpart) -> tuple[bool, int, str]:
    return not one.is_default, _GREATEST_LAST.index(one.kind), one.unit.code
