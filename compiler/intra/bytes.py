"""A problem about bytes in place of seconds: which choice of shardings needs the least memory."""

from collections.abc import Sequence

import numpy as np

from passes.analysis.shardings.cases import Case
from passes.solvers.shardings.problem import Costs, Edge, MemoryRow, Node, ShardingProblem
from passes.solvers.shardings.solve import solve_sharding

SECONDS = 20.0  # for one problem of bytes, which elimination solves in 1 where it can: a message may wait so long


def least_bytes(case: Case, rows: Sequence[MemoryRow], time_share: float = 0.0) -> tuple[int, ...]:
    """The choice with the fewest bytes in ``rows`` together; of equal ones the faster.

    ``time_share``: how much all seconds count beside all bytes, each at its least.
    """
    nodes, sizes = case.problem.nodes, _sizes(rows)
    bytes_floor = sum(float(use.min()) for use in sizes.values())
    seconds_floor = sum(float(node.cost.min()) for node in nodes)
    scaled = _Scaled(time_share * bytes_floor / max(seconds_floor, 1e-9))
    problem = ShardingProblem(
        tuple(Node(node.name, scaled(node.cost) + sizes.get(n, 0.0)) for n, node in enumerate(nodes)),
        tuple(Edge(edge.a, edge.b, scaled(edge.cost)) for edge in case.problem.edges if scaled(edge.cost).any()),
    )
    return solve_sharding(problem, time_limit_s=SECONDS).choice


def _sizes(rows: Sequence[MemoryRow]) -> dict[int, Costs]:
    sizes: dict[int, Costs] = {}
    for row in rows:
        for node, use in row.bytes_of.items():
            sizes[node] = sizes[node] + use if node in sizes else use
    return sizes


class _Scaled:
    """Tables of seconds times a share, what is forbidden stays so; equal tables stay one, as the solver likes them."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.known: dict[int, Costs] = {}

    def __call__(self, cost: Costs) -> Costs:
        if id(cost) not in self.known:
            finite = np.isfinite(cost)
            self.known[id(cost)] = np.where(finite, np.where(finite, cost, 0.0) * self.share, np.inf)
        return self.known[id(cost)]
