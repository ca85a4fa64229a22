"""Which codes of administrative units a route changes on the way, and between which days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class UnitCodes:
    """A code means a unit only together with a day, so both sides have one.

    `callers` is the day whose codes callers speak, `server` that of the server's; None is today.
    `day` is the place of a parameter that names the callers' day in a call. `parameters` and
    `answers` are places of codes, as `gateway.adapting.places` reads them. `refuses`: a code that
    may be several units is refused even where one of them is the likeliest. Bodies of more than
    `largest` bytes are not changed.
    """

    callers: date | None = None
    server: date | None = None
    day: str | None = None
    parameters: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()
    refuses: bool = False
    largest: int = 1024 * 1024
