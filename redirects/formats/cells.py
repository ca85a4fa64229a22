"""Cells of a table: what a spreadsheet must not run, and several targets in one."""

from __future__ import annotations

import re

from redirects.mapping import SplitTarget

# A spreadsheet runs a cell that starts like this; an apostrophe in front makes it text (OWASP).
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_PIECE = re.compile(r"(?:\\.|[^|\\])+", re.DOTALL)
_LABEL = re.compile(r"((?:\\.|[^=\\])*)=(.*)", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SPECIAL_IN_LABEL = re.compile(r"[\\|=]")
_SPECIAL_IN_TARGET = re.compile(r"[\\|]")


def guard_cell(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run."""
    return f"'{text}" if _FORMULA.match(text) else text


def bare_cell(text: str) -> str:
    """Undo `guard_cell`, and the blanks around a cell."""
    text = text.strip()
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def write_targets(targets: tuple[SplitTarget, ...]) -> str:
    r"""Write the successors of a split: "label=target | label=target", with \| \= \\ escaped."""
    return " | ".join(
        f"{_SPECIAL_IN_LABEL.sub(_escape, item.label)}="
        f"{_SPECIAL_IN_TARGET.sub(_escape, item.target)}"
        for item in targets
    )


def read_targets(text: str) -> tuple[SplitTarget, ...]:
    """Read what `write_targets` writes; a target without a label is its own label."""
    return tuple(_read_target(piece.strip()) for piece in _PIECE.findall(text) if piece.strip())


def _read_target(piece: str) -> SplitTarget:
    labelled = _LABEL.fullmatch(piece)
    if labelled is None or piece.startswith(("/", "http://", "https://")):
        target = _ESCAPED.sub(r"\1", piece)
        return SplitTarget(target, target)
    label, target = (_ESCAPED.sub(r"\1", part).strip() for part in labelled.groups())
    return SplitTarget(label or target, target)


def _escape(found: re.Match[str]) -> str:
    return f"\\{found[0]}"
