"""What every search engine promises: one suite, run against each of them."""

from __future__ import annotations

import datetime as dt
import unicodedata
from typing import TYPE_CHECKING

import pytest

from catalogue.search.analysis import fold
from catalogue.search.engine import Entry, SearchEngine, SearchUnavailable
from catalogue.search.engines import open_index
from catalogue.search.query import Query
from tests.engines.reference_search import ReferenceEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRIES = (
    Entry(
        1,
        "Thủ tục cấp giấy phép xây dựng nhà ở riêng lẻ",
        "Hồ sơ nộp tại Bộ phận Một cửa. Mã thủ tục 1.013542. Lệ phí theo quy định.",
        "/thu-tuc/1",
        "haiduong",
        site_title="Cổng thông tin điện tử tỉnh Hải Dương",
        section="thu-tuc",
        kind="procedure",
        unit_codes=("30", "31"),
        published_on=dt.date(2023, 5, 4),
    ),
    Entry(
        2,
        "Quyết định ban hành quy chế làm việc của Ủy ban nhân dân huyện Gia Lộc",
        "Căn cứ Luật Tổ chức chính quyền địa phương; xét đề nghị của Chánh Văn phòng.",
        "/van-ban/2",
        "gialoc",
        number="12/2024/QĐ-UBND",
        section="van-ban",
        kind="legal",
        unit_codes=("297",),
        published_on=dt.date(2024, 3, 15),
        has_attachment=True,
    ),
    Entry(
        3,
        "Lễ hội đền Quát năm 2024",
        "Lễ hội truyền thống tại xã Yết Kiêu, huyện Gia Lộc, thu hút đông đảo nhân dân.",
        "/tin/3",
        "gialoc",
        section="tin-tuc",
        kind="news",
        unit_codes=("297",),
        published_on=dt.date(2024, 10, 2),
    ),
    Entry(
        4,
        "Hòa Bình: hội nghị về khoẻ mạnh học đường",
        "Thuý và Thúy cùng nói về Đắk Lắk; kỹ thuật mới ở Mĩ.",
        "/tin/4",
        "haiphong",
        section="tin-tuc",
        kind="news",
        unit_codes=("31",),
    ),
    Entry(
        5,
        "Kế hoạch phòng, chống lụt bão",
        "Ứng phó bão số 3; công văn 687/BKHCN-CĐSQG về dữ liệu. Xây dựng phương án.",
        "/van-ban/5",
        "haiphong",
        section="van-ban",
        kind="legal",
        published_on=dt.date(2024, 3, 15),
    ),
)


@pytest.fixture(params=["reference", "whoosh", "tantivy"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    engine: SearchEngine = (
        ReferenceEngine()
        if request.param == "reference"
        else open_index(request.param, tmp_path / "index")
    )
    yield engine
    engine.close()


@pytest.fixture
def engine(empty: SearchEngine) -> SearchEngine:
    empty.apply(ENTRIES)
    return empty


def found(engine: SearchEngine, text: str, **filters: object) -> list[int]:
    hits = engine.search(Query(text, **filters))  # type: ignore[arg-type]  # the test's own names
    return [hit.document_id for hit in hits.hits]


def test_an_empty_index_answers_with_nothing(empty: SearchEngine) -> None:
    hits = empty.search(Query("giấy phép"))
    assert (hits.hits, hits.total) == ((), 0)
    assert hits.facets == {"site": {}, "section": {}, "unit": {}, "kind": {}, "year": {}}
    assert empty.suggest("giấy", 5) == []
    assert (empty.count(), empty.document_ids(), empty.health().ok) == (0, set(), True)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("giấy phép xây dựng", 1),
        ("đền Quát", 3),
        ("quy chế làm việc", 2),
        ("lụt bão", 5),
        ("hoà bình", 4),
        ("dak lak", 4),
        ("kĩ thuật", 4),
        ("mỹ", 4),
    ],
)
def test_any_way_of_typing_finds_the_same_first(
    engine: SearchEngine, text: str, first: int
) -> None:
    spellings = {text, text.upper(), fold(text), unicodedata.normalize("NFD", text), f"  {text}? "}
    for spelling in spellings:
        assert found(engine, spelling)[:1] == [first], spelling


@pytest.mark.parametrize(
    ("number", "first"),
    [
        ("12/2024/QĐ-UBND", 2),
        ("12/2024/qd-ubnd", 2),
        ("687/BKHCN-CĐSQG", 5),
        ("687 BKHCN CĐSQG", 5),
        ("687/bkhcn-cdsqg", 5),
        ("số 687", 5),
        ("1.013542", 1),
        ("1.013542.000.00.00.H30", 1),
    ],
)
def test_a_document_number_is_found_first(engine: SearchEngine, number: str, first: int) -> None:
    assert found(engine, number)[0] == first


def test_all_words_are_asked_for_before_some_of_them(engine: SearchEngine) -> None:
    strict = engine.search(Query("huyện Gia Lộc"))
    assert ({hit.document_id for hit in strict.hits}, strict.loosened) == ({2, 3}, False)
    loose = engine.search(Query("giấy phép Gia Lộc"))
    assert loose.loosened
    assert {1, 2, 3} <= {hit.document_id for hit in loose.hits}


def test_a_phrase_must_stand_as_it_is(engine: SearchEngine) -> None:
    assert set(found(engine, "xây dựng")) == {1, 5}
    assert found(engine, '"giấy phép xây dựng"') == [1]
    assert found(engine, '"xây giấy"') == []
    assert found(engine, '"hòa bình"') == [4]
    assert found(engine, '"hoa binh"') == [4]


def test_a_minus_leaves_entries_out(engine: SearchEngine) -> None:
    assert found(engine, "xây dựng -bão") == [1]
    assert found(engine, 'Gia Lộc -"lễ hội"') == [2]
    assert set(found(engine, "-bão")) == {1, 2, 3, 4}


