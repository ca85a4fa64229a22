"""The form of a rule: what an editor typed, and what is wrong with it, field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.console.form import Form
from gateway.i18n import _
from redirects.mapping import MappingKind
from redirects.patterns import PatternError, expand, sample_captures
from redirects.rule import Rule, RulePlace
from redirects.site import Portal
from redirects.sites import Sites
from redirects.targets import SAME_AS, TargetError, check_same, check_target, fault_message
from redirects.trying import ExampleError, check_examples, normal_addition, read_example

KINDS = tuple(
    kind for kind in MappingKind if kind not in (MappingKind.SPLIT, MappingKind.UNRESOLVED)
)
LONGEST_NAME = 64
MOST_EXAMPLES = 50
_REDIRECTS = (MappingKind.MOVED, MappingKind.TEMPORARY)


@dataclass(frozen=True, slots=True)
class RuleDraft:
    """A rule as it was typed; texts stay as they are until they are judged."""

    name: str = ""
    site: str = ""
    pattern: str = ""
    kind: MappingKind = MappingKind.MOVED
    target: str = ""
    place: RulePlace = RulePlace.PATTERN
    order: str = "100"
    reason: str = ""
    owner: str = ""
    passes_query: bool = False
    add: str = ""
    valid_from: str = ""
    valid_until: str = ""
    review_on: str = ""
    is_enabled: bool = True
    examples: str = ""


@dataclass(frozen=True, slots=True)
class RuleJudgement:
    """The rule, or the problems by field; each is a text for gettext and what it speaks of."""

    rule: Rule | None = None
    problems: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def draft_in(form: Form) -> RuleDraft:
    """Read what was posted; a choice nobody knows is the first one."""
    kinds = {kind.value: kind for kind in KINDS}
    places = {place.value: place for place in RulePlace}
    return RuleDraft(
        name=form.one("ten"),
        site=form.one("cong"),
        pattern=form.one("mau"),
        kind=kinds.get(form.one("loai"), MappingKind.MOVED),
        target=form.one("dich"),
        place=places.get(form.one("cho"), RulePlace.PATTERN),
        order=form.one("thu-tu"),
        reason=form.one("ly-do"),
        owner=form.one("phu-trach"),
        passes_query=form.one("truy-van") == "pass",
        add=form.one("them"),
        valid_from=form.one("tu"),
        valid_until=form.one("den"),
        review_on=form.one("xem-lai"),
        is_enabled=form.one("dung") == "1",
        examples=form.one("vi-du"),
    )


def draft_of(rule: Rule) -> RuleDraft:
    """Write a rule as its form shows it."""
    return RuleDraft(
        name=rule.name,
        site=rule.site,
        pattern=rule.pattern,
        kind=rule.kind,
        target=rule.target or "",
        place=rule.place,
        order=str(rule.order),
        reason=rule.reason or "",
        owner=rule.owner or "",
        passes_query=rule.query == "pass",
        add=rule.add,
        valid_from=_written(rule.valid_from),
        valid_until=_written(rule.valid_until),
        review_on=_written(rule.review_on),
        is_enabled=rule.is_enabled,
        examples="\n".join(f"{one.address} -> {one.expected}" for one in rule.examples),
    )


def judge_rule(draft: RuleDraft, sites: Sites, portal: Portal) -> RuleJudgement:
    """Make a rule of a draft, or say beside each field what is wrong with it."""
    site = sites.named(draft.site)
    problems = _of_single_fields(draft)
    if site is None:
        problems["cong"] = (_("Hãy chọn cổng cũ."), "")
    days = {name: _day(text) for name, text in _days(draft).items()}
    lines = [line for line in draft.examples.splitlines() if line.strip()]
    if len(lines) > MOST_EXAMPLES:
        problems["vi-du"] = (_("Nhiều nhất 50 ví dụ."), "")
    problems |= _of_pattern_and_target(draft, portal)
    if draft.kind is MappingKind.GONE and not draft.reason:
        problems["ly-do"] = (_("Hãy cho người dân biết vì sao nội dung không còn."), "")
    if draft.kind is MappingKind.KEEP and site is not None and site.old_server is None:
        problems["loai"] = (_("Cổng cũ này không có máy chủ cũ (old_server) trong thiết lập."), "")
    if problems or site is None:
        return RuleJudgement(problems=problems)
    rule = Rule(
        name=draft.name,
        site=site.name,
        pattern=draft.pattern,
        kind=draft.kind,
        target=draft.target if draft.kind in _REDIRECTS else None,
        place=draft.place,
        reason=draft.reason or None,
        order=int(draft.order),
        owner=draft.owner or None,
        query="pass" if draft.passes_query else "drop",
        add=normal_addition(draft.add),
        valid_from=days["tu"],
        valid_until=days["den"],
        review_on=days["xem-lai"],
        is_enabled=draft.is_enabled,
        examples=tuple(read_example(line) for line in lines),
    )
    try:
        check_examples(rule, site)
    except ExampleError as error:
        found = f"{error.example.address} → {error.found}"
        return RuleJudgement(problems={"vi-du": (_("Ví dụ cho kết quả khác:"), found)})
    return RuleJudgement(rule=rule)


def _of_single_fields(draft: RuleDraft) -> dict[str, tuple[str, str]]:
    problems = {}
    if not draft.name or len(draft.name) > LONGEST_NAME:
        problems["ten"] = (_("Hãy đặt tên, nhiều nhất 64 ký tự."), "")
    if not (draft.order.isascii() and draft.order.isdigit() and len(draft.order) < 6):  # noqa: PLR2004 - more is a slip
        problems["thu-tu"] = (_("Thứ tự là một số nguyên từ 0 đến 99999."), "")
    for name, text in _days(draft).items():
        if text and _day(text) is None:
            problems[name] = (_("Cần một ngày có thật."), text)
    return problems


def _of_pattern_and_target(draft: RuleDraft, portal: Portal) -> dict[str, tuple[str, str]]:
    try:
        captures = sample_captures(draft.name, draft.pattern)
    except PatternError as error:
        return {"mau": (_("Mẫu không dùng được:"), error.told)}
    if draft.kind not in _REDIRECTS:
        return {}
    try:
        if draft.target.startswith(SAME_AS):
            check_same(draft.target)
        else:
            check_target(expand(draft.target, captures), portal)
    except TargetError as error:
        return {"dich": (fault_message(error), "")}
    return {}


def _days(draft: RuleDraft) -> dict[str, str]:
    return {"tu": draft.valid_from, "den": draft.valid_until, "xem-lai": draft.review_on}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _written(day: date | None) -> str:
    return day.isoformat() if day else ""
