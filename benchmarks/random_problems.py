"""Small random problems for both solvers, and their optimum by trying everything: for tests and for solver_audit.py."""

from itertools import product

import numpy as np

from passes.solvers.placement.problem import Edge as Moved
from passes.solvers.placement.problem import EdgeKind, PlacementProblem, placement_cost
from passes.solvers.shardings.problem import Edge, MemoryRow, Node, ShardingProblem

# (seed, nodes, forbidden, density) of `random_sharding` with three rows and ties. HiGHS 1.12 to 1.15: presolve finds the first one
# infeasible, or does not end on it, and does not end on the second; the others 1.11 once gave up on.
WHERE_HIGHS_WAS_WRONG = (
    (2284904085, 7, 0.0, 0.6),
    (3079661607, 7, 0.1, 0.6),
    (929950190, 2, 0.0, 0.3),
    (35135969, 6, 0.0, 0.6),
)


def random_sharding(
    seed: int, *, nodes: int, rows: int, ties: bool, forbidden: float, density: float
) -> ShardingProblem:
    """A problem with up to four strategies a node; ``ties``: costs are small whole numbers, so many choices are equal."""
    rng = np.random.default_rng(seed)

    def costs(*shape: int) -> np.ndarray:
        values = rng.integers(0, 4, shape).astype(float) if ties else rng.random(shape) * 10.0 ** rng.integers(-6, 1)
        return np.where(rng.random(shape) < forbidden, np.inf, values)

    sizes = [int(rng.integers(1, 5)) for _ in range(nodes)]
    made = tuple(Node(f"n{n}", costs(size)) for n, size in enumerate(sizes))
    pairs = [(a, b) for a in range(nodes) for b in range(a + 1, nodes) if rng.random() < density]
    pairs += [pair for pair in pairs if rng.random() < 0.2]
    edges = tuple(Edge(a, b, costs(sizes[a], sizes[b])) for a, b in pairs)
    limits: list[MemoryRow] = []
    for row in range(rows):
        use = {n: rng.integers(0, 9, size).astype(float) for n, size in enumerate(sizes) if rng.random() < 0.7}
        top, low = sum(u.max() for u in use.values()), sum(u.min() for u in use.values())
        limits.append(MemoryRow(f"row{row}", float(low + rng.random() * (top - low) * 0.7), use))
    return ShardingProblem(made, edges, tuple(limits))


def least_seconds(problem: ShardingProblem) -> float:
    """The least cost of all choices that fit; infinity if there is none."""
    best = np.inf
    for choice in product(*(range(len(node.cost)) for node in problem.nodes)):
        used = problem.used_bytes(choice)
        if all(u <= row.limit_bytes for u, row in zip(used, problem.rows, strict=True)):
            best = min(best, problem.objective(choice))
    return best


def random_placement(seed: int) -> PlacementProblem:
    """Up to seven nodes on up to three stages, a few fixed, with ties; bytes between 0 and 1e8."""
    rng = np.random.default_rng(seed)
    nodes, stages = int(rng.integers(2, 8)), int(rng.integers(2, 4))
    kinds: tuple[EdgeKind, ...] = ("forward", "backward", "free")
    edges = [
        Moved(
            int(rng.integers(nodes)),
            int(rng.integers(nodes)),
            float(rng.choice([0.0, 1.0, 4.0, 7.0, 1e3, 1e8])),
            kinds[rng.integers(3)],
            int(rng.integers(2)),
        )
        for _ in range(rng.integers(2, 14))
    ]
    fixed = {int(node): int(rng.integers(stages)) for node in rng.integers(nodes, size=rng.integers(4))}
    return PlacementProblem(stages, nodes, fixed, edges, [rng.integers(nodes, size=2).tolist()] if seed % 2 else [])


def allowed(problem: PlacementProblem, stages: tuple[int, ...]) -> bool:
    """Does an assignment satisfy every constraint?"""
    order = all(
        edge.kind == "free"
        or (edge.kind == "forward" and stages[edge.source] <= stages[edge.target])
        or (edge.kind == "backward" and stages[edge.source] >= stages[edge.target])
        for edge in problem.edges
    )
    tied = all(len({stages[node] for node in tie}) <= 1 for tie in problem.ties)
    return order and tied and all(stages[node] == stage for node, stage in problem.fixed.items())


def least_bytes(problem: PlacementProblem) -> float | None:
    """The least cost of all placements that satisfy every constraint; None if there is none."""
    every = product(range(problem.num_stages), repeat=problem.num_nodes)
    return min((placement_cost(problem, stages) for stages in every if allowed(problem, stages)), default=None)
