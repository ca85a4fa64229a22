"""The unit table: the register, whole, in the database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, delete, event, func, select, update

from catalogue import schema
from catalogue.database import Database
from catalogue.unit_table import UnitTable
from catalogue.units.register import Register, load_register


@pytest.fixture(scope="module")
def register() -> Register:
    return load_register()


@pytest.fixture
def loaded(database: Database, register: Register) -> Iterator[Connection]:
    with database.writing() as connection:
        UnitTable(connection).load(register)
        yield connection


def test_the_whole_register_is_in_the_table(loaded: Connection, register: Register) -> None:
    assert UnitTable(loaded).count() == len(register) == 14_150
    row = loaded.execute(select(schema.unit).where(schema.unit.c.id == "huyen-297-2004")).one()
    assert (row.name, row.folded, row.level) == ("Huyện Gia Lộc", "huyen gia loc", "huyen")


def test_successors_are_found_by_the_code_of_a_unit_that_is_no_more(loaded: Connection) -> None:
    found = UnitTable(loaded).successors(["30", "297", "31", "no such code"])
    assert found["30"] == ("30", "31")
    assert found["31"] == ("31",)
    assert {"297", "10999", "11020", "11050", "11065", "11002"} == set(found["297"])
    assert "no such code" not in found


def test_loading_again_writes_nothing(loaded: Connection, register: Register) -> None:
    statements: list[str] = []
    event.listen(
        loaded, "before_cursor_execute", lambda *heard: statements.append(str(heard[2])[:6])
    )
    UnitTable(loaded).load(register)
    assert set(statements) == {"SELECT"}


def test_loading_repairs_what_differs(loaded: Connection, register: Register) -> None:
    loaded.execute(update(schema.unit).where(schema.unit.c.code == "30").values(name="?"))
    loaded.execute(delete(schema.succession))
    UnitTable(loaded).load(register)
    assert loaded.execute(select(schema.unit.c.id).where(schema.unit.c.name == "?")).all() == []
    edges = loaded.execute(select(func.count()).select_from(schema.succession)).scalar_one()
    assert edges > 10_000


def test_a_register_without_units_empties_the_table(loaded: Connection) -> None:
    UnitTable(loaded).load(Register([], []))
    assert UnitTable(loaded).count() == 0
