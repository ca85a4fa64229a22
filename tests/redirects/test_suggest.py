import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.suggest import Candidate, score, slug, slug_of, suggest

TITLE = "Đắk Lắk công bố điều chỉnh quy hoạch lao động"
RIGHT = Candidate("1", TITLE, "dak-lak-cong-bo-dieu-chinh-quy-hoach-lao-dong")
OTHERS = [
    Candidate("2", "Đắk Lắk công bố lịch tiếp công dân", "dak-lak-cong-bo-lich-tiep-cong-dan"),
    Candidate("3", "Quy hoạch lao động tỉnh Gia Lai"),
    Candidate("4", "Thời tiết"),
]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://daklak.gov.vn/-/-ak-lak-cong-bo", "ak-lak-cong-bo"),
        ("haiduong.gov.vn/vi/news/tin/Bài-viết-58.html?x=1", "bai-viet-58"),
        ("http://a.vn/tin-t%E1%BB%A9c/", "tin-tuc"),
        ("http://a.vn/", ""),
        ("http://a.vn/Pages/Default.aspx", ""),
        ("http://[/tin-tuc", "tin-tuc"),
    ],
)
def test_the_telling_piece_of_an_address_is_found(url: str, words: str) -> None:
    assert slug_of(url) == words


def test_a_slug_keeps_or_drops_the_letter_that_liferay_drops() -> None:
    assert slug("Lao động – Đạt") == "lao-dong-dat"
    assert slug("Lao động – Đạt", "") == "lao-ong-at"


@pytest.mark.parametrize(
    "url",
    [
        "https://daklak.gov.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong",
        "https://daklak.gov.vn/-/-ak-lak-cong-bo-ieu-chinh-quy-hoach-lao-ong-2",
        "https://daklak.gov.vn/tin/dak-lak-cong-bo-dieu-chinh-quy-hoach-lao-dong-58.html",
        "https://daklak.gov.vn/Đắk-Lắk-công-bố-điều-chỉnh-quy-hoạch-lao-động",
    ],
)
def test_a_slug_of_the_title_is_certain_however_it_was_made(url: str) -> None:
    best = suggest(url, None, [*OTHERS, RIGHT])[0]

    assert (best.candidate, best.score, best.reason) == (RIGHT, 1.0, "slug")


def test_a_cut_off_slug_is_nearly_certain() -> None:
    cut = score("https://daklak.gov.vn/-/-ak-lak-cong-bo-ieu-chinh", None, RIGHT)

    assert cut.score == 0.95


def test_a_title_decides_where_the_address_says_nothing() -> None:
    found = suggest("http://a.vn/chi-tiet.aspx?ItemID=7", TITLE.upper(), [*OTHERS, RIGHT], limit=2)

    assert [(s.candidate.id, s.reason) for s in found] == [("1", "title"), ("3", "title")]
    assert found[0].score == 1.0 > found[1].score


def test_nothing_in_common_is_no_suggestion() -> None:
    assert suggest("http://a.vn/lien-he", None, OTHERS) == []
    assert suggest("http://a.vn/", None, OTHERS) == []


@given(st.text(), st.text(), st.text(), st.text())
def test_a_score_is_between_nothing_and_certain(url: str, old: str, title: str, words: str) -> None:
    assert 0 <= score(url, old, Candidate("1", title, words)).score <= 1
