"""What an editor should know about a file before it is imported: line by line.

Counted twice. As written: two lines that name one address letter by letter and disagree, targets
that are sources themselves. And by key, where two spellings turn out to be one address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from redirects.finding import Finding
from redirects.formats.reading import Reading, Written
from redirects.formats.rows import Refusal, kind_of
from redirects.lint import lint
from redirects.mapping import CanonicalUrl, Mapping, MappingKind
from redirects.site import Portal, Site
from redirects.sites import Sites

_REDIRECTS = (MappingKind.MOVED, MappingKind.TEMPORARY)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read, and what it is called."""

    name: str
    reading: Reading


def lint_files(
    sources: Sequence[Source], *, portal: Portal, sites: Iterable[Site]
) -> list[Finding]:
    """Find what is wrong in files, in their order: as written, by key, and what lint finds.

    Codes beside those of `redirects.lint`: `refused` (a line that cannot be imported),
    `contradiction-as-written`, `chain-as-written`, `contradiction-by-key` (only those that show
    under the key alone), and `spelling` (another spelling of an earlier line's address).
    """
    findings = [
        Finding("error", "refused", row.message, f"{one.name}:{row.line} {row.value}".rstrip())
        for one in sources
        for row in one.reading.errors
    ]
    findings += _contradictions(sources)
    findings += _chains_as_written(sources)
    mappings = [taken.mapping for one in sources for taken in one.reading.taken]
    rules = [rule for one in sources for rule in one.reading.rules]
    whole = lint(mappings, rules, portal, sites)
    return findings + [one for one in whole if one.code != "contradiction"]


def _contradictions(sources: Sequence[Source]) -> Iterator[Finding]:
    """Lines that disagree with an earlier one: of the same letters first, then of the same key."""
    told: set[tuple[str, int]] = set()
    first: dict[str, tuple[str, Written]] = {}
    for name, line in _lines(sources):
        file, earlier = first.setdefault(line.source, (name, line))
        if (earlier.target, earlier.kind) != (line.target, line.kind):
            told.add((name, line.line))
            message = f"Dòng này trái với {file}:{earlier.line}; dòng đầu được giữ."
            where = f"{name}:{line.line} {line.source}"
            yield Finding("error", "contradiction-as-written", message, where)
    standing: dict[CanonicalUrl, tuple[str, Mapping]] = {}
    for each, taken in ((one, row) for one in sources for row in one.reading.taken):
        found = taken.mapping
        place = f"{each.name}:{taken.line}"
        at, stands = standing.setdefault(found.key, (place, found))
        if (each.name, taken.line) not in told and stands.raw != found.raw:
            message = f"Cùng một địa chỉ với {at} ({stands.raw})"
            sites = each.reading.sites
            yield _same_address(stands, found, sites, message=message, where=f"{place} {found.raw}")


def _same_address(
    earlier: Mapping, later: Mapping, sites: Sites, *, message: str, where: str
) -> Finding:
    if _agree(earlier, later):
        return Finding("warning", "spelling", f"{message}, viết cách khác.", where)
    if sites.exact_key_of(earlier.raw) != sites.exact_key_of(later.raw):
        message += " nếu không kể chữ hoa, mà quyết định khác; mỗi cách viết được nhập riêng."
        return Finding("warning", "contradiction-by-key", message, where)
    message += " mà quyết định khác; dòng đầu được giữ."
    return Finding("error", "contradiction-by-key", message, where)


def _chains_as_written(sources: Sequence[Source]) -> Iterator[Finding]:
    first: dict[str, tuple[str, Written]] = {}
    for name, line in _lines(sources):
        first.setdefault(line.source, (name, line))
    for name, line in first.values():
        following = first.get(line.target) if line.target and _redirects(line) else None
        if following is not None:
            message = f"Địa chỉ đích lại là địa chỉ cũ ở {following[0]}:{following[1].line}."
            where = f"{name}:{line.line} {line.source}"
            yield Finding("warning", "chain-as-written", message, where)


def _lines(sources: Sequence[Source]) -> Iterator[tuple[str, Written]]:
    return ((one.name, line) for one in sources for line in one.reading.written)


def _redirects(line: Written) -> bool:
    try:
        return kind_of(line.kind, line.target) in _REDIRECTS
    except Refusal:
        return False


def _agree(one: Mapping, other: Mapping) -> bool:
    return replace(one, raw=other.raw) == other
