"""What happened to the codes of one call, for its caller and for operators."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from gateway.logs import log

CONVERTED = b"x-don-vi-chuyen-doi"
WARNING = b"x-don-vi-canh-bao"
READABLE = (b"access-control-expose-headers", CONVERTED + b", " + WARNING)
_MOST_TOLD = 20


@dataclass(slots=True)
class Notes:
    """Codes of the call that were changed, all that may be several units, and any body left."""

    converted: dict[str, str] = field(default_factory=dict)
    ambiguous: dict[str, str] = field(default_factory=dict)
    untouched: bool = False

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Tell the caller: what its codes became, and what it had better look at."""
        told = []
        if self.converted:
            told.append((CONVERTED, _pairs(self.converted)))
        if self.ambiguous:
            told.append((WARNING, b"mo-ho " + _pairs(self.ambiguous)))
        if self.untouched:
            told.append((WARNING, b"khong-doi"))
        return told


class Tally:
    """Counts bodies that crossed as they came though a route asks for change, and logs them.

    The first is logged, the tenth, the hundredth and so on: a broken caller fills no disk.
    """

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def left(self, route: str, side: str, why: str) -> None:
        """Count a body of one side of a route ("call", "answer") that was left."""
        self._counts[route, side, why] += 1
        count = self._counts[route, side, why]
        if str(count).rstrip("0") == "1":
            log.warning("units.untouched", route=route, side=side, why=why, count=count)


def _pairs(codes: dict[str, str]) -> bytes:
    told = [f"{old}={new}" for old, new in list(codes.items())[:_MOST_TOLD]]
    return ", ".join(told).encode("ascii")
