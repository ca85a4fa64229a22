"""Offices: whom to call at a unit of today, and which agencies' files it has taken over."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redirects.dossier import agency_key


@dataclass(frozen=True, slots=True)
class Office:
    """An office that serves citizens today.

    `unit` is the code of the unit of today it belongs to. `agencies` are codes of agencies, old and
    new, whose files it holds; `upstream` is the origin of the server that answers for them, and
    `path` what that is asked, `:code` standing for a dossier's code; empty is what came.
    """

    name: str
    unit: str
    agencies: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    address: str = ""
    url: str = ""
    upstream: str | None = None
    path: str = ""


class Offices:
    """All offices, by unit and by agency. Read-only."""

    def __init__(self, offices: Iterable[Office] = ()) -> None:
        """Of two offices with one agency the first holds its files."""
        self._offices = tuple(offices)
        self._by_agency: dict[str, Office] = {}
        for office in self._offices:
            for agency in office.agencies:
                self._by_agency.setdefault(agency_key(agency), office)

    def __iter__(self) -> Iterator[Office]:
        return iter(self._offices)

    def at(self, unit: str) -> tuple[Office, ...]:
        """Return the offices of a unit of today, by its code."""
        return tuple(office for office in self._offices if office.unit == unit)

    def holding(self, agency: str) -> Office | None:
        """Return the office that has taken over an agency's files."""
        return self._by_agency.get(agency_key(agency))
