"""What an editor should know about rules: doubled, never reached, run out, or due for a review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from redirects.finding import Finding
from redirects.patterns import Patterns, sample_address
from redirects.rule import Rule


def lint_rules(usable: Sequence[Rule], every: Iterable[Rule], today: date | None) -> list[Finding]:
    """Find rules that say nothing new, and those whose time has come.

    `usable` are the rules that can be served, `every` also those that are switched off.
    """
    findings = _doubled_and_hidden(usable)
    if today is not None:
        findings += _timely(every, today)
    return findings


def _doubled_and_hidden(rules: Sequence[Rule]) -> list[Finding]:
    findings: list[Finding] = []
    groups: dict[tuple[str, str], list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.order, rule.name)):
        groups.setdefault((rule.site, rule.place), []).append(rule)
    for group in groups.values():
        findings += _of_one_place(group)
    return findings


def _of_one_place(rules: Sequence[Rule]) -> list[Finding]:
    """Find, among rules tried one after another, those an earlier one always answers first.

    A rule is judged by a sample of what it matches, so a warning is a hint, not a proof.
    """
    findings = []
    patterns = Patterns((rule.name, rule.pattern) for rule in rules)
    for number, rule in enumerate(rules):
        sample = sample_address(rule.pattern)
        if sample is None:
            continue
        for other in patterns.matching(sample):
            earlier = rules[other]
            if other >= number or earlier.has_dates:
                continue
            if earlier.pattern == rule.pattern:
                message = f"Trùng mẫu với quy tắc “{earlier.name}” được thử trước."
                findings.append(Finding("warning", "duplicate-rule", message, rule.name))
            else:
                message = f"Quy tắc “{earlier.name}” được thử trước và nhận hết các địa chỉ này."
                findings.append(Finding("warning", "shadowed-rule", message, rule.name))
            break
    return findings


def _timely(rules: Iterable[Rule], today: date) -> list[Finding]:
    findings = []
    for rule in rules:
        if rule.valid_until is not None and rule.valid_until < today:
            message = f"Quy tắc đã hết hạn từ ngày {rule.valid_until:%d/%m/%Y}."
            findings.append(Finding("warning", "expired-rule", message, rule.name))
        if rule.review_on is not None and rule.review_on <= today:
            whose = f" ({rule.owner})" if rule.owner else ""
            message = f"Quy tắc đến hạn xem lại ngày {rule.review_on:%d/%m/%Y}{whose}."
            findings.append(Finding("warning", "review-due", message, rule.name))
    return findings
