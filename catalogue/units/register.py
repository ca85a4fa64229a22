"""The register of administrative units: who a code was on a day, and what became of it.

On 1 July 2025 Vietnam went from 63 provinces, 696 districts and 10,035 communes to 34 provinces
and 3,321 communes. Nearly all new codes are old codes of other territories, seven of them of other
provinces, so a code is only ever looked up together with a date.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalogue.search.analysis import fold, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SuccessionRow = tuple[int, int, str, int]
"""Rows of the old and the new unit, kind, and 1 for the default successor."""

REGISTER = Path(__file__).with_name("register.json.gz")

_ABBREVIATIONS = {
    "t": "tinh",
    "tp": "thanh pho",
    "tx": "thi xa",
    "tt": "thi tran",
    "q": "quan",
    "h": "huyen",
    "p": "phuong",
    "x": "xa",
}
_ALIASES = {
    "hcm": "ho chi minh",
    "tphcm": "thanh pho ho chi minh",
    "thanh pho hcm": "thanh pho ho chi minh",
    "sai gon": "thanh pho ho chi minh",
    "brvt": "ba ria vung tau",
    "br vt": "ba ria vung tau",
    "tt hue": "thanh pho hue",
    "thua thien hue": "thanh pho hue",
    "tinh thua thien hue": "thanh pho hue",
    "hn": "ha noi",
}


class Level(StrEnum):
    """The tiers of local government; the district tier ended on 30 June 2025."""

    PROVINCE = "tinh"
    DISTRICT = "huyen"
    COMMUNE = "xa"


class SuccessionKind(StrEnum):
    """How much of an old unit lives on in a new one."""

    KEEP = "keep"  # the same unit, name and type
    RENAME = "rename"  # the same territory under another name
    TYPE_CHANGE = "type_change"  # the same territory and name as another type of unit
    WHOLE = "whole"  # all of the old unit, merged with others
    INSIDE = "inside"  # the new unit lies in the old one, which was divided
    PART = "part"  # a part of the old unit, merged with others


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit at its time.

    `name` is the full one ("Huyện Gia Lộc"), `type` what it begins with. Both days of validity
    are included; `valid_from` of an old unit is the first day the register answers for, and the
    unit may be younger. `id` is level, code and first year: `huyen-297-2004`.
    """

    id: str
    code: str
    level: Level
    name: str
    type: str
    parent_id: str | None
    valid_from: dt.date
    valid_to: dt.date | None
    legal_basis: str

    @property
    def folded(self) -> str:
        """The full name without marks: `huyen gia loc`."""
        return fold(self.name)

    @property
    def short_name(self) -> str:
        """The name without its type: `Gia Lộc`."""
        return self.name[len(self.type) + 1 :]

    def is_valid(self, on: dt.date) -> bool:
        """Say whether the unit existed on a day."""
        return self.valid_from <= on and (self.valid_to is None or on <= self.valid_to)


class Succession(NamedTuple):
    """The unit at the other end of a change. `is_default` marks the one that bears most."""

    unit: Unit
    kind: SuccessionKind
    is_default: bool


