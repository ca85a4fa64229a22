"""What a file says, gathered line by line: mappings, rules, and what is refused.

Every reader goes through here, so a target is judged and an address keyed in one place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import blake2b

from redirects.formats.decoding import Charset, charset_of, decode
from redirects.formats.rows import Refusal, RowError, kind_of, mapping_of
from redirects.mapping import Mapping, QueryHandling
from redirects.patterns import PatternError, expand, sample_captures
from redirects.rule import Rule
from redirects.site import Portal, Site
from redirects.sites import Sites
from redirects.targets import TargetError, check_target, fault_message

_SURROGATE = re.compile("[\ud800-\udfff]")  # JSON can say what no address can
_NUMBERED = re.compile(r"[$%](\d)")
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")
_AT_END = re.compile(r"(?<!\\)(?:\\\\)*\$$")
_NAMED = re.compile(r"\$\{?([A-Za-z_]\w*)\}?")
_ONE_PATH = re.compile(r"\^(/(?:[\w/~=&,;:@!%-]|\\[^\w\s])*)\$")
_ESCAPED = re.compile(r"\\(.)")
_LONGEST_NAME = 64  # of a rule: what the catalogue's column holds
NOT_UNDERSTOOD = "Không hiểu dòng này."
_NAME_THE_HOST = "Cổng này có nhiều tên miền: địa chỉ phải ghi cả tên miền."


@dataclass(frozen=True, slots=True)
class Taken:
    """A mapping that was read: the line it stands on, whose it is, and what it says."""

    line: int
    site: str
    mapping: Mapping


@dataclass(frozen=True, slots=True)
class Written:
    """A line as it stands in the file, before anything was made of it."""

    line: int
    source: str
    target: str
    kind: str


@dataclass(slots=True)
class Reading:
    """One file being read. `site` is whose file it is: the owner of addresses without a host.

    `charset` and `separator` may be given; otherwise they are found out, and say afterwards what
    was found (`separator` only of a table). `written` keeps every line that names an old address,
    also one that is refused.
    """

    sites: Sites
    portal: Portal
    site: Site | None = None
    charset: Charset | None = None
    separator: str | None = None
    taken: list[Taken] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)

    @property
    def mappings(self) -> list[Mapping]:
        """What was taken, without its place."""
        return [one.mapping for one in self.taken]

    def text_of(self, content: bytes) -> str:
        """Read bytes as text, and note the charset."""
        self.charset = self.charset or charset_of(content)
        return decode(content, self.charset)

    def refuse(self, line: int, column: str, value: str, message: str = NOT_UNDERSTOOD) -> None:
        """Name a line that is not taken."""
        self.errors.append(RowError(line, column, value, message))

    def add_mapping(
        self,
        line: int,
        address: str,
        target: str,
        *,
        kind: str = "301",
        reason: str = "",
        query: str = "",
    ) -> None:
        """Take one old address: an URL, or a path of the file's site."""
        self.written.append(Written(line, address, target, kind))
        text = address + target + reason
        if not text.isascii() and _SURROGATE.search(text):
            self.refuse(line, "", ascii(address))
            return
        if address.startswith("/"):
            if self.site is None:
                self._refuse_without_site(line, address)
                return
            if self.site.has_many_hosts:
                self.refuse(line, "old_url", address, _NAME_THE_HOST)
                return
            address = f"http://{self.site.host}{address}"
        row = {"old_url": address, "kind": kind, "target": target, "reason": reason, "query": query}
        try:
            site, mapping = mapping_of(row, self.sites, self.portal)
        except Refusal as refusal:
            self.refuse(line, refusal.column, refusal.value, refusal.message)
        else:
            self.taken.append(Taken(line, site.name, mapping))

    def add_expression(self, line: int, expression: str, target: str, *, kind: str) -> None:
        """Take another server's expression: a mapping where it fits one path only, else a rule."""
        only = _ONE_PATH.fullmatch(expression)
        if only and "$" not in target:
            self.add_mapping(line, _ESCAPED.sub(r"\1", only[1]), target, kind=kind)
        else:
            self.add_rule(line, re2_pattern(expression), re2_target(target), kind=kind)

    def add_rule(
        self,
        line: int,
        pattern: str,
        target: str,
        *,
        kind: str = "301",
        site: Site | None = None,
        query: QueryHandling = "drop",
    ) -> None:
        """Take a pattern over the paths of a site, ours or RE2; lines keep their order."""
        site = site or self.site
        if _SURROGATE.search(pattern + target):
            self.refuse(line, "", ascii(pattern))
            return
        if site is None:
            self._refuse_without_site(line, pattern)
            return
        try:
            read = kind_of(kind, target)
            captures = sample_captures(pattern, pattern)
            if target:
                check_target(expand(target, captures), self.portal)
        except Refusal as refusal:
            self.refuse(line, refusal.column, refusal.value, refusal.message)
        except PatternError as error:
            self.refuse(line, "pattern", pattern, f"Mẫu địa chỉ không hợp lệ: {error.reason}")
        except TargetError as error:
            self.refuse(line, "target", target, fault_message(error))
        else:
            name = rule_name(pattern)
            self.rules.append(
                Rule(name, site.name, pattern, read, target or None, order=line, query=query)
            )

    def _refuse_without_site(self, line: int, address: str) -> None:
        self.refuse(
            line, "old_url", address, "Địa chỉ không có tên miền: hãy nói tệp này của cổng nào."
        )


def rule_name(pattern: str) -> str:
    """Name an imported rule by its pattern; a long one is cut, and told apart by its digest."""
    if len(pattern) <= _LONGEST_NAME:
        return pattern
    mark = blake2b(pattern.encode(), digest_size=4).hexdigest()
    return f"{pattern[: _LONGEST_NAME - len(mark) - 1]}…{mark}"


def re2_pattern(expression: str) -> str:
    """Write another server's expression as ours: RE2, from the start of the path."""
    expression = _NAMED_GROUP.sub("(?P<", expression)
    if _AT_END.search(expression):
        expression = expression[:-1] + r"(?:\?.*)?$"  # they look at the path, we at the query too
    return expression if expression.startswith("^") else f"^.*(?:{expression})"


def re2_target(target: str) -> str:
    r"""Write `$1` as `\1` and `$name` as `:name`."""
    return _NAMED.sub(r":\1", _NUMBERED.sub(r"\\\1", target))
