"""The register against the conversion table of the statistics office."""

from __future__ import annotations

import csv
import datetime as dt
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest

from catalogue.search.analysis import tokenize
from catalogue.units.register import Level, load_register

TABLE = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "units" / "nso_conv.csv"
AFTER = dt.date(2025, 7, 1)

pytestmark = pytest.mark.skipif(not TABLE.exists(), reason="the table is in ../shared: absent")

# Differences of spelling in the table itself, listed in docs/units.md.
MISSPELT = {"24496": "Xa Ea Kly"}


def clean(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    """New province, new name, new code, old name, old code, note, district, old province."""
    with TABLE.open(encoding="utf-8", newline="") as lines:
        cells = [[clean(cell) for cell in row] for row in csv.reader(lines)]
    return [row for row in cells if len(row) > 7 and re.fullmatch(r"\d{5}", row[2])]


def spelling(name: str) -> list[str]:
    return [token.exact for token in tokenize(name)]


def test_every_new_code_and_name_is_the_table_s(rows: list[list[str]]) -> None:
    table = {row[2]: row[1] for row in rows}
    ours = {
        unit.code: unit
        for unit in load_register()
        if unit.id.startswith("xa") and not unit.valid_to
    }
    assert set(table) == set(ours)
    different = {
        code: name for code, name in table.items() if spelling(name) != spelling(ours[code].name)
    }
    assert different == MISSPELT


def test_every_new_commune_lies_in_the_table_s_province(rows: list[list[str]]) -> None:
    register = load_register()
    for row in rows:
        unit = register.find(row[2], AFTER, Level.COMMUNE)
        assert unit is not None
        (province,) = register.ancestors(unit)
        assert province.code == row[0][-3:-1], row


def test_the_successions_are_the_table_s_but_for_37_boundary_cases(rows: list[list[str]]) -> None:
    register = load_register()
    table: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        table[row[4]].add(row[2])
    ours = {
        unit.code: {heir.unit.code for heir in register.successors(unit)}
        for unit in register
        if unit.level is Level.COMMUNE and unit.valid_to
    }
    known = [code for code in table if code in ours]
    assert len(known) == 10_033
    assert sum(table[code] == ours[code] for code in known) == 9_996
    assert all(table[code] & ours[code] for code in known)
    assert set(ours) - set(table) == {"01651", "02482"}
