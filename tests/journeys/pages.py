"""A page of a manual, taken apart: its headings, and the blocks that stand under each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(?P<label>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?P<marks>#+) (?P<title>.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between fences; `label` is what stands behind the first."""

    label: str
    text: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it, down to the next heading of any depth."""

    page: str
    title: str
    depth: int
    blocks: tuple[Block, ...]
    is_parent: bool
    """Whether deeper headings follow before the next one of its own depth."""

    def __str__(self) -> str:
        return f"{self.page}: {self.title}"


def read_page(path: Path) -> list[Section]:
    """Read the sections of a page; headings inside blocks are no headings."""
    text = path.read_text(encoding="utf-8")
    fenced = [found.span() for found in _BLOCK.finditer(text)]
    headings = [
        found
        for found in _HEADING.finditer(text)
        if not any(start < found.start() < end for start, end in fenced)
    ]
    ends = [*(found.start() for found in headings[1:]), len(text)]
    depths = [*(len(found["marks"]) for found in headings), 0]
    return [
        Section(
            path.stem,
            found["title"],
            len(found["marks"]),
            tuple(
                Block(one["label"].strip(), one["text"])
                for one in _BLOCK.finditer(text, found.end(), end)
            ),
            is_parent=depths[place + 1] > depths[place],
        )
        for place, (found, end) in enumerate(zip(headings, ends, strict=True))
    ]
