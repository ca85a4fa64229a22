"""A shelf: what a portal shows in its lists, newest first, sorted by kind once and asked often."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

Item = TypeVar("Item")


class Shelf(Generic[Item]):
    """Items in the order given, each in one group and known by one ident."""

    def __init__(
        self,
        items: Iterable[Item],
        *,
        group: Callable[[Item], Hashable],
        ident: Callable[[Item], int],
    ) -> None:
        self.group, self.ident = group, ident
        self._groups: defaultdict[Hashable, list[Item]] = defaultdict(list)
        self._places: dict[int, int] = {}
        for item in items:
            members = self._groups[group(item)]
            self._places[ident(item)] = len(members)
            members.append(item)

    def of(self, group: Hashable) -> Sequence[Item]:
        """The items of a group; none if there is no such group."""
        return self._groups.get(group, [])

    def following(self, item: Item, count: int) -> list[Item]:
        """The items of the same group after this one; the first ones if it is not on the shelf."""
        start = self._places.get(self.ident(item), -1) + 1
        return list(self.of(self.group(item))[start : start + count])

    def neighbours(self, item: Item, count: int = 5) -> list[Item]:
        """Like `following`, but in a ring, so that each item is a neighbour of `count` others."""
        found = self.following(item, count)
        missing = count - len(found)
        return found + [i for i in self.of(self.group(item))[:missing] if self._differ(i, item)]

    def _differ(self, one: Item, other: Item) -> bool:
        return self.ident(one) != self.ident(other)
