"""Strategies that a bound rules out: with them no choice can be as good as one already known (reduced-cost fixing)."""

import numpy as np

from passes.solvers.shardings.bound import Duals
from passes.solvers.shardings.classes import colours
from passes.solvers.shardings.core import Core
from passes.solvers.shardings.problem import Costs
from passes.solvers.shardings.shrink import Graph
from passes.solvers.shardings.tables import Indices


def surplus(core: Core, duals: Duals) -> list[Costs]:
    """Per node and strategy: by how much the dual bound rises if the node must take the strategy."""
    costs = [cost.copy() for cost in core.costs]
    for node, use in core.uses.items():
        costs[node] += duals.multipliers @ use
    extra = [np.zeros(len(cost)) for cost in costs]
    for (a, b, cost), (to_a, to_b) in zip(core.edges, duals.messages, strict=True):
        costs[a] += to_a
        costs[b] += to_b
        rest = cost - to_a[:, None] - to_b[None, :]
        least = rest.min()
        extra[a] += rest.min(axis=1) - least
        extra[b] += rest.min(axis=0) - least
    return [cost - cost.min() + more for cost, more in zip(costs, extra, strict=True)]


def fix(graph: Graph, numbers: tuple[int, ...], rises: list[Costs], slack: float) -> int:
    """Take out strategies whose rise is above ``slack`` (best known less bound) at every node of their colour; how many."""
    colour = colours(graph)
    spared: dict[int, Costs] = {}
    for node, rise in zip(numbers, rises, strict=True):
        known = spared.get(colour[node])
        spared[colour[node]] = rise if known is None else np.minimum(known, rise)
    removed = 0
    keeps: list[tuple[int, Indices]] = []
    for node in numbers:
        keep = np.flatnonzero(spared[colour[node]] <= slack)
        if len(keep) < len(spared[colour[node]]):
            keeps.append((node, keep))
    for node, keep in keeps:
        removed += len(graph.kept[node]) - len(keep)
        graph.restrict(node, keep)
    return removed
