"""Random problems shaped like layers: a chain of small groups of nodes, some memory that each layer leaves behind. Seeded."""

import numpy as np

from passes.solvers.shardings.problem import Edge, MemoryRow, Node, ShardingProblem

PER_LAYER = 8


def layered_problem(layers: int, strategies: int = 8, seed: int = 0) -> ShardingProblem:
    """`layers` equal layers of 8 nodes: a path, a way around it, and a weight read in the middle; milliseconds."""
    rng = np.random.default_rng(seed)

    def times(*shape: int) -> np.ndarray:
        return np.round(rng.gamma(1.0, 1e-3, shape), 7)

    costs = [times(strategies) for _ in range(PER_LAYER)]
    around = [(i, i + 1) for i in range(PER_LAYER - 1)] + [(0, PER_LAYER - 1), (2, 5)]
    inside = {pair: times(strategies, strategies) for pair in around}
    between = times(strategies, strategies)
    between[np.arange(strategies), (np.arange(strategies) + 1) % strategies] = np.inf
    np.fill_diagonal(between, 0.0)
    sizes = np.round(2.0**20 * (1 + 15 * rng.random(strategies)))

    nodes, edges = [], []
    for layer in range(layers):
        first = layer * PER_LAYER
        nodes += [Node(f"layer{layer}.{i}", cost) for i, cost in enumerate(costs)]
        edges += [Edge(first + a, first + b, cost) for (a, b), cost in inside.items()]
        if layer:
            edges.append(Edge(first - 1, first, between))
    weights = dict.fromkeys(range(3, len(nodes), PER_LAYER), sizes)
    late = dict.fromkeys(list(weights)[layers // 2 :], sizes) | {len(nodes) - 1: 2 * sizes}
    limit = 2.0**20 * 7.0 * layers
    rows = (MemoryRow("weights", limit, weights), MemoryRow("late", limit, late))
    return ShardingProblem(tuple(nodes), tuple(edges), rows)
