"""What an import would do to each address: its rows judged by each other and by what stands.

Pure. Of two rows that disagree about one address the first stands, as in every web server's list.
What an editor has decided is kept unless whoever imports says otherwise; what an earlier import or
the crawler only suggested is replaced.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from catalogue.mappings import StoredMapping
from redirects.mapping import CanonicalUrl
from redirects.mapping import Mapping as Decided
from redirects.rule import Rule


class Verdict(StrEnum):
    """What becomes of a row."""

    NEW = "new"  # nothing is known about its address
    CHANGED = "changed"  # takes the place of a suggestion or of an earlier import
    SAME = "same"  # says what stands already, or what an earlier row says
    CONFLICT = "conflict"  # disagrees with an earlier row, or with an editor's standing decision


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a file: which file, which line, whose address, and the decision."""

    file: str
    line: int
    site: str
    mapping: Decided


@dataclass(frozen=True, slots=True)
class Conflict:
    """A row that disagrees: with an earlier row, or with what an editor decided.

    `taken` says whether it is imported all the same.
    """

    row: Row
    earlier: Row | None
    standing: StoredMapping | None
    taken: bool


@dataclass(frozen=True, slots=True)
class RuleConflict:
    """A rule that would change one of the same name that is in use."""

    rule: Rule
    standing: Rule
    taken: bool


@dataclass(slots=True)
class Judgement:
    """All verdicts: how many of each, what is to be written, and every conflict."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    conflicts: list[Conflict] = field(default_factory=list)
    taken: list[tuple[str, Decided]] = field(default_factory=list)
    rule_counts: Counter[Verdict] = field(default_factory=Counter)
    rule_conflicts: list[RuleConflict] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)


def judge(
    rows: Iterable[Row],
    rules: Iterable[Rule],
    *,
    standing: Mapping[CanonicalUrl, StoredMapping],
    standing_rules: Sequence[Rule],
    overwrite: bool,
) -> Judgement:
    """Judge every row and rule; `overwrite` takes them over what editors decided."""
    judgement = Judgement()
    _judge_rows(judgement, rows, standing, overwrite=overwrite)
    _judge_rules(judgement, rules, standing_rules, overwrite=overwrite)
    return judgement


def part_by_case(
    rows: Sequence[Row],
    standing: Mapping[CanonicalUrl, StoredMapping],
    exact_key_of: Callable[[str], CanonicalUrl | None],
) -> list[Row]:
    """Give rows that disagree about one key, but were written in another case, keys of their own.

    The folded key stays with what stands, else with the row in lower case, else with the first.
    """
    anchors: dict[CanonicalUrl, Decided] = {
        key: one.mapping for key, one in standing.items() if one.state == "active"
    }
    disputed: set[CanonicalUrl] = set()
    for row in rows:
        key = row.mapping.key
        if not agree(anchors.setdefault(key, row.mapping), row.mapping):
            disputed.add(key)
    if not disputed:
        return list(rows)
    for row in reversed(rows):
        key = row.mapping.key
        if key in disputed and key not in standing and exact_key_of(row.mapping.raw) == key:
            anchors[key] = row.mapping
    return [_parted(row, anchors, disputed, exact_key_of) for row in rows]


def _parted(
    row: Row,
    anchors: Mapping[CanonicalUrl, Decided],
    disputed: set[CanonicalUrl],
    exact_key_of: Callable[[str], CanonicalUrl | None],
) -> Row:
    key = row.mapping.key
    if key not in disputed or agree(anchors[key], row.mapping):
        return row
    exact = exact_key_of(row.mapping.raw)
    if exact in (None, key, exact_key_of(anchors[key].raw)):
        return row
    return replace(row, mapping=replace(row.mapping, key=exact))


def _judge_rows(
    judgement: Judgement,
    rows: Iterable[Row],
    standing: Mapping[CanonicalUrl, StoredMapping],
    *,
    overwrite: bool,
) -> None:
    first: dict[CanonicalUrl, Row] = {}
    for row in rows:
        key = row.mapping.key
        earlier = first.setdefault(key, row)
        if earlier is not row:
            if agree(earlier.mapping, row.mapping):
                judgement.counts[Verdict.SAME] += 1
            else:
                judgement.counts[Verdict.CONFLICT] += 1
                judgement.conflicts.append(Conflict(row, earlier, None, taken=False))
            continue
        stored = standing.get(key)
        verdict = _against(row.mapping, stored)
        judgement.counts[verdict] += 1
        if verdict is Verdict.CONFLICT:
            judgement.conflicts.append(Conflict(row, None, stored, taken=overwrite))
        if verdict is not Verdict.SAME and (verdict is not Verdict.CONFLICT or overwrite):
            judgement.taken.append((row.site, row.mapping))


def _against(mapping: Decided, stored: StoredMapping | None) -> Verdict:
    if stored is None:
        return Verdict.NEW
    if stored.state != "active":
        return Verdict.CHANGED  # a suggestion nobody has confirmed, or one that was refused
    if agree(stored.mapping, mapping):
        return Verdict.SAME
    return Verdict.CHANGED if stored.source == "import" else Verdict.CONFLICT


def agree(one: Decided, other: Decided) -> bool:
    """Tell whether two mappings of one address decide the same, however it was spelled."""
    return replace(one, raw=other.raw) == other


def _judge_rules(
    judgement: Judgement, rules: Iterable[Rule], standing: Sequence[Rule], *, overwrite: bool
) -> None:
    known = {(rule.site, rule.name): rule for rule in standing}
    for rule in rules:
        name = (rule.site, rule.name)
        stored = known.get(name)
        if stored is None:
            judgement.rule_counts[Verdict.NEW] += 1
            judgement.rules.append(rule)
            known[name] = rule
        elif _leads(stored) == _leads(rule):
            judgement.rule_counts[Verdict.SAME] += 1
        else:
            in_file = any(stored is one for one in judgement.rules)
            taken = overwrite and not in_file
            judgement.rule_counts[Verdict.CONFLICT] += 1
            judgement.rule_conflicts.append(RuleConflict(rule, stored, taken=taken))
            if taken:
                judgement.rules.append(rule)


def _leads(rule: Rule) -> tuple[object, ...]:
    return rule.pattern, rule.kind, rule.target, rule.query, rule.add
