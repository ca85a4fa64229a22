"""Snippets and highlights cut from the original text, at exact offsets, as segments, never markup.

Engines highlight their own tokens and get folded Vietnamese wrong; we know where each token stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogue.search.analysis import Token, find_numbers, tokenize
from catalogue.search.engine import Segment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalogue.search.query import Plan

SNIPPET_LENGTH = 240
SEARCHED_LENGTH = 50_000
"""A snippet is looked for in this much of a text, so that one long document stays cheap."""

_LEAD = 60
_SENTENCE_ENDS = ".!?\n;"


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring tokens that were searched for, as one stretch of text."""

    start: int
    end: int
    words: tuple[str, ...]


def highlight(text: str, plan: Plan) -> tuple[Segment, ...]:
    """Mark in a whole text, such as a title, what was searched for."""
    return _cut(text, 0, len(text), _worth_marking(_runs(text, plan)))


def snippet(text: str, plan: Plan, length: int = SNIPPET_LENGTH) -> tuple[Segment, ...]:
    """Cut the stretch of a text that says most about the query, marked; `…` where text is left."""
    searched = text[:SEARCHED_LENGTH]
    runs = _runs(searched, plan)
    start = _sentence_start(searched, _best_start(runs, length)) if runs else 0
    end = _word_end(text, min(len(text), start + length))
    inside = _worth_marking([run for run in runs if start <= run.start and run.end <= end])
    segments = list(_cut(text, start, end, inside))
    if start > 0:
        segments.insert(0, Segment("…"))
    if end < len(text.rstrip()):
        segments.append(Segment("…"))
    return tuple(segments)


def _runs(text: str, plan: Plan) -> list[_Run]:
    numbers = [number for number in find_numbers(text) if number.key in plan.numbers]
    runs = [_Run(number.start, number.end, (number.key, number.key)) for number in numbers]
    exact, folded = frozenset(plan.words.exact), frozenset(plan.words.folded)
    run: list[Token] = []
    for token in tokenize(text):
        wanted = token.exact in exact or (
            token.folded in folded and not (plan.words.marked and token.marked)
        )
        if wanted and run and text[run[-1].end : token.start].isspace():
            run.append(token)
            continue
        runs += _closed(run)
        run = [token] if wanted else []
    runs += _closed(run)
    return _apart(runs)


def _closed(run: Sequence[Token]) -> list[_Run]:
    if not run:
        return []
    return [_Run(run[0].start, run[-1].end, tuple(token.folded for token in run))]


def _apart(runs: Iterable[_Run]) -> list[_Run]:
    """Order runs and drop those inside another: the parts of a number inside the number."""
    apart: list[_Run] = []
    for run in sorted(runs, key=lambda run: (run.start, -run.end)):
        if not apart or run.start >= apart[-1].end:
            apart.append(run)
    return apart


def _worth_marking(runs: Sequence[_Run]) -> list[_Run]:
    """Leave lone syllables bare where longer stretches matched: they are mostly và, của, là."""
    long = [run for run in runs if len(run.words) > 1]
    return long or list(runs)


def _best_start(runs: Sequence[_Run], length: int) -> int:
    """Find where the window begins that holds most distinct words, stretches counting double."""
    best, best_start = -1, 0
    for first, run in enumerate(runs):
        distinct: set[str] = set()
        stretches = 0
        for other in runs[first:]:
            if other.end - run.start > length - _LEAD:
                break
            distinct.update(other.words)
            stretches = max(stretches, len(other.words) - 1)
        if len(distinct) + 2 * stretches > best:
            best, best_start = len(distinct) + 2 * stretches, run.start
    return best_start


def _sentence_start(text: str, position: int) -> int:
    """Go back to where the sentence begins if that is near, else to the start of a word."""
    earliest = max(0, position - _LEAD)
    if earliest == 0:
        return 0
    lead = text[earliest:position]
    ends = max(lead.rfind(end) for end in _SENTENCE_ENDS)
    start = earliest + (ends if ends >= 0 else lead.find(" ")) + 1
    while start < position and text[start].isspace():
        start += 1
    return start


def _word_end(text: str, position: int) -> int:
    if position == len(text):
        return position
    space = text.rfind(" ", max(0, position - _LEAD), position)
    return space if space > 0 else position


def _cut(text: str, start: int, end: int, runs: Iterable[_Run]) -> tuple[Segment, ...]:
    segments = []
    at = start
    for run in runs:
        if run.start > at:
            segments.append(Segment(text[at : run.start]))
        segments.append(Segment(text[run.start : run.end], is_match=True))
        at = run.end
    if at < end:
        segments.append(Segment(text[at:end]))
    return tuple(segments)
