"""The sharding solver against brute force on random small problems; what a certificate says; errors; repeated layers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from passes.solvers.sharding_problem import Backend, Edge, MemoryRow, Node, OutOfMemory, ShardingProblem
from passes.solvers.solve_sharding import NoFiniteChoice, solve_sharding


def random_problem(
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


def brute_force(problem: ShardingProblem) -> float:
    """The least cost of all choices that fit; infinity if there is none."""
    best = np.inf
    for choice in product(*(range(len(node.cost)) for node in problem.nodes)):
        used = problem.used_bytes(choice)
        if all(u <= row.limit_bytes for u, row in zip(used, problem.rows, strict=True)):
            best = min(best, problem.objective(choice))
    return best


def check(problem: ShardingProblem, backend: Backend = "cbc") -> None:
    """The solver's answer is the best of all choices, or there is none."""
    best = brute_force(problem)
    try:
        solution = solve_sharding(problem, backend=backend)
    except (NoFiniteChoice, OutOfMemory):
        assert best == np.inf
        return
    certificate = solution.certificate
    assert certificate.objective_s == pytest.approx(best, rel=1e-9, abs=1e-15)
    assert certificate.objective_s == problem.objective(solution.choice)
    assert certificate.bound_s <= best * (1 + 1e-9) + 1e-15
    assert certificate.gap == 0.0
    assert all(u <= row.limit_bytes for u, row in zip(solution.used_bytes, problem.rows, strict=True))


cases = given(
    seed=st.integers(0, 2**32 - 1),
    nodes=st.integers(1, 7),
    ties=st.booleans(),
    forbidden=st.sampled_from([0.0, 0.1, 0.4]),
    density=st.sampled_from([0.3, 0.6, 1.0]),
)


@settings(max_examples=300, deadline=None)
@cases
def test_equals_brute_force(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    check(random_problem(seed, nodes=nodes, rows=0, ties=ties, forbidden=forbidden, density=density))


@settings(max_examples=300, deadline=None)
@cases
def test_equals_brute_force_inside_memory_rows(seed: int, nodes: int, ties: bool, forbidden: float, density: float):
    check(random_problem(seed, nodes=nodes, rows=1 + seed % 3, ties=ties, forbidden=forbidden, density=density))
