"""Traffic by its verbs: logs in, readiness out, and what a new snapshot would change."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalogue.decisions import decide_mapping, recent, undo
from catalogue.misses import Misses
from catalogue.visits import Visits
from gateway.cli.workplace import Workplace
from gateway.publishing import ground_of, publish
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from tests.gateway.cli.conftest import Operator

MANUAL = Path(__file__).parents[3] / "docs" / "traffic.md"
NOW = datetime(2025, 7, 1, tzinfo=UTC)


def block(name: str) -> str:
    found = re.search(rf"```{name}\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def log(operator: Operator) -> Path:
    assert operator.types("migrate").exit_code == 0
    path = operator.settings.parent / "access.log"
    path.write_text(block("log"), encoding="utf-8")
    return path


def compiled(operator: Operator) -> str:
    place = Workplace(operator.settings)
    with place.database() as database:
        directory = place.settings.snapshot_directory
        return str(publish(database, ground_of(place.settings), directory=directory).path)


def decide(operator: Operator) -> None:
    key = CanonicalUrl("gialoc.haiduong.gov.vn/tin/1")
    mapping = Mapping(key, f"http://{key}", MappingKind.MOVED, "/tin-tuc")
    with Workplace(operator.settings).database() as database, database.writing() as connection:
        decide_mapping(connection, "gialoc", mapping, editor="an", now=NOW)


def test_the_manual_s_log_is_told_as_the_manual_says_and_counts_once(
    operator: Operator, log: Path
) -> None:
    tried = operator.types("traffic", "import", "gialoc", str(log), "--dry-run")
    assert tried.stdout == block("told")
    again = [operator.types("traffic", "import", "gialoc", str(log)) for _ in range(2)]
    assert again[0].stdout == block("told")
    assert "imported before 5" in again[1].stdout

    with Workplace(operator.settings).database() as database, database.reading() as connection:
        assert Visits(connection).total("gialoc") == 3
        assert Misses(connection).total("gialoc") == 3
        keys = " ".join(miss.key for miss in Misses(connection).listing("gialoc"))
    assert "0001" not in keys
    assert "doccode=~" in keys


def test_readiness_is_what_the_resolver_says(operator: Operator, log: Path) -> None:
    operator.types("traffic", "import", "gialoc", str(log))
    decide(operator)
    report = json.loads(operator.types("traffic", "report", "--format", "json").stdout)

    assert [(one["decided_visits"], one["visits"], one["go"]) for one in report] == [(1, 3, False)]
    assert "NO GO" in operator.types("traffic", "report", "gialoc").stdout
    assert "/mat,1" in operator.types("traffic", "report", "--format", "csv").stdout


def test_a_snapshot_s_changes_are_told_by_visits_and_listed_for_caches(
    operator: Operator, log: Path
) -> None:
    before = compiled(operator)
    decide(operator)
    after = compiled(operator)
    told = json.loads(
        operator.types("snapshot", "diff", before, after, "--traffic", str(log), "--json").stdout
    )

    assert (told["addresses"], told["changed"], told["changed_visits"]) == (3, 1, 1)
    assert told["kinds"] == {"unresolved → moved": 1}
    assert (
        "/tin/1" in operator.types("snapshot", "diff", before, after, "--traffic", str(log)).stdout
    )
    purged = operator.types("snapshot", "purge", before, after).stdout.splitlines()
    assert set(purged) == {"http://gialoc.haiduong.gov.vn/tin/1"}
    with Workplace(operator.settings).database() as database, database.writing() as connection:
        undo(connection, recent(connection, 1)[0].id, editor="an", now=NOW)
    taken_back = operator.types("snapshot", "purge", after, compiled(operator)).stdout.splitlines()
    assert taken_back == ["http://gialoc.haiduong.gov.vn/tin/1"], "its row is gone; each once"
    cut = operator.types(
        "snapshot", "diff", before, after, "--traffic", str(log), "--limit", "0"
    ).stdout
    assert "… 1 more" in cut
    listed = json.loads(operator.types("snapshot", "list", "--json").stdout)
    assert len(listed) == 3
    named = operator.types("snapshot", "diff", listed[1]["id"][:8], str(listed[0]["revision"]))
    assert named.stdout.startswith("0 of 0")
    assert listed[0]["id"] in operator.types("snapshot", "list").stdout


def test_a_cache_is_told_of_names_and_never_of_patterns(operator: Operator, log: Path) -> None:
    text = operator.settings.read_text(encoding="utf-8")
    aliases = 'unit = "297"\naliases = ["gialoc.vn", "*.gialoc.haiduong.gov.vn"]'
    operator.settings.write_text(text.replace('unit = "297"', aliases), encoding="utf-8")
    before = compiled(operator)
    decide(operator)
    after = Path(compiled(operator))
    after.with_name(after.name.replace(after.stem, "0" * len(after.stem))).write_bytes(b"hong")
    purged = operator.types("snapshot", "purge", before, after.name)

    assert set(purged.stdout.splitlines()) == {
        "http://gialoc.haiduong.gov.vn/tin/1",
        "http://gialoc.vn/tin/1",
    }
