"""The host table: which unit an old portal spoke for, by its host name, and what it is now.

What the operator says of a host goes first (`[[site]]` with its `unit`, `[[host]]`). Then the names
of the provinces' portals, which Decree 43/2011/NĐ-CP (Article 6) made of the province's name:
`hosts.json`, with the names that practice made otherwise. Then names below one of these, read the
way practice made them: the district `gialoc.haiduong.gov.vn` or `huyengialoc.…`, the commune
`xagiaphuc.gialoc.haiduong.gov.vn`. A name that may be two units is none.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from catalogue.search.analysis import fold
from catalogue.units.conversion import Conversion, convert
from catalogue.units.register import Level, Register, Unit
from redirects.canonical import canonical_host
from redirects.site import Site

PROVINCE_HOSTS = Path(__file__).with_name("hosts.json")
_FEWEST_LABELS, _MOST_LABELS = 4, 5  # huyen.tinh.gov.vn, xa.huyen.tinh.gov.vn
_PREFIXES = {
    "Huyện": ("huyen", "h"),
    "Quận": ("quan", "q"),
    "Thành phố": ("thanhpho", "tp"),
    "Thị xã": ("thixa", "tx"),
    "Xã": ("xa", "x"),
    "Phường": ("phuong", "p"),
    "Thị trấn": ("thitran", "tt"),
}


@cache
def province_hosts() -> Mapping[str, str]:
    """Return the code of each old province by the host of its portal."""
    table: dict[str, str] = json.loads(PROVINCE_HOSTS.read_text(encoding="utf-8"))
    return table


def province_code(host: str) -> str | None:
    """Return the code of the old province whose own portal a host was, with or without `www.`."""
    return province_hosts().get(canonical_host(host).removeprefix("www."))


class HostTable:
    """Finds the unit behind a host name. Read-only; one serves all threads."""

    def __init__(
        self, register: Register, sites: Iterable[Site], named: Mapping[str, str] | None = None
    ) -> None:
        """`named` gives codes to single hosts, as the operator says; sites give theirs."""
        self._register = register
        self._named = {canonical_host(host): code for host, code in (named or {}).items()}
        self._sites = tuple(site for site in sites if site.unit)

    def unit_of(self, host: str) -> Unit | None:
        """Return the unit a portal spoke for, as it was on its last day; None where none is known.

        A unit is a code and a date: of several that bore the code, the one that ended is meant, for
        old hosts are old.
        """
        return self._find(canonical_host(host))

    def heirs_of(self, host: str, on: dt.date) -> Conversion | None:
        """Return what the unit of a host is on a day: every successor, the default first."""
        unit = self.unit_of(host)
        return None if unit is None else convert(self._register, unit, on)

    def last_bearer(self, code: str) -> Unit | None:
        """Return the unit that bore a code until its last day, else the one that bears it now."""
        units = sorted(
            self._register.bearers(code), key=lambda unit: (unit.valid_to is None, unit.valid_from)
        )
        return units[0] if units else None

    def _find(self, name: str) -> Unit | None:
        if code := self._code_said(name):
            return self.last_bearer(code)
        return self._read(name) or self._of_all_below(name)

    def _code_said(self, host: str) -> str | None:
        """Return what the operator says of a host, or else the decree."""
        if host in self._named:
            return self._named[host]
        for site in self._sites:
            if not site.has_many_hosts and site.answers_to(host):
                return site.unit
        return province_hosts().get(host.removeprefix("www."))

    def _of_all_below(self, host: str) -> Unit | None:
        """Return the unit of a site of many hosts, for those whose own names say nothing."""
        for site in self._sites:
            if site.unit and site.has_many_hosts and site.answers_to(host):
                return self.last_bearer(site.unit)
        return None

    def _read(self, host: str) -> Unit | None:
        """Read a name below a province's: a district's, or a commune's below that."""
        labels = host.removeprefix("www.").split(".")
        if not _FEWEST_LABELS <= len(labels) <= _MOST_LABELS:
            return None
        above = self._find(".".join(labels[1:]))
        if above is None or above.level is Level.COMMUNE:
            return None
        found = [unit for unit in self._register.children(above) if _is_called(unit, labels[0])]
        return found[0] if len(found) == 1 else None


def _is_called(unit: Unit, label: str) -> bool:
    """Say whether a label of a host name is a unit's name, with or without its type ahead."""
    plain = "".join(char for char in label if char.isalnum())
    name = "".join(char for char in fold(unit.short_name) if char.isalnum())
    typed = {prefix + name for prefix in _PREFIXES.get(unit.type, ())}
    return plain in typed or (plain == name and not name.isdecimal())
