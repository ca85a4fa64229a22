"""Dossier codes as receipts print them and people type them."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redirects.dossier import DossierCode, agency_key, read_dossier, with_those_above
from redirects.traffic.personal import without_codes


@pytest.mark.parametrize(
    ("typed", "agency", "received"),
    [
        ("000.00.19.H47-260105-0001", "19.H47", date(2026, 1, 5)),
        ("H57.132-260804-0583", "H57.132", date(2026, 8, 4)),
        (" h57.132 -260804-0583\n", "H57.132", date(2026, 8, 4)),
        ("38.98.H29-210519-0013", "38.98.H29", date(2021, 5, 19)),
        ("000.00.00.H26-240229-123456", "H26", date(2024, 2, 29)),
        ("011.25.19.H47-250630-0007", "011.25.19.H47", date(2025, 6, 30)),
        ("G01.12.3-230101-000001", "G01.12.3", date(2023, 1, 1)),
    ],
)
def test_a_code_says_which_agency_took_the_file_in_and_when(
    typed: str, agency: str, received: date
) -> None:
    text = "".join(typed.split()).upper()
    assert read_dossier(typed) == DossierCode(text, agency, received)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "H57",
        "H57.132",
        "H57.132-260804",
        "H57.132-261304-0583",  # no thirteenth month
        "H57.132-250229-0583",  # 2025 had no 29 February
        "1.2.3.4.H57-260804-0583",
        "H57.132-260804-0583; DROP TABLE",
        "H57.132-260804-05٨3",  # a digit, but not one of ours
        "H57.132-260804-" + "1" * 60,
        "12345678",
    ],
)
def test_what_is_no_code_is_told(typed: str) -> None:
    assert read_dossier(typed) is None


@pytest.mark.parametrize(
    ("agency", "above"),
    [
        ("011.25.19.H47", ["011.25.19.H47", "25.19.H47", "19.H47", "H47"]),
        ("000.00.19.H47", ["19.H47", "H47"]),
        ("H57.132.5", ["H57.132.5", "H57.132", "H57"]),
        ("H47", ["H47"]),
    ],
)
def test_above_an_agency_stand_its_levels_up_to_the_province(agency: str, above: list[str]) -> None:
    assert list(with_those_above(agency_key(agency))) == above


@given(st.from_regex(r"(000\.00\.\d{2}\.)?H[0-6]\d(\.\d{1,3})?-26\d{4}-\d{4}", fullmatch=True))
def test_no_code_that_is_read_is_left_in_what_may_be_shown(text: str) -> None:
    code = read_dossier(text)
    if code is not None:
        assert code.text[-4:] not in without_codes(f"/tra-cuu/{text}".lower()).partition("~")[2]
        assert "~" in without_codes(f"/tra-cuu/{text}".lower())


@given(st.text(max_size=80))
def test_reading_any_text_ends(text: str) -> None:
    code = read_dossier(text)
    assert code is None or list(with_those_above(code.agency))
