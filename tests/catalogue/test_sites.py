"""The sites: kept by name, one host each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalogue.database import CatalogueError, Database, current_revision
from catalogue.sites import Sites
from tests.catalogue.worlds import GIALOC, HAIDUONG


def test_a_site_comes_back_as_it_was_kept(database: Database) -> None:
    with database.writing() as connection:
        first = Sites(connection).keep(HAIDUONG)
        second = Sites(connection).keep(GIALOC)
    with database.reading() as connection:
        sites = Sites(connection)
        assert sites.all() == [HAIDUONG, GIALOC]
        assert sites.find("gialoc") == GIALOC
        assert sites.find("bacninh") is None
        assert (sites.id_of("haiduong"), sites.name_of(second)) == (first, "gialoc")


def test_keeping_a_site_again_changes_its_row_and_raises_the_revision_once(
    database: Database,
) -> None:
    renamed = replace(HAIDUONG, title="Hải Dương (cũ)", aliases=())
    with database.writing() as connection:
        sites = Sites(connection)
        assert sites.keep(HAIDUONG) == sites.keep(renamed) == sites.keep(renamed)
        assert sites.all() == [renamed]
        assert current_revision(connection) == 2


def test_two_sites_cannot_answer_to_one_host(database: Database) -> None:
    thief = replace(GIALOC, aliases=("www.haiduong.gov.vn",))
    with database.writing() as connection:
        Sites(connection).keep(HAIDUONG)
        with pytest.raises(
            CatalogueError, match=r"www.haiduong.gov.vn already belongs to haiduong"
        ):
            Sites(connection).keep(thief)


def test_a_site_nobody_knows_is_named(database: Database) -> None:
    with (
        database.reading() as connection,
        pytest.raises(CatalogueError, match="no site is called 'bacninh'"),
    ):
        Sites(connection).id_of("bacninh")
