"""Suggestions: what each kind of evidence is worth, and what becomes of equally good candidates."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.mapping import CanonicalUrl
from redirects.suggest import (
    AUTO_ACCEPT,
    CUT_OFF,
    DOUBTFUL,
    SHORT_SLUG,
    Candidate,
    OldAddress,
    Reason,
    Suggestion,
    suggest,
)

TITLE = "Đắk Lắk công bố điều chỉnh quy hoạch lao động"
RIGHT = Candidate("doc:1", TITLE, (CanonicalUrl("daklak.gov.vn/chi-tiet.aspx?itemid=7"),))
OTHERS = [
    Candidate("doc:2", "Đắk Lắk công bố lịch tiếp công dân"),
    Candidate("doc:3", "Quy hoạch lao động tỉnh Gia Lai"),
    Candidate("doc:4", "Thời tiết"),
]
DECREE = Candidate(
    "doc:12",
    "Quyết định ban hành Quy định về quản lý cây xanh đô thị",
    number="12/2024/QĐ-UBND",
    published_on=date(2024, 5, 20),
)


def asked(key: str, *titles: str) -> OldAddress:
    return OldAddress(CanonicalUrl(key), titles)


def best(address: OldAddress, *candidates: Candidate) -> Suggestion:
    return suggest(address, [*candidates, *OTHERS])[0]


@pytest.mark.parametrize(
    "key",
    [
        "daklak.gov.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong",
        "daklak.gov.vn/tin/dak-lak-cong-bo-dieu-chinh-quy-hoach-lao-dong",
        "daklak.gov.vn/đắk-lắk-công-bố-điều-chỉnh-quy-hoạch-lao-động",
        "daklak.gov.vn/web/guest/tin?_101_urltitle=-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong",
        "daklak.gov.vn/index.php?id=9:dak-lak-cong-bo-dieu-chinh-quy-hoach-lao-dong",
        "daklak.gov.vn/dak-lak-cong-bo-dieu-chinh-quy-hoach-lao-dong/58",
    ],
)
def test_a_slug_of_the_title_is_sure_however_it_was_made(key: str) -> None:
    found = best(asked(key), RIGHT)

    assert (found.candidate, found.reasons) == (RIGHT, (Reason.SLUG,))
    assert found.score >= AUTO_ACCEPT


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("daklak.gov.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong-2", 0.95),  # one of several
        ("daklak.gov.vn/-/-ak-lak-cong-bo-ieu-chinh", CUT_OFF),
        ("daklak.gov.vn/-/dak-lak-cong-bo-quy-hoach-lao-dong", 0.85),
        ("daklak.gov.vn/thoi-tiet", SHORT_SLUG),
        ("daklak.gov.vn/thoi-tiet-hom-nay", 0.7),
    ],
)
def test_less_than_the_whole_slug_is_never_sure(key: str, most: float) -> None:
    assert 0.3 < best(asked(key), RIGHT).score <= most


def test_words_that_links_stand_on_decide_where_the_address_says_nothing() -> None:
    found = suggest(asked("a.vn/chi-tiet.aspx?itemid=3", TITLE.upper()), [*OTHERS, RIGHT])

    assert [(each.candidate.target, each.reasons) for each in found[:2]] == [
        ("doc:1", (Reason.TITLE,)),
        ("doc:3", (Reason.TITLE,)),
    ]


def test_same_content_is_sure_whatever_the_address() -> None:
    address = OldAddress(CanonicalUrl("a.vn/x.aspx?id=3"), digests=frozenset({"d"}))
    found = best(address, Candidate("doc:9", "Khác hẳn", digests=frozenset({"d"})))

    assert (found.candidate.target, found.reasons) == ("doc:9", (Reason.CONTENT,))
    assert found.score >= AUTO_ACCEPT


@pytest.mark.parametrize(
    "key",
    ["a.vn/qd-12-2024-qd-ubnd", "a.vn/-/quyet-inh-12-2024-q-ubnd-ve-cay-xanh"],
)
def test_a_document_number_stands_in_a_slug(key: str) -> None:
    assert best(asked(key), DECREE).candidate is DECREE
    assert Reason.NUMBER in best(asked(key), DECREE).reasons


def test_another_year_is_another_number() -> None:
    found = suggest(asked("a.vn/qd-12-2023-qd-ubnd"), [DECREE])

    assert not any(Reason.NUMBER in each.reasons for each in found)


def test_a_number_without_words_is_not_sure_and_with_its_day_it_is_surer() -> None:
    bare = best(asked("a.vn/vb/12-2024-qd-ubnd"), DECREE)
    dated = best(asked("a.vn/vb/2024/05/20/12-2024-qd-ubnd"), DECREE)

    assert bare.score < AUTO_ACCEPT
    assert dated.score > bare.score
    assert Reason.DATE in dated.reasons


DNN = Candidate(
    "doc:5", "Tin cũ", (CanonicalUrl("a.vn/tabid/36/ctl/details/mid/478/itemid/101/default.aspx"),)
)
LISTED = Candidate("doc:6", "Văn bản", (CanonicalUrl("a.vn/vanban/pages/vbpq.aspx?docid=104"),))
JOOMLA = Candidate("doc:8", "Tin", (CanonicalUrl("a.vn/index.php?id=123:ten&option=com_content"),))
FILE = Candidate(
    "doc:7",
    "Bản đồ",
    (CanonicalUrl("a.vn/documents/20182/9/x.pdf/ac54cde6-7f17-6e1a-139d-ab30db77562e"),),
    is_file=True,
)


@pytest.mark.parametrize(
    ("key", "candidate", "least", "most"),
    [
        ("a.vn/default.aspx?ctl=details&itemid=101&mid=478&tabid=36", DNN, 0.5, 0.9),
        ("a.vn/default.aspx?ctl=details&itemid=102&mid=478&tabid=36", DNN, 0.0, 0.0),
        ("a.vn/default.aspx?ctl=details&itemid=101&mid=478&tabid=40", DNN, 0.0, 0.0),
        ("a.vn/lists/vanban/dispform.aspx?id=104", LISTED, 0.4, 0.6),
        ("a.vn/lists/tintuc/dispform.aspx?id=104", LISTED, 0.0, 0.0),
        ("a.vn/index.php/tin-tuc/123-ten", JOOMLA, 0.15, 0.9),
        (
            "a.vn/c/document_library/get_file?uuid=ac54cde6-7f17-6e1a-139d-ab30db77562e",
            FILE,
            0.95,
            1.0,
        ),
    ],
)
def test_ids_of_the_old_system_are_weighed_by_where_they_stand(
    key: str, candidate: Candidate, least: float, most: float
) -> None:
    score = max((each.score for each in suggest(asked(key), [candidate])), default=0.0)

    assert least <= score <= most


def test_what_other_addresses_taught_makes_an_id_sure_or_worthless() -> None:
    key = CanonicalUrl("a.vn/lists/vanban/dispform.aspx?id=104")
    shape = "a.vn/vanban/pages/vbpq.aspx?docid=#"

    assert suggest(OldAddress(key, kin={shape: True}), [LISTED])[0].score >= AUTO_ACCEPT
    assert suggest(OldAddress(key, kin={shape: False}), [LISTED]) == []


def test_two_doubtful_witnesses_are_less_doubtful() -> None:
    words = "a.vn/-/van-ban-moi"
    both = asked("a.vn/vb.aspx?id=104", "Văn bản mới")
    one = suggest(asked(words), [LISTED])[0]

    assert suggest(both, [LISTED])[0].score >= one.score


def test_equally_good_candidates_are_all_doubtful() -> None:
    twins = [Candidate(f"doc:{number}", TITLE) for number in (21, 22, 23)]
    found = suggest(asked("a.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong"), [*twins, *OTHERS])

    assert [each.score for each in found[:3]] == [DOUBTFUL] * 3
    assert found[3].score < DOUBTFUL


def test_another_portal_or_another_kind_of_page_is_less_likely() -> None:
    key = asked("a.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong")
    elsewhere = Candidate("doc:31", TITLE, same_site=False)
    a_file = Candidate("doc:32", TITLE, is_file=True)
    own = Candidate("doc:33", TITLE)

    assert [each.candidate.target for each in suggest(key, [elsewhere, a_file, own])] == [
        "doc:33",
        "doc:31",
        "doc:32",
    ]
    assert suggest(key, [elsewhere])[0].score < AUTO_ACCEPT


def test_the_page_of_an_heir_and_a_search_hit_are_offered() -> None:
    heir = Candidate("unit:11008", "Xã Gia Lộc", heir=0.85)
    hit = Candidate("doc:41", "Khác", place=1)
    found = suggest(asked("a.vn/xa-gia-loc-cu"), [heir, hit])

    assert {each.candidate.target: each.reasons[0] for each in found} == {
        "unit:11008": Reason.UNIT,
        "doc:41": Reason.SEARCH,
    }


def test_nothing_in_common_is_no_suggestion() -> None:
    assert suggest(asked("a.vn/"), OTHERS) == []
    assert suggest(asked("a.vn/x/y.aspx?a=1"), [RIGHT]) == []


@given(st.text(), st.lists(st.text(), max_size=3))
def test_any_address_and_title_are_scored_between_nothing_and_certainty(
    key: str, titles: list[str]
) -> None:
    for found in suggest(asked(f"a.vn/{key}", *titles), [RIGHT, DECREE, DNN, FILE, *OTHERS]):
        assert 0 < found.score <= 1
        assert found.reasons