def test_filters_narrow_and_facets_count_what_is_left(engine: SearchEngine) -> None:
    hits = engine.search(Query(site="gialoc"))
    assert hits.total == 2
    assert hits.facets == {
        "site": {"gialoc": 2},
        "section": {"tin-tuc": 1, "van-ban": 1},
        "unit": {"297": 2},
        "kind": {"legal": 1, "news": 1},
        "year": {"2024": 2},
    }
    assert found(engine, "", year=2023) == [1]
    assert found(engine, "", unit="31", kind="news") == [4]
    assert found(engine, "xây dựng", section="van-ban") == [5]
    assert found(engine, "xây dựng", section="nothing") == []


def test_facets_count_every_match_not_only_the_page(engine: SearchEngine) -> None:
    hits = engine.search(Query(limit=1))
    assert (len(hits.hits), hits.total) == (1, 5)
    assert hits.facets["site"] == {"gialoc": 2, "haiphong": 2, "haiduong": 1}


def test_by_date_the_newest_is_first_and_the_undated_last(engine: SearchEngine) -> None:
    assert found(engine, "") == [3, 2, 5, 1, 4]
    assert found(engine, "xây dựng", sort="date") == [5, 1]


def test_pages_follow_each_other(engine: SearchEngine) -> None:
    pages = [found(engine, "", offset=offset, limit=2) for offset in (0, 2, 4, 6)]
    assert pages == [[3, 2], [5, 1], [4], []]


def test_a_hit_is_ready_to_print(engine: SearchEngine) -> None:
    (hit,) = engine.search(Query("quy che lam viec")).hits
    assert (hit.url, hit.site, hit.section, hit.kind) == (
        "/van-ban/2",
        "gialoc",
        "van-ban",
        "legal",
    )
    assert (hit.published_on, hit.has_attachment) == (dt.date(2024, 3, 15), True)
    assert [part.text for part in hit.title_segments if part.is_match] == ["quy chế làm việc"]
    assert hit.score > 0


def test_a_snippet_is_the_original_text_with_its_matches(engine: SearchEngine) -> None:
    hit = engine.search(Query("yet kieu")).hits[0]
    assert "".join(part.text for part in hit.snippet) == ENTRIES[2].body
    assert [part.text for part in hit.snippet if part.is_match] == ["Yết Kiêu"]


def test_a_replaced_entry_is_found_by_its_new_words_only(engine: SearchEngine) -> None:
    engine.apply([Entry(5, "Chợ nổi Cái Răng", "", "/x", "haiphong")])
    assert found(engine, "chợ nổi") == [5]
    assert found(engine, "lụt bão") == []
    assert engine.count() == 5


def test_a_removed_entry_is_gone_everywhere(engine: SearchEngine) -> None:
    engine.apply([], removed=[3, 999])
    assert found(engine, "đền Quát") == []
    assert engine.suggest("lễ hội", 5) == []
    assert engine.document_ids() == {1, 2, 4, 5}
    assert engine.search(Query()).facets["site"]["gialoc"] == 1


def test_an_id_given_twice_is_refused_and_changes_nothing(engine: SearchEngine) -> None:
    with pytest.raises(ValueError, match="document 7 is given twice"):
        engine.apply([Entry(7, "a", "", "/a", "s"), Entry(7, "b", "", "/b", "s")], removed=[1])
    assert engine.document_ids() == {1, 2, 3, 4, 5}


def test_suggestions_are_titles_by_beginning_then_by_later_words(engine: SearchEngine) -> None:
    assert engine.suggest("le h", 5) == ["Lễ hội đền Quát năm 2024"]
    assert engine.suggest("Giấy ph", 5) == ["Thủ tục cấp giấy phép xây dựng nhà ở riêng lẻ"]
    assert engine.suggest("qu", 1) == [ENTRIES[1].title]
    assert engine.suggest("", 5) == []
    assert engine.suggest("zzz", 5) == []


def test_a_long_query_is_cut_and_says_so(engine: SearchEngine) -> None:
    hits = engine.search(Query("giấy phép " * 1_000))
    assert hits.truncated
    assert hits.hits[0].document_id == 1


@pytest.mark.parametrize(
    "text",
    [
        *('"', '""', '"""', "-", "--", "-- -", "*", "?", "a*", "~", "a~2", "a^9", "(", "(()", ")", "[a TO"),
        *("[a TO z]", "title:x", "AND", "OR NOT", "a AND", "NOT a", "+a", "&&", "||", "\\", "\\u0000"),
        *("\x00", "\ud800", "\u202e", "\u0301", "%00", "'; DROP TABLE", "<script>", "{{7*7}}", "$ne"),
        *("🙂", "a" * 10_000, "ằ" * 5_000, "\u0301" * 5_000, " " * 10_000, '-"', '"-a', "-" * 3_000),
        *("1/" * 5_000, "1.013542" * 900, "١٢٣", "ﬁ", "İ", "ß", "ǅ", "가", "กำ", "क्षि", "x_y"),
    ],
)  # fmt: skip
def test_no_string_breaks_a_search_or_a_suggestion(engine: SearchEngine, text: str) -> None:
    assert engine.search(Query(text)).total >= 0
    assert len(engine.suggest(text, 5)) <= 5


def test_a_closed_index_says_so(engine: SearchEngine) -> None:
    engine.close()
    engine.close()
    assert not engine.health().ok
    for act in (engine.count, engine.document_ids, lambda: engine.search(Query("a"))):
        with pytest.raises(SearchUnavailable, match="closed"):
            act()
    with pytest.raises(SearchUnavailable, match="closed"):
        engine.apply([])
