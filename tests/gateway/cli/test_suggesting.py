"""`hopnhat redirects suggest`: looking, and accepting what is sure in one batch."""

from __future__ import annotations

import json

import pytest

from catalogue.decisions import undo
from catalogue.mappings import Mappings
from catalogue.misses import MissCount, Misses
from gateway.cli.workplace import Workplace
from redirects.mapping import CanonicalUrl
from tests.gateway.cli.conftest import Operator
from tests.gateway.cli.test_verbs import NOW, accept_all

SURE = CanonicalUrl("gialoc.haiduong.gov.vn/-/khanh-thanh-cau-ham-rong-bac-qua-song-sat")
UNSURE = CanonicalUrl("gialoc.haiduong.gov.vn/-/lich-tiem-phong-gia-cam")


@pytest.fixture
def missed(crawled: Operator) -> Operator:
    """A crawled, accepted catalogue with two misses: a sure one and one that is not."""
    accept_all(crawled)
    with Workplace(crawled.settings).database() as database, database.writing() as connection:
        counts = [
            MissCount("gialoc", key, f"http://{key}", 7, NOW.date()) for key in (SURE, UNSURE)
        ]
        Misses(connection).add(counts)
    return crawled


def targets(operator: Operator) -> dict[CanonicalUrl, str | None]:
    with Workplace(operator.settings).database() as database, database.reading() as connection:
        stored = {key: Mappings(connection).find(key) for key in (SURE, UNSURE)}
        return {key: one.mapping.target for key, one in stored.items() if one is not None}


def test_looking_changes_nothing_and_says_score_and_reason(missed: Operator) -> None:
    table = missed.types("redirects", "suggest")
    listed = json.loads(missed.types("redirects", "suggest", "--json", "--site", "gialoc").stdout)

    assert "slug" in table.stdout
    best = listed[0]["suggestions"][0]
    assert best["score"] >= 0.95
    assert best["reasons"] == ["slug"]
    assert best["path"].endswith(best["target"].removeprefix("doc:"))
    assert listed[1]["suggestions"][0]["score"] < 0.95
    assert targets(missed) == {}


def test_a_dry_run_names_what_would_be_accepted(missed: Operator) -> None:
    result = missed.types("redirects", "suggest", "--accept-above", "0.95", "--dry-run")

    assert result.exit_code == 0, result.output
    assert "1 of 2 undecided addresses are at 0.95 or above" in result.stdout
    assert targets(missed) == {}


def test_what_is_sure_is_accepted_in_one_batch_that_can_be_undone(missed: Operator) -> None:
    result = missed.types("redirects", "suggest", "--accept-above", "0.95")
    assert result.exit_code == 0, result.output
    assert set(targets(missed)) == {SURE}

    batch = result.stdout.split("batch ")[1].split(":")[0]
    with Workplace(missed.settings).database() as database, database.writing() as connection:
        undo(connection, batch, editor="bientap", now=NOW)
    assert targets(missed) == {}

    said = missed.types("redirects", "suggest", "--accept-above", "0.95", "--json")
    assert [one["key"] for one in json.loads(said.stdout)] == [SURE]
    again = missed.types("redirects", "suggest", "--accept-above", "0.95")
    assert "0 of 1 undecided" in again.stdout


def test_below_the_limit_of_the_settings_nothing_is_accepted(missed: Operator) -> None:
    refused = missed.types("redirects", "suggest", "--accept-above", "0.5")
    assert refused.exit_code == 2
    assert targets(missed) == {}

    missed.append("\n[suggest]\naccept_above = 0.5\n")
    assert missed.types("redirects", "suggest", "--accept-above", "0.5").exit_code == 0
    assert set(targets(missed)) == {SURE, UNSURE}
