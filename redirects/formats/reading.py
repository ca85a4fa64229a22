"""What a file of another server says, gathered line by line: mappings, rules, and what is refused.

Every reader goes through here, so a target is judged and an address keyed in one place.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from redirects.formats.rows import Refusal, RowError, kind_of, mapping_of
from redirects.mapping import Mapping
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
NOT_UNDERSTOOD = "Không hiểu dòng này."


@dataclass(slots=True)
class Reading:
    """One file being read. `site` is whose file it is: the owner of addresses without a host."""

    sites: Sites
    portal: Portal
    site: Site | None = None
    mappings: list[Mapping] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)

    def refuse(self, line: int, column: str, value: str, message: str = NOT_UNDERSTOOD) -> None:
        """Name a line that is not taken."""
        self.errors.append(RowError(line, column, value, message))

    def add_mapping(
        self, line: int, address: str, target: str, *, kind: str = "301", reason: str = ""
    ) -> None:
        """Take one old address: an URL, or a path of the file's site."""
        if _SURROGATE.search(address + target + reason):
            self.refuse(line, "", ascii(address))
            return
        if address.startswith("/") and self.site is None:
            self._refuse_without_site(line, address)
            return
        if address.startswith("/") and self.site is not None:
            address = f"http://{self.site.host}{address}"
        row = {"old_url": address, "kind": kind, "target": target, "reason": reason}
        try:
            self.mappings.append(mapping_of(row, self.sites, self.portal))
        except Refusal as refusal:
            self.refuse(line, refusal.column, refusal.value, refusal.message)

    def add_rule(
        self, line: int, pattern: str, target: str, *, kind: str = "301", site: Site | None = None
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
            rule = Rule(pattern, site.name, pattern, read, target or None, order=line)
            self.rules.append(rule)

    def _refuse_without_site(self, line: int, address: str) -> None:
        self.refuse(
            line, "old_url", address, "Địa chỉ không có tên miền: hãy nói tệp này của cổng nào."
        )


def re2_pattern(expression: str) -> str:
    """Write another server's expression as ours: RE2, from the start of the path."""
    expression = _NAMED_GROUP.sub("(?P<", expression)
    if _AT_END.search(expression):
        expression = expression[:-1] + r"(?:\?.*)?$"  # they look at the path, we at the query too
    return expression if expression.startswith("^") else f"^.*(?:{expression})"


def re2_target(target: str) -> str:
    r"""Write `$1` as `\1` and `$name` as `:name`."""
    return _NAMED.sub(r":\1", _NUMBERED.sub(r"\\\1", target))
