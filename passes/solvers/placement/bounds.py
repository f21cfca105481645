"""The stages that order alone allows each node, and the chain of constraints to blame when it allows none.

All constraints are s_u <= s_v, so a lower bound spreads along them from the greatest fixed stage down, an upper bound
against them from the least up; each node is reached once. No solver is needed to know that a placement exists.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Constraint = tuple[int, int, str]  # source, target, "forward" (s_source <= s_target) or "backward" (>=)
_Links = list[list[tuple[int, str]]]  # node -> nodes at least as late, and by which kind of constraint


@dataclass(frozen=True)
class Bounds:
    """``low[v] <= s_v <= high[v]`` for each node v."""

    low: tuple[int, ...]
    high: tuple[int, ...]


@dataclass(frozen=True)
class Infeasible:
    """``path`` leads from a fixed node to another that is fixed to an earlier stage, yet may not be earlier.

    ``kinds[i]`` says why path[i + 1] is not before path[i]: "forward", "backward" (the edge runs from path[i + 1] to
    path[i]) or "tie". A caller may drop one of these constraints, or move one end's stage.
    """

    path: tuple[int, ...]
    kinds: tuple[str, ...]
    first_stage: int  # fixed stage of path[0]
    last_stage: int  # fixed stage of path[-1], less than first_stage

    def __str__(self) -> str:
        chain = "".join(f" -{kind}-> {node}" for node, kind in zip(self.path[1:], self.kinds, strict=True))
        ends = f"node {self.path[0]} is fixed to stage {self.first_stage}, node {self.path[-1]} to {self.last_stage}"
        return f"{ends}, but order wants them the other way: {self.path[0]}{chain}"


def find_bounds(
    num_stages: int,
    num_nodes: int,
    fixed: Mapping[int, int],
    constraints: Sequence[Constraint],
    ties: Sequence[Sequence[int]],
) -> Bounds | Infeasible:
    """The tightest bounds that the fixed stages imply, or why there are none."""
    later: _Links = [[] for _ in range(num_nodes)]
    earlier: _Links = [[] for _ in range(num_nodes)]
    for source, target, kind in constraints:
        first, second = (source, target) if kind == "forward" else (target, source)
        later[first].append((second, kind))
        earlier[second].append((first, kind))
    for tie in ties:
        for node in tie[1:]:
            for a, b in ((tie[0], node), (node, tie[0])):
                later[a].append((b, "tie"))
                earlier[b].append((a, "tie"))
    low, came = _spread(num_nodes, sorted(fixed.items(), key=lambda item: (-item[1], item[0])), later)
    for node, stage in sorted(fixed.items()):
        if low[node] is not None and low[node] != stage:  # a node is first reached from the greatest stage before it
            return _blame(node, fixed, came)
    high, _ = _spread(num_nodes, sorted(fixed.items(), key=lambda item: (item[1], item[0])), earlier)
    return Bounds(
        tuple(0 if stage is None else stage for stage in low),
        tuple(num_stages - 1 if stage is None else stage for stage in high),
    )


def _spread(
    num_nodes: int, starts: Sequence[tuple[int, int]], links: _Links
) -> tuple[list[int | None], dict[int, tuple[int, str]]]:
    """Give each node the stage of the first start that reaches it (breadth first: short chains), and how it came."""
    reached: list[int | None] = [None] * num_nodes
    came: dict[int, tuple[int, str]] = {}
    for start, stage in starts:
        if reached[start] is not None:
            continue
        reached[start] = stage
        front = [start]
        while front:
            following: list[int] = []
            for node in front:
                for other, kind in links[node]:
                    if reached[other] is None:
                        reached[other] = stage
                        came[other] = (node, kind)
                        following.append(other)
            front = following
    return reached, came


def _blame(node: int, fixed: Mapping[int, int], came: Mapping[int, tuple[int, str]]) -> Infeasible:
    """Walk back from a fixed node that was reached from a later stage."""
    path, kinds = [node], list[str]()
    while path[-1] in came:
        before, kind = came[path[-1]]
        path.append(before)
        kinds.append(kind)
    return Infeasible(tuple(reversed(path)), tuple(reversed(kinds)), fixed[path[-1]], fixed[node])
