"""Build the unit register, `catalogue/units/register.json.gz`, from the wheel of vietnamadminunits.

    pip download --no-deps vietnamadminunits==1.0.4
    python scripts/build_units.py vietnamadminunits-1.0.4-py3-none-any.whl

Reads two data files of the wheel (MIT) without importing the package; downloads nothing. The same
wheel always gives the same bytes.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
import unicodedata
import zipfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "catalogue" / "units" / "register.json.gz"
SOURCE = "vietnamadminunits 1.0.4 (MIT, Tran Ngoc Minh Hieu)"

# The code list of 8 July 2004 is the oldest the codes go back to; districts ended and the new
# communes and provinces began on 1 July 2025.
PERIODS = [["2004-07-08", "2025-06-30"], ["2025-07-01", None]]
BASES = [
    "Quyết định 124/2004/QĐ-TTg ngày 08/7/2004 và các văn bản sửa đổi, bổ sung",
    "Quyết định 19/2025/QĐ-TTg ngày 30/6/2025",
    "Nghị quyết 202/2025/QH15 ngày 12/6/2025",
    "Các nghị quyết 1654 đến 1687/NQ-UBTVQH15 ngày 16/6/2025",
]
TYPES = ("Thành phố", "Tỉnh", "Quận", "Huyện", "Thị xã", "Thị trấn", "Phường", "Xã", "Đặc khu")
OLD, NEW = 0, 1
CODES_2004, CODES_2025, PROVINCES_2025, COMMUNES_2025 = range(4)

Key = tuple[str, ...]


@dataclass
class Tables:
    """The register as it grows: rows of units and successions, and where each unit's row is."""

    units: list[list[Any]] = field(default_factory=list)
    successions: list[list[Any]] = field(default_factory=list)
    rows: dict[tuple[int, Key], int] = field(default_factory=dict)

    def add_unit(  # one argument for each column of a row
        self, key: Key, *, period: int, level: str, code: str, name: str, parent: Key, basis: int
    ) -> None:
        """Add a unit once; its parent must be there already."""
        if (period, key) in self.rows:
            return
        parent_row = self.rows[period, parent] if parent else None
        self.rows[period, key] = len(self.units)
        cleaned = clean(name)
        self.units.append([period, level, code, cleaned, kind_of(cleaned), parent_row, basis])

    def add_succession(self, old: Key, new: Key, kind: str, *, is_default: bool) -> None:
        """Say that one unit went into another."""
        rows = (self.rows[OLD, old], self.rows[NEW, new])
        self.successions.append([*rows, kind, int(is_default)])


def main(wheel: Path, target: Path = TARGET) -> None:
    """Read the wheel, write the register and say what is in it."""
    old, new, conversion = read_wheel(wheel)
    tables = Tables()
    add_old_units(tables, old)
    add_new_units(tables, new, conversion["DICT_PROVINCE"])
    add_communes_successions(tables, conversion)
    add_province_successions(tables, conversion["DICT_PROVINCE"])
    register = {
        "source": SOURCE,
        "periods": PERIODS,
        "bases": BASES,
        "units": tables.units,
        "successions": sorted(tables.successions),
    }
    text = json.dumps(register, ensure_ascii=False, separators=(",", ":"))
    target.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    counts = Counter((row[0], row[1]) for row in tables.units)
    print(f"{target.name}: {target.stat().st_size} bytes, {dict(counts)}")
    print(f"successions: {dict(Counter(row[2] for row in tables.successions))}")


def read_wheel(wheel: Path) -> tuple[list[sqlite3.Row], list[sqlite3.Row], dict[str, Any]]:
    """Read the old units, the new units and the conversion table."""
    with zipfile.ZipFile(wheel) as archive:
        conversion = json.loads(archive.read("vietnamadminunits/data/converter_2025.json"))
        database = sqlite3.connect(":memory:")
        database.deserialize(archive.read("vietnamadminunits/data/dataset.db"))
    database.row_factory = sqlite3.Row
    old = database.execute(
        "select * from admin_units_legacy order by provinceCode, districtCode, wardCode"
    ).fetchall()
    new = database.execute("select * from admin_units order by provinceCode, wardCode").fetchall()
    return old, new, conversion


