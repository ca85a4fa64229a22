"""Charsets and separators are found as files come, and whoever knows better is believed."""

from __future__ import annotations

import codecs

import pytest

from redirects.formats.decoding import Charset, charset_of, decode
from redirects.formats.reading import Reading
from redirects.formats.table import read_csv
from redirects.sites import Sites
from tests.redirects.world import PORTAL, SITES

ROWS = "Địa chỉ cũ,Địa chỉ mới\nhttp://haiduong.gov.vn/tin-tức,/tin-tuc\n"


@pytest.mark.parametrize(
    ("mark", "codec", "charset"),
    [
        (b"", "utf-8", Charset.UTF_8),
        (codecs.BOM_UTF8, "utf-8", Charset.UTF_8),
        (codecs.BOM_UTF16_LE, "utf-16-le", Charset.UTF_16_LE),
        (codecs.BOM_UTF16_BE, "utf-16-be", Charset.UTF_16_BE),
        (b"", "utf-16-le", Charset.UTF_16_LE),
        (b"", "utf-16-be", Charset.UTF_16_BE),
    ],
)
def test_a_charset_is_found(mark: bytes, codec: str, charset: Charset) -> None:
    content = mark + ROWS.encode(codec)

    assert charset_of(content) is charset
    assert decode(content) == ROWS


def test_what_is_not_utf_8_is_windows_1258_unless_somebody_knows_better() -> None:
    content = "/caf\u00e9".encode("cp1252") + b" \x80"

    assert charset_of(content) is Charset.WINDOWS_1258
    assert decode("Hải".encode().replace("ả".encode(), b"a\xd2")) == "Hải"
    assert decode(b"\xd2", Charset.WINDOWS_1252) == "Ò"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_separator_is_found_and_told(separator: str) -> None:
    found = Reading(Sites(SITES), PORTAL)

    read_csv(ROWS.replace(",", separator).encode(), found)

    assert (found.separator, found.charset) == (separator, Charset.UTF_8)
    assert [one.mapping.target for one in found.taken] == ["/tin-tuc"]


def test_a_bar_between_successors_is_not_what_parts_the_cells() -> None:
    found = Reading(Sites(SITES), PORTAL)

    read_csv(b"haiduong.gov.vn/a;split;A=/a | B=/b | C=/c | D=/d\n", found)

    assert (found.separator, len(found.mappings[0].targets)) == (";", 4)


def test_a_separator_that_is_said_is_believed() -> None:
    found = Reading(Sites(SITES), PORTAL, separator=";")

    read_csv(b"old_url,kind;target\nhaiduong.gov.vn/a;/b\n", found)

    assert found.separator == ";"
    assert found.mappings == []


def test_a_path_in_a_table_belongs_to_the_site_whose_table_it_is() -> None:
    sites = Sites(SITES)
    found = Reading(sites, PORTAL, sites.named("haiduong"))

    read_csv(b"/a,301,/b\n", found)

    assert [(one.line, one.site, one.mapping.key) for one in found.taken] == [
        (1, "haiduong", "haiduong.gov.vn/a")
    ]
