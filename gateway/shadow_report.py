"""What shadow mode found, as operators read it: a route's outcomes, and the places that differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from catalogue.shadow import OUTCOME, ShadowCount


@dataclass(slots=True)
class ShadowRoute:
    """One route: how many calls had which outcome, and where answers differed."""

    route: str
    outcomes: dict[str, int] = field(default_factory=dict)
    places: list[ShadowCount] = field(default_factory=list)

    @property
    def same(self) -> int:
        """Calls that both servers answered alike."""
        return self.outcomes.get("same", 0)

    @property
    def compared(self) -> int:
        """Calls that both servers answered."""
        return self.same + self.outcomes.get("different", 0)


def shadow_routes(counts: Iterable[ShadowCount]) -> list[ShadowRoute]:
    """Put counts together by route, in their order."""
    routes: dict[str, ShadowRoute] = {}
    for count in counts:
        one = routes.setdefault(count.route, ShadowRoute(count.route))
        if count.part == OUTCOME:
            one.outcomes[count.place] = count.calls
        else:
            one.places.append(count)
    return list(routes.values())
