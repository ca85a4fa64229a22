"""The mapping form: what an editor typed about one old address, judged before it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.console.form import Form, row_id
from gateway.i18n import _
from redirects.mapping import CanonicalUrl, Mapping, MappingKind, SplitTarget
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.targets import TargetError, TargetFault, check_target, is_reference

SPLIT_ROWS = 4
LONGEST_FIELD = 2_000

_FAULTS = {
    TargetFault.EMPTY: _("Hãy nhập địa chỉ đích."),
    TargetFault.UNREADABLE: _("Đích phải là đường dẫn bắt đầu bằng “/” hoặc địa chỉ http(s)."),
    TargetFault.FOREIGN: _("Đích ở ngoài cổng, trên máy chủ chưa được phép dẫn đến."),
    TargetFault.UNKNOWN: _("Không có trang nào ở đích này."),
}


@dataclass(frozen=True, slots=True)
class Draft:
    """The form as it was typed: shown again when something in it is wrong."""

    address: str = ""
    kind: MappingKind = MappingKind.MOVED
    target: str = ""
    targets: tuple[SplitTarget, ...] = ()
    reason: str = ""
    passes_query: bool = False

    @property
    def rows(self) -> list[SplitTarget]:
        """The successors of a split page, with empty rows to fill in."""
        blank = SplitTarget("", "")
        return [*self.targets, *[blank] * max(1, SPLIT_ROWS - len(self.targets))]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A mapping of a site, or what is wrong with the draft: field to message."""

    mapping: Mapping | None = None
    site: Site | None = None
    problems: dict[str, str] = field(default_factory=dict)


def draft_in(form: Form) -> Draft:
    """Read the form."""
    pairs = zip(form.all("nhan"), form.all("dich-tach"), strict=False)
    rows = tuple(SplitTarget(label.strip(), target.strip()) for label, target in pairs)
    kinds = {kind.value: kind for kind in MappingKind}
    return Draft(
        address=form.one("dia-chi")[:LONGEST_FIELD],
        kind=kinds.get(form.one("loai"), MappingKind.MOVED),
        target=form.one("dich")[:LONGEST_FIELD],
        targets=tuple(row for row in rows if row.label or row.target),
        reason=form.one("ly-do")[:LONGEST_FIELD],
        passes_query=form.one("truy-van") == "pass",
    )


def draft_of(mapping: Mapping) -> Draft:
    """The form filled in with a mapping that is there."""
    return Draft(
        address=mapping.raw,
        kind=mapping.kind,
        target=mapping.target or "",
        targets=mapping.targets,
        reason=mapping.reason or "",
        passes_query=mapping.query == "pass",
    )


def judge(draft: Draft, sites: Sites, portal: Portal) -> Judgement:
    """Return the mapping the draft means, or every problem in it."""
    found = sites.key_of(draft.address) if draft.address else None
    problems = _target_problems(draft, portal)
    if not draft.address:
        problems["dia-chi"] = _("Hãy nhập địa chỉ cũ.")
    elif found is None:
        problems["dia-chi"] = _("Địa chỉ này không thuộc cổng cũ nào.")
    if problems or found is None:
        return Judgement(problems=problems)
    site, key = found
    return Judgement(_mapping(draft, key), site)


def document_in(target: str) -> int | None:
    """The document a reference names, or None."""
    kind, _colon, number = target.partition(":")
    return row_id(number) if is_reference(target) and kind == "doc" else None


def _target_problems(draft: Draft, portal: Portal) -> dict[str, str]:
    match draft.kind:
        case MappingKind.MOVED | MappingKind.TEMPORARY:
            fault = _fault(draft.target, portal)
            return {"dich": fault} if fault else {}
        case MappingKind.SPLIT:
            return _split_problems(draft, portal)
        case MappingKind.GONE:
            return {} if draft.reason else {"ly-do": _("Hãy cho người dân biết vì sao.")}
        case MappingKind.ARCHIVED | MappingKind.KEEP | MappingKind.UNRESOLVED:
            return {}


def _split_problems(draft: Draft, portal: Portal) -> dict[str, str]:
    if len(draft.targets) < 2:  # noqa: PLR2004 - one successor is a move
        return {"tach": _("Trang tách cần ít nhất hai nơi đến.")}
    if not all(row.label for row in draft.targets):
        return {"tach": _("Mỗi nơi đến cần một tên gọi.")}
    faults = [fault for row in draft.targets if (fault := _fault(row.target, portal))]
    return {"tach": faults[0]} if faults else {}


def _fault(target: str, portal: Portal) -> str:
    try:
        check_target(target, portal)
    except TargetError as error:
        return _FAULTS[error.fault]
    return ""


def _mapping(draft: Draft, key: CanonicalUrl) -> Mapping:
    moves = draft.kind in (MappingKind.MOVED, MappingKind.TEMPORARY)
    return Mapping(
        key=key,
        raw=draft.address,
        kind=draft.kind,
        target=draft.target if moves else None,
        targets=draft.targets if draft.kind is MappingKind.SPLIT else (),
        reason=draft.reason or None,
        query="pass" if moves and draft.passes_query else "drop",
    )
