"""What a placement problem is: nodes, the order that edges impose on their stages, and the bytes that values move."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

EdgeKind = Literal["forward", "backward", "free"]


@dataclass(frozen=True)
class Edge:
    """Node ``target`` reads a value of node ``source``: "forward" s_source <= s_target, "backward" >=, "free" either.

    Edges of one source with the same ``value`` number carry one value and pay once, for the greatest ``bytes``.
    """

    source: int
    target: int
    bytes: float
    kind: EdgeKind = "free"
    value: int = 0


@dataclass(frozen=True)
class PlacementProblem:
    """Nodes 0..num_nodes-1 go to stages 0..num_stages-1; ``fixed`` ones are given; each of ``ties`` has one stage."""

    num_stages: int
    num_nodes: int
    fixed: Mapping[int, int]
    edges: Sequence[Edge]
    ties: Sequence[Sequence[int]] = ()


def values_of(edges: Sequence[Edge]) -> dict[tuple[int, int], tuple[float, list[int]]]:
    """(source, value number) -> bytes and the nodes that read it."""
    values: dict[tuple[int, int], tuple[float, list[int]]] = {}
    for edge in edges:
        size, targets = values.get((edge.source, edge.value), (0.0, list[int]()))
        targets.append(edge.target)
        values[edge.source, edge.value] = (max(size, edge.bytes), targets)
    return values


def placement_cost(problem: PlacementProblem, stages: Sequence[int]) -> float:
    """Sum over values of bytes times the stages between the first and the last that holds the value."""
    total = 0.0
    for (source, _), (size, targets) in values_of(problem.edges).items():
        held = [stages[source], *(stages[target] for target in targets)]
        total += size * (max(held) - min(held))
    return total


def check(problem: PlacementProblem) -> None:
    """Raise ValueError on a node or a stage out of range, or on bytes that are not a finite number >= 0."""
    ends = [node for edge in problem.edges for node in (edge.source, edge.target)]
    tied = [node for tie in problem.ties for node in tie]
    if any(not 0 <= node < problem.num_nodes for node in (*problem.fixed, *ends, *tied)):
        raise ValueError(f"a node is not in [0, {problem.num_nodes})")
    if any(not 0 <= stage < problem.num_stages for stage in problem.fixed.values()):
        raise ValueError(f"a fixed stage is not in [0, {problem.num_stages})")
    if any(not 0 <= edge.bytes < float("inf") for edge in problem.edges):
        raise ValueError("edge bytes must be finite and not negative")
