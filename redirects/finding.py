"""A finding: one thing wrong with a set of mappings and rules, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing an editor should know.

    An "error" is left out of the snapshot or would mislead visitors; a "warning" works but not as
    meant. `code` is stable ("loop", "foreign-target"…), `message` is for the editor, `where` names
    the mapping's key or the rule.
    """

    level: Level
    code: str
    message: str
    where: str
