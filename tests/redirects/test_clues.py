"""Clues: what addresses and titles are looked up under."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.clues import (
    LONGEST,
    clues_of_key,
    clues_of_number,
    clues_of_title,
    context_of,
    days_in,
    ids_of,
    names_file,
    numbers_in,
    shape_of,
    shingles_of,
    slug,
    slug_of,
    slugs_of,
    sought_by,
)
from redirects.mapping import CanonicalUrl


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://daklak.gov.vn/-/-ak-lak-cong-bo", "ak-lak-cong-bo"),
        ("haiduong.gov.vn/vi/news/tin/Bài-viết-58.html?x=1", "bai-viet-58"),
        ("http://a.vn/tin-t%E1%BB%A9c/", "tin-tuc"),
        ("http://a.vn/", ""),
        ("a.vn", ""),
        ("/tin-tuc", ""),
        ("http://a.vn/Pages/Default.aspx", ""),
        ("a.vn/xem.aspx?id=4", ""),
        ("a.vn/quy-hoach-dat.aspx?id=4", "quy-hoach-dat"),
        ("a.vn/12345", ""),
        ("a.vn/index.php/tin/123-ten-bai-viet", "123-ten-bai-viet"),
        ("a.vn/documents/1/Kế hoạch năm 2024.pdf/ac54cde6-7f17-6e1a-139d-ab30db77562e",
         "ke-hoach-nam-2024"),
    ],
)  # fmt: skip
def test_the_telling_piece_of_an_address_is_found(url: str, words: str) -> None:
    assert slug_of(url) == words


def test_the_telling_pieces_come_before_folders_and_programs() -> None:
    url = "a.vn/web/guest/tin-tuc?p_p_id=101_instance_k3x9&_101_urltitle=bai-viet-ve-lua"
    assert slugs_of(url) == ("bai-viet-ve-lua", "tin-tuc")


def test_a_slug_keeps_or_drops_the_letter_that_liferay_drops() -> None:
    assert slug("Lao động – Đạt") == "lao-dong-dat"
    assert slug("Lao động – Đạt", "") == "lao-ong-at"


@pytest.mark.parametrize(
    ("url", "ids"),
    [
        ("a.vn/x.aspx?itemid=7&cateid=12", ["itemid=7", "cateid=12"]),
        ("a.vn/tabid/36/ctl/details/itemid/101/default.aspx", ["tabid=36", "itemid=101"]),
        ("a.vn/index.php?id=123:ten-bai", ["id=123"]),
        ("a.vn/index.php/tin/123-ten-bai", ["=123"]),
        ("a.vn/tin/ten-bai-58.html", ["=58"]),
        ("a.vn/-/lan-cong-bo-thu-3", []),
        ("a.vn/-/ke-hoach-nam-2024", []),
        ("a.vn/-/tin-bai-123456", ["=123456"]),
        ("a.vn/get_file?uuid=ac54cde6-7f17-6e1a-139d-ab30db77562e",
         ["uuid=ac54cde6-7f17-6e1a-139d-ab30db77562e"]),
        ("a.vn/linkclick.aspx?fileticket=1fb60bf5d1ac9b8930038b=&tabid=52",
         ["fileticket=1fb60bf5d1ac9b8930038b=", "tabid=52"]),
        ("a.vn/d/1/x.pdf/ac54cde6-7f17-6e1a-139d-ab30db77562e",
         ["d=1", "x.pdf=ac54cde6-7f17-6e1a-139d-ab30db77562e"]),
        ("a.vn/?q=nothing", []),
    ],
)  # fmt: skip
def test_ids_are_read_where_content_systems_write_them(url: str, ids: list[str]) -> None:
    assert [f"{each.name}={each.value}" for each in ids_of(url)] == ids


def test_addresses_of_one_program_have_one_shape() -> None:
    assert shape_of("a.vn/x/y.aspx?id=7") == shape_of("a.vn/x/y.aspx?id=1234")
    assert shape_of("a.vn/-/mot-bai-viet-dai") == shape_of("a.vn/-/bai-khac-cung-dai-nua")
    assert shape_of("a.vn/tin/7-a") == shape_of("a.vn/tin/81-b-c-d")
    assert shape_of("a.vn/x/y.aspx?id=7") != shape_of("a.vn/x/z.aspx?id=7")
    assert context_of("a.vn/lists/vanban/dispform.aspx?id=7") == {"lists", "vanban", "id"}


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("qd-12-2024-qd-ubnd-ve-cay-xanh", "12-2024-qd-ubnd"),
        ("ke-hoach-so-6719-kh-ubnd", "6719-kh-ubnd"),
        ("12-2024-q-ubnd", "12-2024-q-ubnd"),
    ],
)
def test_document_numbers_are_found_in_slugs(words: str, number: str) -> None:
    assert number in numbers_in(words)


def test_a_number_is_looked_up_as_it_is_written_and_without_its_letter() -> None:
    assert set(clues_of_number("12/2024/QĐ-UBND")) == {"n:12-2024-qd-ubnd", "n:12-2024-q-ubnd"}
    assert list(clues_of_number(None)) == []


def test_days_are_read_from_folders_and_stamps() -> None:
    assert days_in("a.vn/2024/05/20/tin") == {"2024-05-20"}
    assert days_in("a.vn/tin-20240520.html") == {"2024-05-20"}
    assert days_in("a.vn/tin-20249920.html") == frozenset()


@pytest.mark.parametrize(
    ("url", "is_file"),
    [
        ("a.vn/x.pdf", True),
        ("a.vn/x.pdf/uuid", True),
        ("a.vn/linkclick.aspx?fileticket=x", True),
        ("a.vn/c/document_library/get_file?uuid=x", True),
        ("a.vn/x.aspx", False),
        ("a.vn/pdf/x", False),
    ],
)
def test_addresses_of_files_are_told_from_those_of_pages(url: str, is_file: bool) -> None:  # noqa: FBT001 - a column of the table
    assert names_file(url) is is_file


def test_an_address_finds_what_its_title_left() -> None:
    left = set(clues_of_title("Đắk Lắk công bố điều chỉnh quy hoạch"))
    key = CanonicalUrl("a.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-2")

    assert left & set(sought_by(key, 1, ())) >= {"s:ak-lak-cong-bo-ieu-chinh-quy-hoach"}
    assert left & set(sought_by(CanonicalUrl("a.vn/x"), 1, ["Lắk công bố điều chỉnh"]))


def test_ids_are_those_of_one_site_unless_they_are_unique() -> None:
    plain = CanonicalUrl("a.vn/x.aspx?id=7")
    unique = CanonicalUrl("a.vn/x?uuid=ac54cde6-7f17-6e1a-139d-ab30db77562e")

    assert set(clues_of_key(plain, 1)).isdisjoint(sought_by(plain, 2, ()))
    assert not set(clues_of_key(unique, 1)).isdisjoint(sought_by(unique, 2, ()))


def test_short_slugs_are_one_run_and_nothing_is_none() -> None:
    assert shingles_of("a-b") == ("a-b",)
    assert shingles_of("a-b-c-d") == ("a-b-c", "b-c-d")
    assert shingles_of("") == ()


@given(st.text())
def test_any_text_has_clues_that_an_index_can_hold(text: str) -> None:
    key = CanonicalUrl(f"a.vn/{text}")
    clues = [*sought_by(key, 1, [text]), *clues_of_key(key, 1), *clues_of_title(text)]

    assert all(0 < len(clue) <= LONGEST for clue in clues)
    assert isinstance(names_file(key), bool)
