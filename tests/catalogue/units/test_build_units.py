"""The register is built from a wheel alone, and the same wheel gives the same bytes."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from catalogue.units.register import SuccessionKind, load_register
from scripts import build_units

OLD = [
    ("tinha", "Tỉnh A", "01", "huyenb", "Huyện B", "001", "xac", "Xã C", "00001"),
    ("tinha", "Tỉnh A", "01", "huyenb", "Huyện B", "001", "xaang", "Xã áng", "00002"),
    ("tinha", "Tỉnh A", "01", "thixad", "Thị Xã D", "002", "xae", "Xã E", "00003"),
    ("tinha", "Tỉnh A", "01", "huyendao", "Huyện Đảo", "003", None, None, None),
    ("tinhz", "Tỉnh Z", "02", "huyeny", "Huyện Y", "004", "xax", "Xã X", "00004"),
]
NEW = [
    ("tinha", "Tỉnh A", "02", "xac", "Xã C", "00001"),
    ("tinha", "Tỉnh A", "02", "xaf", "Xã F", "00002"),
    ("tinha", "Tỉnh A", "02", "dackhudao", "Đặc khu Đảo", "00009"),
    ("tinha", "Tỉnh A", "02", "xax", "Xã X", "00004"),
]
WHOLE = {
    "xac": ["tinha_huyenb_xac"],
    "dackhudao": ["tinha_huyendao_"],
    "xax": ["tinhz_huyeny_xax"],
    "xaf": ["tinha_huyenb_xaang"],
}
DIVIDED = {
    "tinha_thixad_xae": [
        {"newWardKey": "xac", "isDefaultNewWard": False},
        {"newWardKey": "xaf", "isDefaultNewWard": True},
    ]
}


def make_wheel(path: Path, *, merged: dict[str, list[str]]) -> Path:
    database = sqlite3.connect(":memory:")
    database.execute(
        "create table admin_units_legacy (provinceKey, province, provinceCode, "
        "districtKey, district, districtCode, wardKey, ward, wardCode)"
    )
    database.execute(
        "create table admin_units (provinceKey, province, provinceCode, wardKey, ward, wardCode)"
    )
    database.executemany("insert into admin_units_legacy values (?,?,?,?,?,?,?,?,?)", OLD)
    database.executemany("insert into admin_units values (?,?,?,?,?,?)", NEW)
    database.commit()
    conversion = {
        "DICT_PROVINCE": merged,
        "DICT_PROVINCE_WARD_NO_DIVIDED": {"tinha": WHOLE},
        "DICT_PROVINCE_WARD_DIVIDED": {"tinha": DIVIDED},
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("vietnamadminunits/data/dataset.db", database.serialize())
        archive.writestr("vietnamadminunits/data/converter_2025.json", json.dumps(conversion))
    return path


def test_a_small_wheel_becomes_a_register(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "small.whl", merged={"tinha": ["tinha", "tinhz"]})
    build_units.main(wheel, tmp_path / "one.json.gz")
    build_units.main(wheel, tmp_path / "two.json.gz")
    assert (tmp_path / "one.json.gz").read_bytes() == (tmp_path / "two.json.gz").read_bytes()

    register = load_register(tmp_path / "one.json.gz", changes=None)
    became = {
        unit.name: [(heir.unit.name, heir.kind.value) for heir in register.successors(unit)]
        for unit in register
        if unit.valid_to
    }
    assert became == {
        "Tỉnh A": [("Tỉnh A", "whole")],
        "Huyện B": [("Xã C", "inside"), ("Xã F", "part")],
        "Xã C": [("Xã C", "whole")],
        "Xã Áng": [("Xã F", "whole")],
        "Thị xã D": [("Xã C", "part"), ("Xã F", "part")],
        "Xã E": [("Xã F", "part"), ("Xã C", "part")],
        "Huyện Đảo": [("Đặc khu Đảo", SuccessionKind.TYPE_CHANGE.value)],
        "Tỉnh Z": [("Tỉnh A", "whole")],
        "Huyện Y": [("Xã X", "inside")],
        "Xã X": [("Xã X", SuccessionKind.KEEP.value)],
    }


def test_a_commune_that_leaves_its_province_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "small.whl", merged={"tinha": ["tinha"]})
    with pytest.raises(SystemExit, match="communes left their province"):
        build_units.main(wheel, tmp_path / "one.json.gz")
