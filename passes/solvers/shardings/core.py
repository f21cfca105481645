"""What shrinking leaves, as lists: nodes 0, 1, … with their costs, edges between them, memory rows over them. In ticks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from passes.solvers.shardings.classes import visiting_order
from passes.solvers.shardings.problem import Costs
from passes.solvers.shardings.shrink import Graph


@dataclass(frozen=True, eq=False)
class Core:
    """``edges``: (a, b, cost[s_a, s_b]), at most one a pair, a < b. ``uses[node]``: bytes [row, strategy], where it has any."""

    costs: tuple[Costs, ...]
    edges: tuple[tuple[int, int, Costs], ...]
    uses: Mapping[int, Costs]
    limits: NDArray[np.float64]

    @cached_property
    def near(self) -> tuple[tuple[tuple[int, Costs], ...], ...]:
        """Of each node its neighbours, with the table seen from the node."""
        near: list[list[tuple[int, Costs]]] = [[] for _ in self.costs]
        for a, b, cost in self.edges:
            near[a].append((b, cost))
            near[b].append((a, cost.T))
        return tuple(tuple(each) for each in near)

    def objective(self, choice: Sequence[int]) -> float:
        """Ticks of a choice."""
        nodes = sum(float(cost[s]) for cost, s in zip(self.costs, choice, strict=True))
        return nodes + sum(float(cost[choice[a], choice[b]]) for a, b, cost in self.edges)

    def used(self, choice: Sequence[int]) -> NDArray[np.float64]:
        """Bytes of each row."""
        return sum((use[:, choice[node]] for node, use in self.uses.items()), np.zeros(len(self.limits)))

    def fits(self, choice: Sequence[int]) -> bool:
        """Whether a choice is inside every row's limit."""
        return bool((self.used(choice) <= self.limits).all())


def core_of(graph: Graph) -> tuple[Core, tuple[int, ...]]:
    """The core of a shrunk graph, nodes in visiting order, and the number in the graph of each of them."""
    numbers = visiting_order(graph)
    index = {number: i for i, number in enumerate(numbers)}
    tables = graph.tables
    edges = tuple(
        (index[a], index[b], tables[table])
        for a in numbers
        for b, table in sorted(graph.near[a].items())
        if index[a] < index[b]
    )
    uses = {index[node]: tables[graph.uses[node]] for node in numbers if node in graph.uses}
    limits = np.array([row.limit_bytes for row in graph.rows], dtype=np.float64) - graph.row_base
    return Core(tuple(tables[graph.cost[n]] for n in numbers), edges, uses, limits), numbers
