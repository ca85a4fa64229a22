"""The rules: kept in the order they are tried."""

from __future__ import annotations

from dataclasses import replace

from catalogue.database import Database, current_revision
from catalogue.rules import Rules
from redirects.mapping import MappingKind
from redirects.rule import Rule, RulePlace
from tests.catalogue.worlds import World

RULE = Rule("tin", "haiduong", "/tin/*", target="/tin-tuc/:splat")


def test_rules_come_back_in_the_order_they_are_tried(database: Database) -> None:
    gone = Rule(
        name="cu",
        site="haiduong",
        pattern="^/cu/",
        kind=MappingKind.GONE,
        place=RulePlace.BEFORE,
        reason="Đã gỡ",
        order=5,
    )
    with database.writing() as connection:
        World(connection)
        rules = Rules(connection)
        rules.put(RULE)
        rules.put(gone)
        assert rules.all() == [gone, RULE]


def test_the_revision_rises_when_a_rule_changes_and_only_then(database: Database) -> None:
    with database.writing() as connection:
        World(connection)
        rules, start = Rules(connection), current_revision(connection)
        rules.put(RULE)
        rules.put(RULE)
        assert current_revision(connection) == start + 1
        rules.put(replace(RULE, order=7))
        assert (current_revision(connection), len(rules.all())) == (start + 2, 1)
        rules.remove("haiduong", "tin")
        rules.remove("haiduong", "tin")
        assert (current_revision(connection), rules.all()) == (start + 3, [])
