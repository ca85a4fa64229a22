"""Where each of many links ends, found in one pass: time grows with the links, not with chains."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Walk(Generic[Node]):
    """The way from one node: where it ends, after how many hops, or that it never does.

    `marked` says that some node on the way, the first or the last among them, is marked.
    """

    end: Node
    hops: int
    goes_round: bool
    marked: bool


def walk_all(
    links: Mapping[Node, Node], is_marked: Callable[[Node], bool] = lambda _: False
) -> dict[Node, Walk[Node]]:
    """Walk from every node that has a link; each link is followed once."""
    walks: dict[Node, Walk[Node]] = {}
    for start in links:
        path: list[Node] = []
        seen: set[Node] = set()
        at = start
        while at in links and at not in walks and at not in seen:
            path.append(at)
            seen.add(at)
            at = links[at]
        known = walks.get(at)
        if at in seen or (known and known.goes_round):
            walks |= {each: Walk(at, 0, goes_round=True, marked=False) for each in path}
            continue
        walk = known or Walk(at, 0, goes_round=False, marked=is_marked(at))
        for each in reversed(path):
            marked = walk.marked or is_marked(each)
            walk = walks[each] = Walk(walk.end, walk.hops + 1, goes_round=False, marked=marked)
    return walks