class Register:
    """All units and their successions, in memory. Read-only."""

    def __init__(self, units: Sequence[Unit], successions: Iterable[SuccessionRow]) -> None:
        """Take units in order and rows (old, new, kind, default) that point into them."""
        self._units = units
        self._rows = {unit.id: row for row, unit in enumerate(units)}
        self._by_code: dict[str, list[Unit]] = defaultdict(list)
        for unit in units:
            self._by_code[unit.code].append(unit)
        self._after: dict[int, list[SuccessionRow]] = defaultdict(list)
        self._before: dict[int, list[SuccessionRow]] = defaultdict(list)
        for change in successions:
            self._after[change[0]].append(change)
            self._before[change[1]].append(change)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)

    def find(self, code: str, on: dt.date, level: Level | None = None) -> Unit | None:
        """Find the unit that bore a code on a day."""
        for unit in self._by_code.get(code, ()):
            if unit.is_valid(on) and level in (None, unit.level):
                return unit
        return None

    def find_by_id(self, unit_id: str) -> Unit | None:
        """Find a unit by its id in this register."""
        row = self._rows.get(unit_id)
        return None if row is None else self._units[row]

    def successors(self, unit: Unit) -> tuple[Succession, ...]:
        """Give what became of a unit, the default first; nothing for a unit that still stands.

        A district was divided among communes and has no default: those that lie in it, or nearly,
        are `INSIDE` and come first, those that took a piece of it are `PART`.
        """
        changes = self._after.get(self._rows[unit.id], ())
        if unit.level is Level.DISTRICT and not changes:
            return self._heirs(unit)
        return _ordered(
            Succession(self._units[new], SuccessionKind(kind), bool(is_default))
            for _, new, kind, is_default in changes
        )

    def predecessors(self, unit: Unit) -> tuple[Succession, ...]:
        """Give what a unit was made of, those first of which it is the default successor."""
        return _ordered(
            Succession(self._units[old], SuccessionKind(kind), bool(is_default))
            for old, _, kind, is_default in self._before.get(self._rows[unit.id], ())
        )

    def current_for(self, unit: Unit, on: dt.date) -> tuple[Unit, ...]:
        """Give the units that stand for a unit on a day: itself, its successors or its origins."""
        if unit.is_valid(on):
            return (unit,)
        step = self.successors if on > unit.valid_from else self.predecessors
        return tuple(other.unit for other in step(unit) if other.unit.is_valid(on))

    def ancestors(self, unit: Unit) -> tuple[Unit, ...]:
        """Give the units above one, the nearest first."""
        above = []
        while unit.parent_id is not None:
            unit = self._units[self._rows[unit.parent_id]]
            above.append(unit)
        return tuple(above)

    def children(self, unit: Unit) -> tuple[Unit, ...]:
        """Give the units directly below one."""
        return tuple(self._children.get(unit.id, ()))

    def named(self, text: str) -> tuple[Unit, ...]:
        """Find all units of a name, typed with or without marks, level word or abbreviation.

        "gia loc" finds every Gia Lộc of any time, "H. Gia Lộc" the district only. Provinces come
        first, then districts, then communes.
        """
        typed = _words(text)
        spelled_out = _spell_out(typed)
        for words in (_ALIASES.get(typed, typed), _ALIASES.get(spelled_out, spelled_out)):
            if words in self._names:
                return tuple(self._names[words])
        return ()

    @cached_property
    def _names(self) -> Mapping[str, list[Unit]]:
        names: dict[str, list[Unit]] = defaultdict(list)
        levels = list(Level)
        for unit in sorted(self._units, key=lambda unit: levels.index(unit.level)):
            words = _words(unit.name)
            names[words].append(unit)
            names[words[len(unit.type) + 1 :]].append(unit)
        return dict(names)

    @cached_property
    def _children(self) -> Mapping[str, list[Unit]]:
        children: dict[str, list[Unit]] = defaultdict(list)
        for unit in self._units:
            if unit.parent_id is not None:
                children[unit.parent_id].append(unit)
        return children

    def _heirs(self, district: Unit) -> tuple[Succession, ...]:
        """Give a district's successors by way of its communes."""
        new = {
            heir.unit.id: heir.unit
            for commune in self.children(district)
            for heir in self.successors(commune)
        }
        heirs = (
            Succession(unit, self._share(unit, district), is_default=False)
            for unit in sorted(new.values(), key=lambda unit: unit.code)
        )
        return tuple(sorted(heirs, key=lambda heir: heir.kind is not SuccessionKind.INSIDE))

    def _share(self, unit: Unit, district: Unit) -> SuccessionKind:
        """Say whether most communes that mainly went into a unit came from this district."""
        origins = [origin.unit for origin in self.predecessors(unit) if origin.is_default]
        own = sum(origin.parent_id == district.id for origin in origins)
        return SuccessionKind.INSIDE if 2 * own > len(origins) else SuccessionKind.PART


def load_register(path: Path = REGISTER) -> Register:
    """Read the register from its file; some 50 ms, done once."""
    content = json.loads(gzip.decompress(path.read_bytes()))
    periods = [
        (dt.date.fromisoformat(first), dt.date.fromisoformat(last) if last else None)
        for first, last in content["periods"]
    ]
    levels = {level.value: level for level in Level}
    units: list[Unit] = []
    for period, level, code, name, kind, parent, basis in content["units"]:
        first, last = periods[period]
        units.append(
            Unit(
                f"{level}-{code}-{first.year}",
                code,
                levels[level],
                name,
                kind,
                None if parent is None else units[parent].id,
                first,
                last,
                content["bases"][basis],
            )
        )
    return Register(units, content["successions"])


def _ordered(successions: Iterable[Succession]) -> tuple[Succession, ...]:
    return tuple(sorted(successions, key=lambda succession: not succession.is_default))


def _words(text: str) -> str:
    return " ".join(token.folded for token in tokenize(text))


def _spell_out(words: str) -> str:
    """Write an abbreviated level word in full: `tp hue` is `thanh pho hue`."""
    first, _, rest = words.partition(" ")
    return f"{_ABBREVIATIONS[first]} {rest}" if rest and first in _ABBREVIATIONS else words