def add_old_units(tables: Tables, rows: list[sqlite3.Row]) -> None:
    """Add provinces, districts and communes as of 30 June 2025."""
    for row in rows:
        province, district = (row["provinceKey"],), (row["provinceKey"], row["districtKey"])
        shared: dict[str, Any] = {"period": OLD, "basis": CODES_2004}
        tables.add_unit(
            province,
            level="tinh",
            code=row["provinceCode"],
            name=row["province"],
            parent=(),
            **shared,
        )
        tables.add_unit(
            district,
            level="huyen",
            code=row["districtCode"],
            name=row["district"],
            parent=province,
            **shared,
        )
        if row["wardCode"]:  # five island districts have no communes
            tables.add_unit(
                (*district, row["wardKey"]),
                level="xa",
                code=row["wardCode"],
                name=row["ward"],
                parent=district,
                **shared,
            )


def add_new_units(tables: Tables, rows: list[sqlite3.Row], merged: dict[str, list[str]]) -> None:
    """Add provinces and communes as of 1 July 2025."""
    for row in rows:
        province = (row["provinceKey"],)
        alone = len(merged[row["provinceKey"]]) == 1
        tables.add_unit(
            province,
            period=NEW,
            level="tinh",
            code=row["provinceCode"],
            name=row["province"],
            parent=(),
            basis=CODES_2025 if alone else PROVINCES_2025,
        )
        tables.add_unit(
            (*province, row["wardKey"]),
            period=NEW,
            level="xa",
            code=row["wardCode"],
            name=row["ward"],
            parent=province,
            basis=COMMUNES_2025,
        )


def add_communes_successions(tables: Tables, conversion: dict[str, Any]) -> None:
    """Add what became of each commune (and of the island districts without communes)."""
    sources: dict[Key, list[Key]] = defaultdict(list)
    parts: list[tuple[Key, Key, bool]] = []
    for province, targets in conversion["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for target, olds in targets.items():
            sources[province, target] += [split_key(old) for old in olds]
    for province, divided in conversion["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, targets in divided.items():
            parts += [
                (split_key(old), (province, part["newWardKey"]), part["isDefaultNewWard"])
                for part in targets
            ]
    shared = {new for _, new, _ in parts}
    for new, olds in sources.items():
        for old in olds:
            alone = len(olds) == 1 and new not in shared
            kind = kind_of_change(tables, old, new) if alone else "whole"
            tables.add_succession(old, new, kind, is_default=True)
    for old, new, is_default in parts:
        tables.add_succession(old, new, "part", is_default=is_default)


def add_province_successions(tables: Tables, merged: dict[str, list[str]]) -> None:
    """Add what became of each province, and insist that no commune of it went elsewhere."""
    for new, olds in merged.items():
        for old in olds:
            kind = kind_of_change(tables, (old,), (new,)) if len(olds) == 1 else "whole"
            tables.add_succession((old,), (new,), kind, is_default=True)
    provinces = {(old, new) for old, new, _, _ in tables.successions if old == top(tables, old)}
    went = {(top(tables, old), top(tables, new)) for old, new, _, _ in tables.successions}
    if went != provinces:
        raise SystemExit(f"communes left their province: {went - provinces}")


def kind_of_change(tables: Tables, old: Key, new: Key) -> str:
    """Say what happened to a unit that went into a new one alone."""
    before, after = tables.units[tables.rows[OLD, old]], tables.units[tables.rows[NEW, new]]
    if before[3] == after[3]:
        return "keep"
    same_name = before[3].removeprefix(before[4]) == after[3].removeprefix(after[4])
    return "type_change" if same_name else "rename"


def top(tables: Tables, row: int) -> int:
    """Go up to the province of a unit's row."""
    parent = tables.units[row][5]
    return row if parent is None else top(tables, parent)


def split_key(key: str) -> Key:
    """Split `province_district_commune`; island districts end in an underscore."""
    return tuple(part for part in key.split("_") if part)


def clean(name: str) -> str:
    """Bring a name into NFC, single spaces and capitals.

    The source writes Thị Xã beside Thị xã, and lost the capitals of accented letters: Đại áng.
    """
    spaced = " ".join(unicodedata.normalize("NFC", name).replace("’", "'").split())
    kind = kind_of(spaced)
    words = spaced[len(kind) :].split()
    own = [word if word[0].isascii() else word[0].upper() + word[1:] for word in words]
    return " ".join([kind, *own])


def kind_of(name: str) -> str:
    """Give the type that a name begins with."""
    return next(kind for kind in TYPES if name.casefold().startswith(f"{kind.casefold()} "))


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and the wheel
        sys.exit(f"usage: {sys.argv[0]} WHEEL")
    main(Path(sys.argv[1]))
