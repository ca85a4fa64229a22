"""The register of administrative units: who a code was on a day, and what became of it.

On 1 July 2025 Vietnam went from 63 provinces, 696 districts and 10,035 communes to 34 provinces
and 3,321 communes. Nearly all new codes are old codes of other territories, seven of them of other
provinces, so a code is only ever looked up together with a date.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property, lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import combining, normalize

from catalogue.search.analysis import fold, tokenize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

SuccessionRow = tuple[int, int, str, int]
"""Rows of the old and the new unit, kind, and 1 for the default successor."""

REGISTER = Path(__file__).with_name("register.json.gz")
CHANGES = Path(__file__).with_name("changes.json")
"""What became of single units after 1 July 2025: data, kept by hand."""

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


_NAMES_KEPT = 16_384  # more than there are units: each name is spelled out once
_PLAIN = {"đ": "d", "Đ": "D"}
_PROVINCES = {"Tỉnh": "Province", "Thành phố": "City"}
_ENGLISH_TYPES = {
    "Thành phố": "City",
    "Quận": "Urban District",
    "Huyện": "District",
    "Thị xã": "Town",
    "Thị trấn": "Township",
    "Phường": "Ward",
    "Xã": "Commune",
    "Đặc khu": "Special Zone",
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


_SAME_TERRITORY = frozenset(
    {SuccessionKind.KEEP, SuccessionKind.RENAME, SuccessionKind.TYPE_CHANGE}
)


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
        return _folded(self.name)

    @property
    def english(self) -> str:
        """The name as English texts write it: `Gia Loc District`, `Ward 1`."""
        return english_name(self.short_name, self.type, self.level)

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

    def __init__(
        self, units: Sequence[Unit], successions: Iterable[SuccessionRow], digest: str = ""
    ) -> None:
        """Take units in order and rows (old, new, kind, default) that point into them.

        `digest` names the data: two registers of one digest answer alike.
        """
        self.digest = digest
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

    def bearers(self, code: str) -> tuple[Unit, ...]:
        """Give every unit that ever bore a code, the latest first."""
        found = self._by_code.get(code, ())
        return tuple(sorted(found, key=lambda unit: unit.valid_from, reverse=True))

    def valid_on(self, on: dt.date, level: Level) -> tuple[Unit, ...]:
        """Give every unit of a level on a day, by code."""
        found = (unit for unit in self._units if unit.level is level and unit.is_valid(on))
        return tuple(sorted(found, key=lambda unit: unit.code))

    def ancestors(self, unit: Unit, on: dt.date | None = None) -> tuple[Unit, ...]:
        """Give the units above one, the nearest first: on a day, else on the last day it stood."""
        day = on or unit.valid_to or dt.date.max
        above = []
        while unit.parent_id is not None:
            unit = self._same_on(self._units[self._rows[unit.parent_id]], day)
            above.append(unit)
        return tuple(above)

    def children(self, unit: Unit) -> tuple[Unit, ...]:
        """Give the units directly below one, also those that stood before it changed its type."""
        below = list(self._children.get(unit.id, ()))
        for origin in self._before.get(self._rows[unit.id], ()):
            earlier = self._units[origin[0]]
            if origin[2] in _SAME_TERRITORY and self._children.get(earlier.id):
                below += [child for child in self.children(earlier) if _meet(child, unit)]
        return tuple(below)

    def _same_on(self, unit: Unit, on: dt.date) -> Unit:
        """Follow a unit whose territory stayed to what it is called on a day."""
        while not unit.is_valid(on):
            later = [new for new in self.successors(unit) if new.kind in _SAME_TERRITORY]
            if on < unit.valid_from or not later:
                break
            unit = later[0].unit
        return unit

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

    def beginning_with(self, text: str) -> tuple[Unit, ...]:
        """Find all units whose name begins so, typed as for `named`; those of that name first."""
        exact = self.named(text)
        words = _spell_out(_words(text))
        names = self._sorted_names
        found = dict.fromkeys(exact)
        for place in range(bisect_left(names, words), len(names)):
            if not words or not names[place].startswith(words):
                break
            found.update(dict.fromkeys(self._names[names[place]]))
        return tuple(found)

    @cached_property
    def _sorted_names(self) -> Sequence[str]:
        return sorted(self._names)

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


def load_register(path: Path = REGISTER, changes: Path | None = CHANGES) -> Register:
    """Read the register from its files; some 50 ms, done once."""
    packed = path.read_bytes()
    by_hand = changes.read_bytes() if changes else b"[]"
    content = json.loads(gzip.decompress(packed))
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
    successions = [*content["successions"]]
    successions += [_change(units, change) for change in json.loads(by_hand)]
    digest = blake2b(packed + by_hand, digest_size=6).hexdigest()
    return Register(units, successions, digest)


@lru_cache(maxsize=_NAMES_KEPT)
def _folded(name: str) -> str:
    return fold(name)


@lru_cache(maxsize=_NAMES_KEPT)
def english_name(name: str, kind: str, level: Level) -> str:
    """Write a name in English: without marks, its type behind it, or ahead of a mere number."""
    word = _ENGLISH_TYPES.get(kind, kind) if level is not Level.PROVINCE else _PROVINCES[kind]
    plain = "".join(_PLAIN.get(char, char) for char in name)
    plain = "".join(char for char in normalize("NFD", plain) if not combining(char))
    return f"{word} {plain}" if name.isdecimal() else f"{plain} {word}"


def _change(units: list[Unit], change: dict[str, str]) -> SuccessionRow:
    """End a unit on the day before a change and begin its successor.

    Raises ValueError naming the code where no such unit stood.
    """
    on = dt.date.fromisoformat(change["on"])
    row = next((row for row, unit in enumerate(units) if _is_meant(unit, change)), None)
    if row is None:
        raise ValueError(f"no {change['level']} {change['code']} stands on {on}")
    unit = units[row]
    units[row] = replace(unit, valid_to=on - dt.timedelta(days=1))
    later = replace(
        unit,
        id=f"{unit.level}-{unit.code}-{on.year}",
        name=change["name"],
        type=change["type"],
        valid_from=on,
        legal_basis=change["basis"],
    )
    units.append(later)
    return row, len(units) - 1, change["kind"], 1


def _is_meant(unit: Unit, change: dict[str, str]) -> bool:
    return (unit.level, unit.code, unit.valid_to) == (change["level"], change["code"], None)


def _meet(one: Unit, other: Unit) -> bool:
    """Say whether two units stood on one day."""
    last, other_last = one.valid_to or dt.date.max, other.valid_to or dt.date.max
    return one.valid_from <= other_last and other.valid_from <= last


def _ordered(successions: Iterable[Succession]) -> tuple[Succession, ...]:
    return tuple(sorted(successions, key=lambda succession: not succession.is_default))


def _words(text: str) -> str:
    return " ".join(token.folded for token in tokenize(text))


def _spell_out(words: str) -> str:
    """Write an abbreviated level word in full: `tp hue` is `thanh pho hue`."""
    first, _, rest = words.partition(" ")
    return f"{_ABBREVIATIONS[first]} {rest}" if rest and first in _ABBREVIATIONS else words
