"""What a visitor types becomes a plan; an engine's syntax means nothing here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.search.query import MAX_LENGTH, MAX_TERMS, Query, parse_query


def test_words_without_marks_ask_for_no_exact_spelling() -> None:
    plan = parse_query("cap giay phep")
    assert plan.words.folded == ("cap", "giay", "phep")
    assert plan.folded_bigrams == ("cap_giay", "giay_phep")
    assert plan.exact_bigrams == ()
    assert not plan.words.marked


def test_words_with_marks_ask_for_both_spellings() -> None:
    plan = parse_query("giấy phép")
    assert plan.words.marked
    assert plan.folded_bigrams == ("giay_phep",)
    assert len(plan.exact_bigrams) == 1


@pytest.mark.parametrize("quotes", ['"{}"', "“{}”"])
def test_quotes_make_a_phrase(quotes: str) -> None:
    plan = parse_query("xã " + quotes.format("Gia Lộc"))
    assert [phrase.folded for phrase in plan.phrases] == [("gia", "loc")]
    assert plan.words.folded == ("xa", "gia", "loc")


def test_a_minus_leaves_a_word_or_a_phrase_out() -> None:
    plan = parse_query('đất -"thu hồi" -rừng đai')
    assert [words.folded for words in plan.excluded] == [("thu", "hoi"), ("rung",)]
    assert plan.words.folded == ("dat", "dai")
    assert plan.folded_bigrams == ()  # the words did not stand side by side


def test_a_dash_inside_a_word_leaves_nothing_out() -> None:
    assert parse_query("Bà Rịa - Vũng Tàu").excluded == ()
    assert parse_query("QĐ-UBND").excluded == ()


def test_a_document_number_is_kept_whole_beside_its_parts() -> None:
    plan = parse_query("số 687/BKHCN-CĐSQG")
    assert plan.numbers == ("687/bkhcn-cdsqg",)
    assert plan.words.folded == ("so", "687", "bkhcn", "cdsqg")


def test_a_long_text_is_cut_and_said_so() -> None:
    plan = parse_query("giấy phép " * 1_000)
    assert plan.truncated
    assert len(plan.words.folded) <= MAX_TERMS
    assert parse_query("x" * (MAX_LENGTH + 1)).truncated
    assert not parse_query("giấy phép").truncated


@pytest.mark.parametrize("text", ["", "   ", '""', "-", "!?*", "-rừng"])
def test_a_text_without_words_asks_for_nothing(text: str) -> None:
    assert parse_query(text).asks_for_nothing


@given(st.text(max_size=2_000))
def test_any_text_is_a_bounded_plan(text: str) -> None:
    plan = parse_query(text)
    words = len(plan.words.folded) + sum(len(words.folded) for words in plan.excluded)
    assert words <= MAX_TERMS


@pytest.mark.parametrize("page", [{"offset": -1}, {"offset": 10_001}, {"limit": 0}, {"limit": 101}])
def test_a_page_out_of_bounds_is_refused(page: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="is not between"):
        Query(**page)  # type: ignore[arg-type]  # only the two integers are given
