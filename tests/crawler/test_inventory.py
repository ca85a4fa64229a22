"""Logs and lists of a site: each address on the host it is of, and none on a host there is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawler.inventory import InventoryError, urls_in_inventory, urls_in_log
from redirects.site import Site

ONE = Site("gialoc", "Gia Lộc", "gialoc.gov.vn", ("www.gialoc.gov.vn",))
MANY = Site("huyen", "Các huyện", "*.haiduong.gov.vn")
REST = '1.2.3.4 - - [28/Jun/2025:09:00:00 +0700] "GET {} HTTP/1.1" 200 12 "-" "Mozilla"\n'


def test_a_log_that_names_hosts_gives_each_site_its_own(tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_text(
        "".join(
            f"{host}:80 {REST.format(path)}"
            for host, path in (
                ("www.gialoc.gov.vn", "/a"),
                ("gialoc.gov.vn", "/a"),
                ("kinhmon.haiduong.gov.vn", "/b"),
                ("gialoc.gov.vn", "http://gialoc.gov.vn/c"),
            )
        )
    )

    assert list(urls_in_log(log, ONE)) == ["http://gialoc.gov.vn/a", "http://gialoc.gov.vn/c"]
    assert list(urls_in_log(log, MANY)) == ["http://kinhmon.haiduong.gov.vn/b"]


def test_a_path_of_a_site_with_many_hosts_names_its_line(tmp_path: Path) -> None:
    listed = tmp_path / "ds.csv"
    listed.write_text("http://kinhmon.haiduong.gov.vn/a\n/b\n", encoding="utf-8")

    assert list(urls_in_inventory(listed, ONE))[1] == "http://gialoc.gov.vn/b"
    with pytest.raises(InventoryError, match=r"ds\.csv: line 2: /b names no host.* huyen "):
        list(urls_in_inventory(listed, MANY))
