"""The host table in search: pages of an old portal are found under the unit its host stood for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from catalogue.indexing import accepted_entries
from catalogue.rekeying import keep_site
from catalogue.unit_table import UnitTable
from catalogue.units.register import load_register
from gateway.settings.sites import SiteSettings

NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host", "unit", "codes"),
    [
        ("www.haiduong.gov.vn", None, {"30", "31"}),  # the province, and what it is now
        ("bacgiang.gov.vn", None, {"24"}),  # which has its code still
        ("gialoc.haiduong.gov.vn", "297", {"297", "10999", "11020", "11050", "11065", "11002"}),
        ("cong.test", None, set()),
    ],
)
def test_a_page_is_found_under_the_unit_of_its_portal_and_under_its_heirs(
    town: Any, host: str, unit: str | None, codes: set[str]
) -> None:
    site = SiteSettings(name="cu", title="Cổng cũ", host=host, unit=unit)
    town.settings = town.settings.model_copy(update={"site": (site,)})
    with town.database.writing() as connection:
        keep_site(connection, site.as_site(), now=NOW)
        UnitTable(connection).load(load_register())
    town.page(f"http://{host}/tin/1", "Quy hoạch sử dụng đất")
    (entry,) = accepted_entries(town.database)
    assert set(entry.unit_codes) == codes
