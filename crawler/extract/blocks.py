"""Blocks: the runs of text a reader sees as one piece, in order, with where they stand."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

_BLOCK_LIST = (
    "address article aside blockquote body caption center dd details dialog dir div dl dt "
    "fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 header hr html legend li "
    "main marquee menu nav ol option p pre section summary table tbody td tfoot th thead tr ul"
)
BLOCK_TAGS = frozenset(_BLOCK_LIST.split())
_CELLS = frozenset(("td", "th"))
_MAX_CELL = 300  # characters; a longer cell is layout, not a cell of a table
_SILENT = [
    "script",
    "style",
    "noscript",
    "template",
    "head",
    "select",
    "textarea",
    "button",
    "svg",
    "object",
]
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:left|top|text-indent)\s*:\s*-\d{3,}|font-size\s*:\s*0(?![.\d])"
    r"|(?:height|width)\s*:\s*[01]px[^\"]*overflow\s*:\s*hidden|overflow\s*:\s*hidden[^\"]*(?:height|width)\s*:\s*[01]px",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")


@dataclass(slots=True)
class Block:
    """One run of text: its element, how many of its characters are links, its fold."""

    node: LexborNode
    text: str
    link_chars: int
    path: tuple[int, ...]  # mem_ids from the element up to body
    folded: str = field(init=False)

    def __post_init__(self) -> None:
        """Fold once: it is asked for by template, duplicates and titles."""
        self.folded = fold(self.text)

    @property
    def digest(self) -> int:
        """64 bits of the text as it stands and of its element: a heading is no menu entry."""
        return digest_of(f"{self.node.tag} {self.text}")

    @property
    def has_letters(self) -> bool:
        """Whether there is anything but numbers and signs."""
        return any(letter.isalpha() for letter in self.text)


def fold(text: str) -> str:
    """NFC, lower case, one space, digits folded: what two pages must share to say the same."""
    return _DIGITS.sub("#", " ".join(unicodedata.normalize("NFC", text).lower().split()))


def digest_of(text: str) -> int:
    """Return 64 bits that stand for a text."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def make_quiet(tree: LexborHTMLParser) -> list[str]:
    """Remove what is never read (scripts, choices) and what is hidden; returns hidden texts."""
    tree.strip_tags(_SILENT)
    hidden: list[str] = []
    for node in tree.css("[style], [hidden]"):
        if "hidden" in node.attributes or _HIDDEN.search(node.attributes.get("style") or ""):
            hidden.append(node.text(separator=" "))
            node.decompose()
    return [text for text in hidden if text.strip()]


def blocks_of(tree: LexborHTMLParser) -> list[Block]:
    """Return the blocks of a quiet tree."""
    body = tree.body
    return [] if body is None else list(_Walk(body).blocks())


class _Walk:
    """One pass over the text nodes; owners are looked up once per element."""

    def __init__(self, body: LexborNode) -> None:
        self._body = body
        self._paths: dict[int, tuple[int, ...]] = {}
        self._rows: dict[int, bool] = {}

    def blocks(self) -> Iterator[Block]:
        owner: LexborNode | None = None
        parts: list[str] = []
        link_chars = 0
        breaks = 0
        was_in_link = False
        for node in self._body.traverse(include_text=True):
            if node.tag == "br":
                breaks += 1
                parts.append(" ")
                if breaks == 2 and owner is not None:  # noqa: PLR2004 - two line breaks end a paragraph
                    yield from self._block(owner, parts, link_chars)
                    parts, link_chars = [], 0
                continue
            if node.tag in BLOCK_TAGS:
                parts.append(" ")
                breaks = 0
            if not node.is_text_node:
                if node.tag == "a" and was_in_link:
                    parts.append(" ")  # two links side by side are two words
                continue
            text = node.text_content or ""
            if not text.strip():
                parts.append(" ")
                continue
            breaks = 0
            mine, in_link = self._owner(node)
            if owner is not None and mine.mem_id != owner.mem_id:
                yield from self._block(owner, parts, link_chars)
                parts, link_chars = [], 0
            owner, was_in_link = mine, in_link
            parts.append(text)
            link_chars += len(text.strip()) if in_link else 0
        if owner is not None:
            yield from self._block(owner, parts, link_chars)

    def _block(self, owner: LexborNode, parts: list[str], link_chars: int) -> Iterator[Block]:
        text = " ".join("".join(parts).split())
        if text:
            yield Block(owner, text, link_chars, self._path(owner))

    def _owner(self, node: LexborNode) -> tuple[LexborNode, bool]:
        in_link = False
        current = node.parent
        while current is not None and current.tag not in BLOCK_TAGS:
            in_link = in_link or current.tag == "a"
            current = current.parent
        if current is None:
            return self._body, in_link
        if current.tag in _CELLS and current.parent is not None and self._is_row(current.parent):
            return current.parent, in_link
        return current, in_link

    def _is_row(self, row: LexborNode) -> bool:
        """Whether a table row reads as one line: every cell short, without blocks of its own."""
        known = self._rows.get(row.mem_id)
        if known is None:
            known = all(
                (inner.tag not in BLOCK_TAGS or inner.tag in _CELLS or inner.mem_id == row.mem_id)
                and inner.tag != "br"
                for inner in row.traverse()
            ) and all(len(cell.text()) <= _MAX_CELL for cell in row.iter())
            self._rows[row.mem_id] = known
        return known

    def _path(self, node: LexborNode) -> tuple[int, ...]:
        known = self._paths.get(node.mem_id)
        if known is None:
            ids: list[int] = []
            current: LexborNode | None = node
            while current is not None and current.tag != "html":
                ids.append(current.mem_id)
                current = current.parent
            known = tuple(ids)
            self._paths[node.mem_id] = known
        return known
